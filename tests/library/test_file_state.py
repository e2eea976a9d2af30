from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.library.file_state import FileState

if TYPE_CHECKING:
    from pathlib import Path

STATE = FileState(device=1, inode=2, size=3, mtime_ns=4)


def test_a_state_is_what_stat_says(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    status = path.stat()
    assert FileState.of(status) == FileState(status.st_dev, status.st_ino, 3, status.st_mtime_ns)


def test_another_inode_size_or_time_is_another_content_but_another_device_number_is_not() -> None:
    assert STATE.is_still(replace(STATE, device=9))
    assert not STATE.is_still(replace(STATE, inode=9))
    assert not STATE.is_still(replace(STATE, size=9))
    assert not STATE.is_still(replace(STATE, mtime_ns=9))


def test_one_file_is_one_inode_on_one_device() -> None:
    assert STATE.shares_with(replace(STATE, size=9, mtime_ns=9))
    assert not STATE.shares_with(replace(STATE, device=9))
