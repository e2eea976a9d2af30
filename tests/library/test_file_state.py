from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.library.file_state import FileState

if TYPE_CHECKING:
    from pathlib import Path

STATE = FileState(device=1, inode=2, size=3, mtime_ns=4, ctime_ns=5)


def test_a_state_is_what_stat_says(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    status = path.stat()
    assert FileState.of(status) == FileState(status.st_dev, status.st_ino, 3, status.st_mtime_ns, status.st_ctime_ns)


@pytest.mark.parametrize("fact", ["device", "inode", "size", "mtime_ns", "ctime_ns"])
def test_a_file_is_surely_what_it_was_where_nothing_about_it_has_changed(fact: str) -> None:
    assert STATE.is_still(replace(STATE))
    assert not STATE.is_still(replace(STATE, **{fact: 9}))


def test_whoever_sets_the_modification_time_back_changes_the_change_time(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    status = path.stat()
    path.write_bytes(b"abd")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    now = FileState.of(path.stat())
    assert now.is_unwritten_since(FileState.of(status))
    assert not now.is_still(FileState.of(status))


def test_a_file_seems_written_to_where_its_number_length_or_time_of_writing_is_another() -> None:
    assert STATE.is_unwritten_since(replace(STATE, device=9, ctime_ns=9))
    for fact in ("inode", "size", "mtime_ns"):
        assert not STATE.is_unwritten_since(replace(STATE, **{fact: 9}))


def test_one_file_is_one_inode_on_one_device() -> None:
    assert STATE.shares_with(replace(STATE, size=9, mtime_ns=9))
    assert not STATE.shares_with(replace(STATE, device=9))
