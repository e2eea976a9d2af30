"""Room on the disk: what is counted, who is counted, and what is taken for unknown."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.messages import Identity
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.errors import DiskFullError
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.space import LEAST_MARGIN_BYTES, MARGIN_SHARE, Space
from tests.storage.doubles import FaultyDisk
from tests.storage.opened import BLOCK, IDENTITY, LENGTH, Opened, leave

if TYPE_CHECKING:
    from pathlib import Path

MARGIN = LEAST_MARGIN_BYTES + LENGTH // MARGIN_SHARE


def begin(destination: Path, disk: FaultyDisk, space: Space | None = None) -> Opened:
    opened = Opened(destination, disk=disk, space=space or Space(disk))
    opened.store.set_identity(IDENTITY)
    return opened


def test_too_little_room_is_told_before_the_first_byte(destination: Path) -> None:
    with pytest.raises(DiskFullError, match=f"{LENGTH + MARGIN - 1:,} are free"):
        begin(destination, FaultyDisk(free=LENGTH + MARGIN - 1))
    begin(destination, FaultyDisk(free=LENGTH + MARGIN))


def test_an_unknown_amount_of_room_is_no_reason_to_refuse(destination: Path) -> None:
    begin(destination, FaultyDisk(free=None))


@pytest.mark.skipif(sys.platform == "win32", reason="there, holes aren't told from what is stored")
def test_what_is_on_the_disk_needs_no_room_whether_it_was_recorded_or_not(destination: Path) -> None:
    leave(destination, Span(0, BLOCK), Span(2 * BLOCK, 3 * BLOCK - 5))  # the second one isn't recorded
    missing = BLOCK + 777 + 5
    begin(destination, FaultyDisk(free=missing + LEAST_MARGIN_BYTES + missing // MARGIN_SHARE))
    with pytest.raises(DiskFullError):
        begin(destination, FaultyDisk(free=missing))


def test_a_file_that_is_here_as_a_whole_needs_no_room_at_all(destination: Path) -> None:
    leave(destination)
    begin(destination, FaultyDisk(free=1))


def test_what_other_downloads_still_need_counts(tmp_path: Path) -> None:
    disk = FaultyDisk(free=2 * LENGTH)
    space = Space(disk)
    first = begin(tmp_path / "a" / "x.bin", disk, space)
    with pytest.raises(DiskFullError, match=f"{LENGTH:,} more by downloads that run already"):
        begin(tmp_path / "b" / "x.bin", disk, space)
    first.store.set_identity(IDENTITY)  # it doesn't stand in its own way
    first.store.sink.write(0, bytes(BLOCK))
    disk.free = 2 * LENGTH - BLOCK
    with pytest.raises(DiskFullError, match=f"{LENGTH - BLOCK:,} more by downloads that run already"):
        begin(tmp_path / "b" / "y.bin", disk, space)
    first.store.close()
    begin(tmp_path / "b" / "z.bin", disk, space)


def test_a_small_file_is_checked_and_counted_for_nobody(tmp_path: Path) -> None:
    disk = FaultyDisk(free=100_000)
    space = Space(disk)
    for number in range(3):
        opened = Opened(tmp_path / f"{number}.bin", disk=disk, space=space)
        opened.store.set_identity(Identity(30_000, Validator()))
    with pytest.raises(DiskFullError):
        Opened(tmp_path / "x.bin", disk=disk, space=space).store.set_identity(Identity(90_000, Validator()))


STATVFS = """
import os, sys
from pathlib import Path
from anymatix_fetcher.storage.os_disk import OsDisk
real = os.statvfs
def statvfs(path):
    if sys.argv[1] == "fails":
        raise OSError(95, "Operation not supported")
    fields = list(real(path))
    fields[int(sys.argv[1])] = 0
    return os.statvfs_result(fields)
os.statvfs = statvfs
print(OsDisk().free_bytes(Path(".")))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no statvfs")
@pytest.mark.parametrize("how", ["fails", "1", "2", "4"], ids=["fails", "f_frsize", "f_blocks", "f_bavail"])
def test_a_file_system_that_cant_say_how_much_is_free_says_so(how: str) -> None:

    out = subprocess.run([sys.executable, "-c", STATVFS, how], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "None"


def test_folders_of_one_disk_are_on_the_same_volume(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert OsDisk().volume(tmp_path) == OsDisk().volume(tmp_path / "a") == tmp_path.stat().st_dev
