"""What every ``Disk`` must do: subclass ``DiskContract`` in a test module and give it a ``disk`` fixture."""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.ports import Disk, FileKind, RandomFile
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.disk import read_all, read_exactly

if TYPE_CHECKING:
    from pathlib import Path


class DiskContract:
    """The suite; ``folder`` is an existing empty folder of the disk."""

    @pytest.fixture
    def disk(self) -> Disk:
        raise NotImplementedError

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path

    def content(self, disk: Disk, path: Path) -> bytes:
        file = disk.open_to_read(path)
        try:
            return read_all(file)
        finally:
            file.close()

    def make(self, disk: Disk, path: Path, data: bytes) -> RandomFile:
        file = disk.open(path)
        file.write_at(0, data)
        return file

    def test_bytes_are_read_where_they_were_written(self, disk: Disk, folder: Path) -> None:
        file = disk.open(folder / "a")
        file.write_at(5, b"world")
        file.write_at(0, memoryview(b"hello"))
        file.write_at(12, bytearray(b"!"))
        buffer = bytearray(4)
        assert file.read_into(3, buffer) == 4
        assert bytes(buffer) == b"lowo"
        assert file.size() == 13
        assert read_all(file) == b"helloworld\0\0!"
        file.close()

    def test_reading_stops_at_the_end_of_the_file(self, disk: Disk, folder: Path) -> None:
        file = self.make(disk, folder / "a", b"abc")
        buffer = memoryview(bytearray(5))
        assert file.read_into(1, buffer) == 2
        assert bytes(buffer[:2]) == b"bc"
        assert file.read_into(3, buffer) == 0
        assert not read_exactly(file, 0, buffer)
        assert read_exactly(file, 0, buffer[:3])
        file.close()

    def test_a_file_is_cut_and_lengthened_by_zeroes(self, disk: Disk, folder: Path) -> None:
        file = self.make(disk, folder / "a", b"abcdef")
        file.truncate(2)
        file.truncate(4)
        file.sync()
        assert read_all(file) == b"ab\0\0"
        file.close()

    def test_opening_again_finds_what_was_written(self, disk: Disk, folder: Path) -> None:
        self.make(disk, folder / "a", b"abc").close()
        file = disk.open(folder / "a")
        file.write_at(1, b"X")
        file.close()
        assert self.content(disk, folder / "a") == b"aXc"

    def test_threads_write_and_read_one_file_at_once(self, disk: Disk, folder: Path) -> None:
        file = disk.open(folder / "a")
        wrong: list[int] = []

        def work(number: int) -> None:
            for turn in range(50):
                offset = (turn * 4 + number) * 1000
                file.write_at(offset, bytes([number + 1]) * 1000)
                buffer = bytearray(1000)
                file.read_into(offset, buffer)
                if bytes(buffer) != bytes([number + 1]) * 1000:
                    wrong.append(offset)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert read_all(file) == b"".join(bytes([number + 1]) * 1000 for _ in range(50) for number in range(4))
        file.close()

    def test_a_closed_file_takes_and_gives_nothing(self, disk: Disk, folder: Path) -> None:
        file = self.make(disk, folder / "a", b"abc")
        file.close()
        file.close()
        with pytest.raises(OSError, match=r".") as caught:
            file.write_at(0, b"X")
        assert caught.value.errno == errno.EBADF
        with pytest.raises(OSError, match=r".") as caught:
            file.read_into(0, bytearray(1))
        assert caught.value.errno == errno.EBADF
        assert self.content(disk, folder / "a") == b"abc"

    def test_reading_what_is_not_there_says_so(self, disk: Disk, folder: Path) -> None:
        with pytest.raises(FileNotFoundError):
            disk.open_to_read(folder / "a")
        assert disk.kind(folder / "a") is None
        assert disk.names(folder / "missing") == []
        assert not disk.same_file(folder / "a", folder / "a")
        disk.remove(folder / "a")

    def test_kinds_and_names(self, disk: Disk, folder: Path) -> None:
        self.make(disk, folder / "a", b"").close()
        disk.make_folder(folder / "b" / "c")
        disk.make_folder(folder / "b" / "c")
        assert disk.kind(folder / "a") is FileKind.FILE
        assert disk.kind(folder / "b") is FileKind.FOLDER
        assert sorted(disk.names(folder)) == ["a", "b"]

    def test_an_open_file_knows_whether_a_path_is_its_own(self, disk: Disk, folder: Path) -> None:
        file = self.make(disk, folder / "a", b"mine")
        assert file.is_at(folder / "a")
        disk.remove(folder / "a")
        assert not file.is_at(folder / "a")
        self.make(disk, folder / "a", b"other").close()
        assert not file.is_at(folder / "a")
        file.close()

    def test_moving_gives_the_file_its_new_name(self, disk: Disk, folder: Path) -> None:
        self.make(disk, folder / "a", b"abc").close()
        disk.move(folder / "a", folder / "b")
        disk.sync_folder(folder)
        assert disk.names(folder) == ["b"]
        assert self.content(disk, folder / "b") == b"abc"

    def test_moving_never_replaces(self, disk: Disk, folder: Path) -> None:
        self.make(disk, folder / "a", b"new").close()
        self.make(disk, folder / "b", b"old").close()
        with pytest.raises(FileExistsError):
            disk.move(folder / "a", folder / "b")
        assert self.content(disk, folder / "a") == b"new"
        assert self.content(disk, folder / "b") == b"old"

    def test_replacing_does(self, disk: Disk, folder: Path) -> None:
        self.make(disk, folder / "a", b"new").close()
        self.make(disk, folder / "b", b"old").close()
        disk.replace(folder / "a", folder / "b")
        assert disk.names(folder) == ["b"]
        assert self.content(disk, folder / "b") == b"new"

    def test_folders_are_refused(self, disk: Disk, folder: Path) -> None:
        disk.make_folder(folder / "b")
        with pytest.raises((OSError, StorageError)):
            disk.open(folder / "b")

    def test_free_space_is_told_or_admitted_to_be_unknown(self, disk: Disk, folder: Path) -> None:
        free = disk.free_bytes(folder)
        assert free is None or free >= 0


