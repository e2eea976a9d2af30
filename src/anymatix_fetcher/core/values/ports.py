"""The ports that adapters implement: disk, locks, hashers. Paths are passed, but not accessed here."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


SHARED_MODE = 0o666
"""The mode of new files, which the process's umask restricts."""


class FileKind(Enum):
    """The kind of file at a path; links aren't followed."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "symbolic link"
    OTHER = "special file"


class RandomFile(Protocol):
    """An open regular file; any thread may use it, at any offset."""

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Writes all of ``data`` at ``offset``; a hole before it reads as zeroes."""

    def read_into(self, offset: int, buffer: bytearray | memoryview) -> int:
        """Fills ``buffer`` from ``offset``; returns the number of bytes, which is smaller only at the file's end."""

    def size(self) -> int:
        """The file's size in bytes."""

    def on_disk(self) -> int:
        """The disk space of the file in bytes, without holes; 0 if unknown."""

    def truncate(self, length: int) -> None:
        """Cuts the file, or extends it by a hole."""

    def sync(self) -> None:
        """Returns when everything written is on the disk. After a failure, the content of the disk is unknown."""

    def is_at(self, path: Path) -> bool:
        """Whether ``path`` is this file, and neither another one nor a link to it."""

    def duplicate(self) -> RandomFile:
        """The same file, opened once more, which stays open when this one is closed."""

    def close(self) -> None:
        """Closes the file, and reports writes that failed late. Idempotent."""


class Disk(Protocol):
    """The file system operations of downloads. A symbolic link as the last component of a path isn't followed.

    Attributes:
        renames_open_files: Whether an open file can be renamed.
    """

    renames_open_files: bool

    def open(self, path: Path, mode: int = SHARED_MODE) -> RandomFile:
        """Opens the file at ``path`` for reading and writing; creates it if necessary.

        Raises:
            StorageError: It is a link, a folder, a special file, or has several hard links.
        """

    def open_to_read(self, path: Path) -> RandomFile:
        """Opens the file at ``path``; refuses what :meth:`open` refuses, except files with several hard links."""

    def kind(self, path: Path) -> FileKind | None:
        """The kind of file at ``path``; ``None`` if there is none."""

    def same_file(self, first: Path, second: Path) -> bool:
        """Whether both paths are the same file."""

    def names(self, folder: Path) -> list[str]:
        """The names in ``folder``; none if it doesn't exist or can't be listed."""

    def make_folder(self, folder: Path) -> None:
        """Creates the folder and its parents if necessary."""

    def free_bytes(self, folder: Path) -> int | None:
        """The free space for this user in bytes; ``None`` if the file system reports nothing, or zero."""

    def volume(self, folder: Path) -> object:
        """A value that is equal for folders in the same file system only."""

    def move(self, source: Path, destination: Path) -> None:
        """Renames the file within its folder; raises ``FileExistsError`` if the destination exists."""

    def replace(self, source: Path, destination: Path) -> None:
        """Renames the file within its folder, replacing the destination."""

    def remove(self, path: Path) -> None:
        """Removes the file, if it exists."""

    def sync_folder(self, folder: Path) -> None:
        """Returns when the folder's names are on the disk, as far as the system supports that."""


class Lock(Protocol):
    """The lock on a destination, for one writer."""

    def try_acquire(self) -> bool:
        """Takes the lock; false if another holder has it."""

    def is_held(self) -> bool:
        """Whether it is still held. Another process may have removed its file and created a new one."""

    def show_life(self) -> None:
        """Leaves a sign of life of the holder; never fails."""

    def signs_of_life(self) -> object:
        """A value that changes while another holder is alive and works; never fails."""

    def release(self) -> None:
        """Releases the lock; does nothing if it isn't held."""


class Hasher(Protocol):
    """The interface of hash algorithms."""

    def update(self, data: memoryview, /) -> object:
        """Hashes more bytes."""

    def hexdigest(self) -> str:
        """The digest in lower-case hex."""
