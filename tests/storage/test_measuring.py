from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.storage.measuring import PIECE_BYTES, writing_speed

if TYPE_CHECKING:
    from pathlib import Path


class Ticking:
    """A clock on which a second passes whenever somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_the_speed_is_what_was_written_by_the_time_that_it_took(tmp_path: Path) -> None:
    # Looks: the beginning, two that are in time, one that is too late, and the end.
    assert writing_speed(tmp_path, seconds=3, clock=Ticking()) == 2 * PIECE_BYTES / 4


def test_nothing_stays_behind(tmp_path: Path) -> None:
    writing_speed(tmp_path, seconds=2, clock=Ticking())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_nothing_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        writing_speed(tmp_path / "missing", seconds=1, clock=Ticking())
