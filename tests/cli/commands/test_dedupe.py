from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.library.cloning import can_clone
from anymatix_fetcher.library.dedupe import LEAST_BYTES
from tests.verbs.models import content, digest, model

if TYPE_CHECKING:
    from pathlib import Path

Streams = pytest.CaptureFixture[str]
DATA = content(LEAST_BYTES)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return model(tmp_path / "a.pt", DATA), model(tmp_path / "b.pt", DATA)


def test_groups_and_what_is_won_are_told_and_nothing_is_done_unasked(
    tmp_path: Path, capsys: Streams, pair: tuple[Path, Path]
) -> None:
    assert main(["dedupe", "--dry-run", "--hard-links", "--models", str(tmp_path)]) == 0
    assert capsys.readouterr() == (
        f"1.05 MB  {pair[0]}\n         = {pair[1]}\n\n1 duplicate, 1.05 MB to be won\n",
        "",
    )
    assert main(["dedupe", "--hard-links", "--models", str(tmp_path)]) == 2
    assert not pair[0].samefile(pair[1])


def test_files_share_their_space_where_that_is_asked_for(
    tmp_path: Path, capsys: Streams, pair: tuple[Path, Path]
) -> None:
    assert main(["dedupe", "--yes", "--hard-links", "--models", str(tmp_path)]) == 0
    assert capsys.readouterr().err == "1 file linked; 1.05 MB freed.\n"
    assert pair[1].read_bytes() == DATA


def test_without_reflinks_it_is_said_what_would_do(tmp_path: Path, capsys: Streams, pair: tuple[Path, Path]) -> None:
    for arguments, expected in (["--yes"], 7), (["--dry-run"], 0), ([], 7):
        if can_clone(tmp_path):
            continue
        code = main(["dedupe", *arguments, "--models", str(tmp_path)])
        out, err = capsys.readouterr()
        assert (code, "--hard-links" in err, "to be won" in out, "confirmation needs a terminal" in err) == (
            expected,
            True,
            False,
            False,
        )
    assert not pair[0].samefile(pair[1])


def test_programs_get_an_object_for_each_group(tmp_path: Path, capsys: Streams, pair: tuple[Path, Path]) -> None:
    arguments = ["dedupe", "--json", "--hard-links", "--models", str(tmp_path)]
    assert main([*arguments, "--dry-run"]) == 0
    assert main([*arguments, "--yes"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "digest": str(digest(DATA)),
        "size": LEAST_BYTES,
        "keep": str(pair[0]),
        "others": [str(pair[1])],
        "linked": [],
        "bytes_won": LEAST_BYTES,
    }
    assert second == {**first, "linked": [str(pair[1])]}


def test_where_nothing_is_twice_that_is_said(tmp_path: Path, capsys: Streams) -> None:
    model(tmp_path / "a.pt", DATA)
    assert main(["dedupe", "--models", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("There are no duplicates.\n", "")
