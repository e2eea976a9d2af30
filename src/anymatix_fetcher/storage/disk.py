"""The seam to the disk.

A :class:`Disk` raises ``OSError`` as the system does (and ``StorageError`` for files that we refuse to touch), so that
a simulated one can fail in every way that a real one fails. ``core.disk_errors`` makes ours of them.
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
    """Fills ``buffer``; false where the file ends before."""
    return file.read_into(offset, buffer) == len(buffer)


def read_all(file: RandomFile) -> bytes:
    """The whole content, of a file that is known to be small."""
    return read_first(file, file.size())


def read_first(file: RandomFile, size: int) -> bytes:
    """The first ``size`` bytes, or as many as there are."""
    buffer = bytearray(size)
    return bytes(memoryview(buffer)[: file.read_into(0, buffer)])


@contextmanager
def opened_to_read(disk: Disk, path: Path) -> Iterator[RandomFile]:
    """The file at ``path``, closed at the end of the block."""
    file = disk.open_to_read(path)
    try:
        yield file
    finally:
        with suppress(OSError):  # what closing tells is about writing, and nothing was written
            file.close()


def is_held(error: OSError) -> bool:
    """Whether trying again later may help: another program (a scanner, an indexer) has the file open."""
    return error.errno in _HELD or (os.name == "nt" and error.errno in _HELD_ON_WINDOWS)
