from __future__ import annotations

import pytest

from anymatix_fetcher.cli.display.blockmap import Cell
from anymatix_fetcher.cli.display.glyphs import ASCII, BLOCKS, Glyphs, glyphs_for


@pytest.mark.parametrize(
    ("encoding", "environment", "platform", "expected"),
    [
        ("utf-8", {"LANG": "en_US.UTF-8"}, "linux", BLOCKS),
        ("utf-8", {"LANG": "C"}, "linux", ASCII),
        ("utf-8", {"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "linux", ASCII),
        ("utf-8", {"LANG": "C", "LC_CTYPE": "de_DE.utf8"}, "linux", BLOCKS),
        ("utf-8", {"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "linux", ASCII),
        ("utf-8", {"LC_CTYPE": "UTF-8"}, "darwin", BLOCKS),
        ("utf-8", {}, "linux", ASCII),
        ("utf-8", {}, "win32", BLOCKS),
        ("cp1252", {}, "win32", ASCII),
        ("iso-8859-1", {"LANG": "en_US.UTF-8"}, "linux", ASCII),
        (None, {"LANG": "en_US.UTF-8"}, "linux", ASCII),
        ("nonsense", {"LANG": "en_US.UTF-8"}, "linux", ASCII),
    ],
)
def test_blocks_are_drawn_only_where_encoding_and_locale_say_so(
    encoding: str | None, environment: dict[str, str], platform: str, expected: Glyphs
) -> None:
    assert glyphs_for(encoding, environment, platform) is expected


@pytest.mark.parametrize("glyphs", [BLOCKS, ASCII])
def test_cells_are_told_apart_without_colour_and_take_one_column(glyphs: Glyphs) -> None:
    assert set(glyphs.cells) == set(Cell)
    assert len(set(glyphs.cells.values())) == len(Cell)
    assert {len(character) for character in glyphs.cells.values()} == {1}


def test_the_ascii_alphabet_is_ascii() -> None:
    everything = "".join([ASCII.bar_done, ASCII.bar_rest, ASCII.ellipsis, *ASCII.cells.values(), ASCII.text("模型")])
    assert everything.isascii()
