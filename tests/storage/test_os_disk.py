from __future__ import annotations

import errno
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.disk_errors import storage_error, storage_errors
from anymatix_fetcher.errors import DiskFullError, StorageError
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.renaming import rename_new
from tests.contracts.disk import DiskContract, PosixDiskContract
from tests.storage.doubles import FaultyDisk

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.ports import Disk

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
    @pytest.fixture(params=[errno.EPERM, errno.EXDEV, errno.EINVAL, errno.ENOSYS], ids=lambda n: errno.errorcode[n])
    def disk(self, request: pytest.FixtureRequest) -> Disk:
        def refuse(_source: Path, _destination: Path) -> None:
            raise OSError(request.param, os.strerror(request.param))

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


def test_of_several_files_the_one_is_named_that_is_in_the_way(tmp_path: Path) -> None:
    journal = tmp_path / "x.part.journal"
    journal.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="journal is a symbolic link"), storage_errors(tmp_path / "x.part"):
        OsDisk().open(journal)


def test_a_part_file_is_sparse(tmp_path: Path) -> None:
    file = OsDisk().open(tmp_path / "a")
    file.truncate(1 << 30)
    file.write_at(1 << 29, b"x")
    file.close()
    assert (tmp_path / "a").stat().st_size == 1 << 30
    assert sys.platform == "win32" or (tmp_path / "a").stat().st_blocks * 512 < 1 << 24


@pytest.mark.skipif(sys.platform not in {"linux", "darwin"}, reason="there, it isn't one step")
def test_of_many_who_rename_to_one_name_without_links_one_wins_and_keeps_it(tmp_path: Path) -> None:
    destination = tmp_path / "x"
    for turn in range(30):
        sources = [tmp_path / f"{turn}-{number}" for number in range(8)]
        for source in sources:
            source.write_text(source.name)
        begin = threading.Barrier(len(sources))
        winners: list[str] = []

        def race(source: Path, begin: threading.Barrier = begin, winners: list[str] = winners) -> None:
            begin.wait()
            with suppress(FileExistsError):
                rename_new(source, destination)
                winners.append(source.name)

        threads = [threading.Thread(target=race, args=(source,)) for source in sources]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert winners == [destination.read_text()]
        destination.unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="there, files are renamed without links")
def test_an_old_name_that_cant_be_removed_takes_nothing_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a").write_bytes(b"abc")

    def link(source: Path, destination: Path) -> None:
        os.link(source, destination)
        source.unlink()
        source.mkdir()  # so that it can't be unlinked

    OsDisk(link=link).move(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"abc"
    assert "second name" in caplog.text
