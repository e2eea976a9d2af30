from __future__ import annotations

import mmap
import sys
from pathlib import Path

import pytest

from benchmarks.memory import at_hand

SIZE = 64_000_000


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
def test_a_page_of_each_stretch_stays_in_use_so_that_what_is_free_between_stays_too() -> None:
    before = _resident_bytes()
    with at_hand(SIZE):
        kept = _resident_bytes() - before
        assert SIZE / 64 * 0.5 < kept < SIZE / 64 * 3  # Linux counts by dozens of pages
    assert _resident_bytes() - before < SIZE / 64 * 0.5


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
def test_nothing_is_a_size_too() -> None:
    before = _resident_bytes()
    with at_hand(0):
        assert _resident_bytes() - before < SIZE / 64 * 0.5
