"""What this part of the package needs of the disk; whoever puts the program together hands it in."""

from __future__ import annotations

import secrets
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.core.filenames import PART_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class OpenFile(Protocol):
    """An open regular file."""

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Stores all of ``data`` at ``offset``."""

    def read_into(self, offset: int, buffer: bytearray | memoryview) -> int:
        """Fills ``buffer`` from ``offset`` on; how many bytes that were: fewer only at the end of the file."""

    def size(self) -> int:
        """The file's length in bytes."""

    def sync(self) -> None:
        """Returns when everything written is on the disk itself."""

    def close(self) -> None:
        """Closes the file."""


class Disk(Protocol):
    """The file system, for small files and new names; raises ``OSError``. A part of what downloads need of it."""

    def open(self, path: Path) -> OpenFile:
        """The file at ``path``, for reading and writing; created, empty, where there is none."""

    def open_to_read(self, path: Path) -> OpenFile:
        """The file at ``path``; no symbolic link is followed."""

    def names(self, folder: Path) -> list[str]:
        """The names in ``folder``; none where there is no such folder."""

    def make_folder(self, folder: Path) -> None:
        """Makes sure that the folder is there, its parents too."""

    def move(self, source: Path, destination: Path) -> None:
        """Gives the file its new name in the same folder; ``FileExistsError`` where something has that name."""

    def replace(self, source: Path, destination: Path) -> None:
        """Gives the file its new name in the same folder, in the place of what has that name."""

    def remove(self, path: Path) -> None:
        """Removes the file; nothing happens where there is none."""

    def sync_folder(self, folder: Path) -> None:
        """Returns when the folder's names are on the disk itself, as far as the system offers that."""


class Lock(Protocol):
    """The lock of one destination, which whoever downloads to it holds."""

    def try_acquire(self) -> bool:
        """Takes the lock; false where somebody has it."""

    def release(self) -> None:
        """Frees the lock and removes its file."""


if TYPE_CHECKING:
    LockFactory = Callable[[Path], Lock]
    """The lock of a destination."""


def read_small(disk: Disk, path: Path, most_bytes: int) -> bytes | None:
    """The whole content; ``None`` where the file is larger than ``most_bytes``."""
    with closing(disk.open_to_read(path)) as file:
        size = file.size()
        if size > most_bytes:
            return None
        buffer = bytearray(size)
        return bytes(memoryview(buffer)[: file.read_into(0, buffer)])


def temporary_beside(path: Path) -> Path:
    """A path in the same folder that nothing has; programs that look for models pass over what is called so."""
    return path.with_name(f"anyfetch-{secrets.token_hex(8)}{PART_SUFFIX}")
