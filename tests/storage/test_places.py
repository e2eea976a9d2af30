"""What lies beside a destination."""

from __future__ import annotations

from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, cast

import pytest

from anymatix_fetcher.storage.places import Places, is_shortened, name_limit, working_name

if TYPE_CHECKING:
    from pathlib import Path


def test_names_that_windows_takes_for_equal_keep_their_own_case() -> None:
    upper, lower = (cast("Path", PureWindowsPath(name)) for name in ("C:/models/A.bin", "C:/models/a.bin"))
    assert upper == lower
    assert [Places.of(path).part.name for path in (upper, lower)] == ["A.bin.part", "a.bin.part"]
    assert [str(Places.of(path).destination) for path in (upper, lower)] == [str(upper), str(lower)]


@pytest.mark.parametrize("limit", [143, 255])
@pytest.mark.parametrize("letter", ["a", "\u00fc", "\u65e5"])
def test_names_that_fit_with_no_suffix_have_shorter_ones_beside_them(limit: int, letter: str) -> None:
    count = (limit - 5) // len(letter.encode())
    name = f"{letter * count}.gguf"
    made = working_name(name, lambda: limit)
    assert len(f"{made}.part.journal".encode()) <= limit
    assert made.startswith(letter * 20)
    assert is_shortened(made)
    assert made == working_name(name, lambda: limit), "the next run finds it again"
    assert made != working_name(f"{letter * (count - 1)}b.gguf", lambda: limit)


def test_names_that_fit_stay_as_they_are_and_the_folder_is_asked_only_where_it_matters() -> None:
    def asked() -> int:
        raise AssertionError

    assert working_name("x" * 130, asked) == "x" * 130
    assert working_name("x" * 242, lambda: 255) == "x" * 242
    assert working_name("x" * 256, lambda: 255) == "x" * 256, "it is too long by itself"
    assert not is_shortened("x" * 242)
    assert not is_shortened("model~1.gguf")


def test_a_folder_says_how_long_names_may_be_before_it_is_there(tmp_path: Path) -> None:
    limit = name_limit(tmp_path / "not" / "there")
    assert limit == name_limit(tmp_path) >= 143
    (tmp_path / ("x" * limit)).touch()
    with pytest.raises(OSError, match=r"."):
        (tmp_path / ("x" * (limit + 1))).touch()
