from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.checking import CHECKERS, by_hashlib, fastest_checker

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="runs coreutils, as the benchmarks do")


def test_all_checkers_say_the_same_in_the_files_order_even_of_awkward_names(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("b", "a b", "a\\b")]
    for number, path in enumerate(files):
        path.write_bytes(bytes([number]) * 1000)
    expected = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    assert {name: check(files) for name, check in CHECKERS.items()} == dict.fromkeys(CHECKERS, expected)


def test_the_fastest_checker_is_the_one_that_took_the_least_time(tmp_path: Path) -> None:
    sample = tmp_path / "sample"
    sample.write_bytes(bytes(100_000))
    name, seconds = fastest_checker(sample)
    assert seconds[name] == min(seconds.values())
    assert by_hashlib([sample]) == [hashlib.sha256(bytes(100_000)).hexdigest()]
