"""A disk in memory that loses what a real one may lose: unsynced pages, unsynced names, the tail of what was appended.

What a process sees and what survives a power cut are kept apart. ``kill`` keeps everything that was written;
``power_cut`` draws what had reached the platter: any subset of the unsynced pages, any length between the synced and
the last one, and the first so many of the names that were given since the folder was last synced.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.ports import SHARED_MODE, FileKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    Fault = Callable[[str, Path], None]

PAGE_BYTES = 4096


class PowerGone(BaseException):
    """The process is dead at this very operation; nothing that it does afterwards happens."""


@dataclass(eq=False)
class Inode:
    """A file's content: as processes see it, and what of it is surely on the platter."""

    content: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    dirty_pages: set[int] = field(default_factory=set)

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        stop = offset + len(data)
        if len(self.content) < stop:
            self.content.extend(bytes(stop - len(self.content)))
        self.content[offset:stop] = data
        self.dirty_pages.update(range(offset // PAGE_BYTES, -(-stop // PAGE_BYTES)))

    def sync(self) -> None:
        self.durable = bytes(self.content)
        self.dirty_pages.clear()

    def lose(self, random: Random) -> None:
        """What a power cut leaves."""
        size = random.randint(*sorted((len(self.durable), len(self.content))))
        if random.random() < 0.5:  # mostly the length is either the old or the new one
            size = random.choice((len(self.durable), len(self.content)))
        survived = bytearray(self.durable.ljust(size, b"\0")[:size])
        share = random.choice((0.0, 0.5, 0.9, 1.0))
        for page in sorted(self.dirty_pages):
            if random.random() < share:
                piece = slice(page * PAGE_BYTES, min((page + 1) * PAGE_BYTES, size))
                survived[piece] = self.content[piece]
        self.content = survived
        self.sync()


def no_fault(_operation: str, _path: Path) -> None:
    """Lets everything succeed."""


def nothing_happens(_path: Path, _offset: int, _data: bytes) -> None:
    """Watches nothing."""


class SimulatedDisk:
    """Implements ``Disk``, in memory. Any thread may use it.

    Args:
        on_write: Told of each write when it is done.
    """

    renames_open_files = True

    def __init__(self, on_write: Callable[[Path, int, bytes], None] = nothing_happens) -> None:
        self.on_write = on_write
        self.operations = 0
        self.dies_at: int | None = None
        self.full_at: int | None = None
        self.sync_fails_at: int | None = None
        self.fault: Fault = no_fault
        self.opened: list[SimulatedFile] = []
        self.lock = Lock()
        self._names: dict[Path, Inode] = {}
        self._folders: set[Path] = set()
        self._durable_names: dict[Path, Inode] = {}
        self._unsynced: list[tuple[Path, Inode | None]] = []

    # What tests do ----------------------------------------------------------------------------------------

    def content(self, path: Path) -> bytes | None:
        """What is at ``path``; ``None`` where nothing is."""
        inode = self._names.get(path)
        return None if inode is None else bytes(inode.content)

    def piece(self, path: Path, start: int, stop: int) -> bytes:
        """These bytes of the file at ``path``, as far as they are there."""
        inode = self._names.get(path)
        return b"" if inode is None else bytes(memoryview(inode.content)[start:stop])

    def files(self) -> dict[Path, bytes]:
        """Every file."""
        return {path: bytes(inode.content) for path, inode in self._names.items()}

    def mend(self) -> None:
        """Whatever was to go wrong doesn't any more."""
        self.dies_at = self.full_at = self.sync_fails_at = None
        self.fault = no_fault
        self.opened.clear()

    def power_cut(self, random: Random) -> None:
        """Everything that wasn't synced may be gone."""
        survived = dict(self._durable_names)
        for path, inode in self._unsynced[: random.randint(0, len(self._unsynced))]:
            _name(survived, path, inode)
        for inode in {id(inode): inode for inode in survived.values()}.values():
            inode.lose(random)
        self._names = survived
        self._durable_names = dict(survived)
        self._unsynced.clear()

    def rot(self, path: Path, random: Random, *, start: int = 0) -> None:
        """Flips one bit of the file at or after ``start``, if there is one."""
        inode = self._names.get(path)
        if inode is not None and len(inode.content) > start:
            inode.content[random.randrange(start, len(inode.content))] ^= 1 << random.randrange(8)

    def cut(self, path: Path, share: float) -> None:
        """Somebody cuts the file to a part of its size."""
        inode = self._names.get(path)
        if inode is not None:
            size = int(len(inode.content) * share)
            del inode.content[size:]
            inode.dirty_pages.add(size // PAGE_BYTES)

    # What the files call ----------------------------------------------------------------------------------

    def operate(self) -> None:
        """Counts an operation that changes something; the process may die instead of it."""
        self.operations += 1
        if self.dies_at is not None and self.operations >= self.dies_at:
            raise PowerGone

    @property
    def is_full(self) -> bool:
        """Whether no further byte fits."""
        return self.full_at is not None and self.operations >= self.full_at

    def names_of(self, inode: Inode) -> list[Path]:
        """Every path that names the file."""
        return [path for path, other in self._names.items() if other is inode]

    def _rename(self, path: Path, inode: Inode | None) -> None:
        _name(self._names, path, inode)
        self._unsynced.append((path, inode))

    # Disk -------------------------------------------------------------------------------------------------

    def open(self, path: Path, mode: int = SHARED_MODE) -> SimulatedFile:
        del mode
        self._refuse_folder(path)
        with self.lock:
            inode = self._names.get(path)
            if inode is None:
                self.operate()
                if self.is_full:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
                inode = Inode()
                self._rename(path, inode)
        return SimulatedFile(self, inode, path)

    def open_to_read(self, path: Path) -> SimulatedFile:
        self._refuse_folder(path)
        self.fault("open_to_read", path)
        if path not in self._names:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return SimulatedFile(self, self._names[path], path)

    def _refuse_folder(self, path: Path) -> None:
        if path in self._folders:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))

    def kind(self, path: Path) -> FileKind | None:
        if path in self._folders:
            return FileKind.FOLDER
        return FileKind.FILE if path in self._names else None

    def same_file(self, first: Path, second: Path) -> bool:
        return first in self._names and self._names.get(second) is self._names[first]

    def names(self, folder: Path) -> list[str]:
        return [path.name for path in (*self._names, *self._folders) if path.parent == folder and path != folder]

    def make_folder(self, folder: Path) -> None:
        self._folders.update((folder, *folder.parents))

    def free_bytes(self, folder: Path) -> int | None:
        del folder
        return None

    def volume(self, folder: Path) -> object:
        del folder
        return None

    def move(self, source: Path, destination: Path) -> None:
        if destination in self._names:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(destination))
        self.replace(source, destination)

    def replace(self, source: Path, destination: Path) -> None:
        self.fault("rename", source)
        with self.lock:
            self.operate()
            inode = self._names.get(source)
            if inode is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(source))
            # One entry, so that no power cut falls between the new name and the loss of the old one.
            _name(self._names, source, None)
            _name(self._names, destination, inode)
            self._unsynced += [(destination, inode)]

    def remove(self, path: Path) -> None:
        self.fault("remove", path)
        with self.lock:
            self.operate()
            if path in self._names:
                self._rename(path, None)

    def sync_folder(self, folder: Path) -> None:
        self.fault("sync_folder", folder)
        with self.lock:
            self.operate()
            self._durable_names = dict(self._names)
            self._unsynced.clear()


