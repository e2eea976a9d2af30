"""The disk operations that the library needs; the composition root passes an implementation."""

from __future__ import annotations

import secrets
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import PART_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk, Lock

    LockFactory = Callable[[Path], Lock]
    """The lock of a destination."""


def read_small(disk: Disk, path: Path, most_bytes: int) -> bytes | None:
    """The whole content; ``None`` if the file is larger than ``most_bytes``."""
    with closing(disk.open_to_read(path)) as file:
        size = file.size()
        if size > most_bytes:
            return None
        buffer = bytearray(size)
        return bytes(memoryview(buffer)[: file.read_into(0, buffer)])


def temporary_beside(path: Path) -> Path:
    """An unused path in the same folder, with a name that programs searching for models ignore."""
    return path.with_name(f"anyfetch-{secrets.token_hex(8)}{PART_SUFFIX}")


def replace_whole(disk: Disk, path: Path, data: bytes) -> None:
    """Replaces the content of ``path`` by ``data`` atomically.

    Raises:
        OSError: It can't be written.
    """
    temporary = temporary_beside(path)
    try:
        with closing(disk.open(temporary)) as file:
            file.write_at(0, data)
            file.sync()
        disk.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            disk.remove(temporary)
        raise
    disk.sync_folder(path.parent)
