"""What adapters fulfil: the disk, locks, hashers. Paths are named here, and nothing is done with them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


SHARED_MODE = 0o666
"""Who may use a file is the process's umask to say, as for any new file."""


class FileKind(Enum):
    """What lies at a path; links aren't followed."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "symbolic link"
    OTHER = "special file"


class RandomFile(Protocol):
    """An open regular file; any thread may use it, at any offset."""

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Stores all of ``data`` at ``offset``; a hole before it reads as zeroes."""

    def read_into(self, offset: int, buffer: bytearray | memoryview) -> int:
        """Fills ``buffer`` from ``offset`` on; how many bytes that were: fewer only at the end of the file."""

    def size(self) -> int:
        """The file's length in bytes."""

    def on_disk(self) -> int:
        """How many bytes it takes on the disk, holes not counted; 0 where that isn't known."""

    def truncate(self, length: int) -> None:
        """Cuts the file, or lengthens it by a hole."""

    def sync(self) -> None:
        """Returns when everything written is on the disk itself. After it has failed, nothing is known to be."""

    def is_at(self, path: Path) -> bool:
        """Whether ``path`` names this very file: neither another one nor a link to it."""

    def duplicate(self) -> RandomFile:
        """The same file, opened once more: it stays so while this one is closed."""

    def close(self) -> None:
        """Closes the file, and tells of writes that failed late; a second call does nothing."""


class Disk(Protocol):
    """The file system, as far as downloads need it. No path is followed through a symbolic link at its last name.

    Attributes:
        renames_open_files: Whether a file may get another name while it is open.
    """

    renames_open_files: bool

    def open(self, path: Path, mode: int = SHARED_MODE) -> RandomFile:
        """The file at ``path``, for reading and writing; created, empty, where there is none.

        Raises:
            StorageError: It is a link, a folder, a special file, or has a second name.
        """

    def open_to_read(self, path: Path) -> RandomFile:
        """The file at ``path``; refuses what :meth:`open` refuses, but for files with a second name."""

    def kind(self, path: Path) -> FileKind | None:
        """What lies at ``path``; ``None`` where nothing does."""

    def same_file(self, first: Path, second: Path) -> bool:
        """Whether both paths name one file."""

    def names(self, folder: Path) -> list[str]:
        """The names in ``folder``; none where there is no such folder, or it may not be looked through."""

    def make_folder(self, folder: Path) -> None:
        """Makes sure that the folder is there, its parents too."""

    def free_bytes(self, folder: Path) -> int | None:
        """How much this user may still write there; ``None`` where the file system doesn't say, or says nothing."""

    def volume(self, folder: Path) -> object:
        """What is the same for folders on the same disk, and for no others."""

    def move(self, source: Path, destination: Path) -> None:
        """Gives the file its new name in the same folder; ``FileExistsError`` where something has that name."""

    def replace(self, source: Path, destination: Path) -> None:
        """Gives the file its new name in the same folder, in the place of what has that name."""

    def remove(self, path: Path) -> None:
        """Removes the file; nothing happens where there is none."""

    def sync_folder(self, folder: Path) -> None:
        """Returns when the folder's names are on the disk itself, as far as the system offers that."""


class Lock(Protocol):
    """One writer's claim to a destination."""

    def try_acquire(self) -> bool:
        """Takes the lock; false if another holder has it."""

    def is_held(self) -> bool:
        """Whether it is still held: another process may have removed its file and taken a new one."""

    def show_life(self) -> None:
        """Leaves a sign that its holder lives; never fails."""

    def signs_of_life(self) -> object:
        """What changes while another holder lives and works, to be compared with what it was before; never fails."""

    def release(self) -> None:
        """Frees the lock; where it isn't held, nothing happens."""


class Hasher(Protocol):
    """What all hash algorithms have in common."""

    def update(self, data: memoryview, /) -> object:
        """Goes over more bytes."""

    def hexdigest(self) -> str:
        """The digest in lower-case hex."""
