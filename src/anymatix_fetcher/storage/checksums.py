"""Checksums of bytes on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xxhash import xxh3_64

from anymatix_fetcher.storage.disk import read_exactly

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.ports import RandomFile

READ_BYTES = 1 << 20
"""The size of the buffers for reading blocks back."""


def checksum_of(file: RandomFile, start: int, stop: int) -> int | None:
    """The xxh3_64 of ``[start, stop)`` of the file; ``None`` if the file is shorter.

    Raises:
        OSError: The file can't be read.
    """
    hasher = xxh3_64()
    buffer = memoryview(bytearray(min(READ_BYTES, stop - start)))
    for offset in range(start, stop, READ_BYTES):
        piece = buffer[: min(READ_BYTES, stop - offset)]
        if not read_exactly(file, offset, piece):
            return None
        hasher.update(piece)
    return hasher.intdigest()