class PosixDiskContract(DiskContract):
    """What a disk must do besides, where the system has links and modes."""

    def test_links_are_refused_and_their_target_untouched(self, disk: Disk, folder: Path) -> None:
        (folder / "victim").write_bytes(b"precious")
        (folder / "link").symlink_to(folder / "victim")
        assert disk.kind(folder / "link") is FileKind.LINK
        for opening in (disk.open, disk.open_to_read):
            with pytest.raises(OSError, match=r".") as caught:
                opening(folder / "link")
            assert caught.value.errno == errno.ELOOP
        assert (folder / "victim").read_bytes() == b"precious"

    def test_a_dangling_link_creates_nothing(self, disk: Disk, folder: Path) -> None:
        (folder / "link").symlink_to(folder / "elsewhere")
        with pytest.raises(OSError, match=r"."):
            disk.open(folder / "link")
        assert not (folder / "elsewhere").exists()

    def test_a_second_name_of_a_file_is_refused(self, disk: Disk, folder: Path) -> None:
        (folder / "victim").write_bytes(b"precious")
        (folder / "a").hardlink_to(folder / "victim")
        assert disk.same_file(folder / "victim", folder / "a")
        with pytest.raises(StorageError, match="hard link"):
            disk.open(folder / "a")
        assert self.content(disk, folder / "a") == b"precious"

    def test_a_fifo_is_refused_without_waiting_for_its_other_end(self, disk: Disk, folder: Path) -> None:
        os.mkfifo(folder / "fifo")
        assert disk.kind(folder / "fifo") is FileKind.OTHER
        with pytest.raises(StorageError, match="regular"):
            disk.open(folder / "fifo")

    def test_files_have_the_mode_that_the_umask_leaves(self, disk: Disk, folder: Path) -> None:
        previous = os.umask(0o027)
        try:
            disk.open(folder / "shared").close()
            disk.open(folder / "private", 0o600).close()
        finally:
            os.umask(previous)
        assert (folder / "shared").stat().st_mode & 0o777 == 0o640
        assert (folder / "private").stat().st_mode & 0o777 == 0o600