def _name(names: dict[Path, Inode], path: Path, inode: Inode | None) -> None:
    """Makes ``path`` name ``inode`` alone (a rename takes the old name away), or nothing."""
    for other in [other for other, named in names.items() if named is inode]:
        del names[other]
    names.pop(path, None)
    if inode is not None:
        names[path] = inode


class SimulatedFile:
    """Implements ``RandomFile``."""

    def __init__(self, disk: SimulatedDisk, inode: Inode, path: Path) -> None:
        self._disk = disk
        self._inode: Inode | None = inode
        self._path = path
        disk.opened.append(self)

    def _opened(self) -> Inode:
        if self._inode is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), str(self._path))
        return self._inode

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        inode, disk = self._opened(), self._disk
        with disk.lock:
            disk.operate()
            if disk.is_full:
                inode.write(offset, bytes(data)[: len(data) // 3])  # what still fitted
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            inode.write(offset, data)
        disk.on_write(self._path, offset, bytes(data))

    def read_into(self, offset: int, buffer: bytearray | memoryview) -> int:
        self._disk.fault("read", self._path)
        found = memoryview(self._opened().content)[offset : offset + len(buffer)]
        buffer[: len(found)] = found
        count = len(found)
        found.release()
        return count

    def size(self) -> int:
        return len(self._opened().content)

    def on_disk(self) -> int:
        return 0

    def truncate(self, length: int) -> None:
        inode = self._opened()
        with self._disk.lock:
            self._disk.operate()
            if length < len(inode.content):
                del inode.content[length:]
                inode.dirty_pages.add(length // PAGE_BYTES)
            else:
                inode.content.extend(bytes(length - len(inode.content)))

    def sync(self) -> None:
        inode = self._opened()
        with self._disk.lock:
            self._disk.operate()
            if self._disk.sync_fails_at is not None and self._disk.operations >= self._disk.sync_fails_at:
                self._disk.sync_fails_at = None
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(self._path))
            inode.sync()

    def is_at(self, path: Path) -> bool:
        return path in self._disk.names_of(self._opened())

    def duplicate(self) -> SimulatedFile:
        return SimulatedFile(self._disk, self._opened(), self._path)

    def close(self) -> None:
        self._inode = None
        if self in self._disk.opened:
            self._disk.opened.remove(self)
            self._disk.fault("close", self._path)
