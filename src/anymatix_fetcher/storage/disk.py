"""Reading through the :class:`Disk` port, and the errors of files that are in use.

A :class:`Disk` raises ``OSError`` as the system does, and ``StorageError`` for files that must not be touched, so that
a simulated disk can fail like a real one. ``core.values.disk_errors`` converts them.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk, RandomFile

PRIVATE_MODE = 0o600

_HELD = {errno.EBUSY, errno.ETXTBSY}
_HELD_ON_WINDOWS = {errno.EACCES, errno.EPERM}


def read_exactly(file: RandomFile, offset: int, buffer: memoryview) -> bool:
    """Fills ``buffer``; false if the file ends before."""
    return file.read_into(offset, buffer) == len(buffer)


def read_all(file: RandomFile) -> bytes:
    """The content of a small file."""
    return read_first(file, file.size())


def read_first(file: RandomFile, size: int) -> bytes:
    """The first ``size`` bytes, or fewer if the file is shorter."""
    buffer = bytearray(size)
    return bytes(memoryview(buffer)[: file.read_into(0, buffer)])


@contextmanager
def opened_to_read(disk: Disk, path: Path) -> Iterator[RandomFile]:
    """Opens the file at ``path``, and closes it at the end of the block."""
    file = disk.open_to_read(path)
    try:
        yield file
    finally:
        with suppress(OSError):  # errors of closing concern writes, and nothing was written
            file.close()


def is_held(error: OSError) -> bool:
    """Whether a retry may help because another program, such as a virus scanner, has the file open."""
    return error.errno in _HELD or (os.name == "nt" and error.errno in _HELD_ON_WINDOWS)
