from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.disk_errors import storage_error, storage_errors
from anymatix_fetcher.errors import DiskFullError, StorageError
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.contracts.disk import DiskContract, PosixDiskContract
from tests.storage.doubles import FaultyDisk

if TYPE_CHECKING:
    from anymatix_fetcher.storage.disk import Disk

Contract = DiskContract if sys.platform == "win32" else PosixDiskContract


class TestOsDisk(Contract):  # type: ignore[misc,valid-type] # which contract depends on the system
    @pytest.fixture
    def disk(self) -> Disk:
        return OsDisk()


class TestOsDiskWithoutPositionedCalls(Contract):  # type: ignore[misc,valid-type] # as above
    @pytest.fixture
    def disk(self) -> Disk:
        return OsDisk(positioned=False)


class TestOsDiskWithoutHardLinks(Contract):  # type: ignore[misc,valid-type] # as above
    @pytest.fixture
    def disk(self) -> Disk:
        def refuse(_source: Path, _destination: Path) -> None:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

        return OsDisk(link=refuse)


class TestFaultyDiskWithoutFaults(Contract):  # type: ignore[misc,valid-type] # as above
    @pytest.fixture
    def disk(self) -> Disk:
        return FaultyDisk()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_apart_with_what_to_do(number: int) -> None:
    error = storage_error(OSError(number, os.strerror(number)), Path("/models/x"))
    assert isinstance(error, DiskFullError)
    assert "/models/x" in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ELOOP, "is a symbolic link"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.EROFS, "can't be written"),
        (errno.EACCES, "can't be written"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_other_errors_of_the_system_become_storage_errors_that_name_the_path(number: int, words: str) -> None:
    with pytest.raises(StorageError, match=words) as caught, storage_errors(Path("/models/x")):
        raise OSError(number, os.strerror(number))
    assert not isinstance(caught.value, DiskFullError)
    assert "/models/x" in caught.value.message


def test_a_part_file_is_sparse(tmp_path: Path) -> None:
    file = OsDisk().open(tmp_path / "a")
    file.truncate(1 << 30)
    file.write_at(1 << 29, b"x")
    file.close()
    assert (tmp_path / "a").stat().st_size == 1 << 30
    assert sys.platform == "win32" or (tmp_path / "a").stat().st_blocks * 512 < 1 << 24
