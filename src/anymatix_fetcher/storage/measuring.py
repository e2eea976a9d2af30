"""Measures the write throughput of a folder's disk with a temporary file."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from anymatix_fetcher.storage.os_disk import OsDisk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITTEN_BYTES = 512 << 20
"""The limit on the bytes written, large enough to exceed a disk's own cache."""
PIECE_BYTES = 4 << 20
SPARE_SHARE = 4
"""At most this fraction (one in ...) of the free space is used."""


def writing_speed(folder: Path, *, seconds: float, clock: Callable[[], float]) -> float:
    """The write throughput of the disk of ``folder`` in bytes per second, including syncing.

    Args:
        folder: An existing folder.
        seconds: The time after which no further piece is written.
        clock: The monotonic time in seconds.

    Raises:
        OSError: The folder isn't writable.
    """
    free = OsDisk().free_bytes(folder)
    most = WRITTEN_BYTES if free is None else min(WRITTEN_BYTES, max(PIECE_BYTES, free // SPARE_SHARE))
    piece = os.urandom(PIECE_BYTES)  # incompressible, as some file systems compress
    written = 0
    with tempfile.TemporaryFile(dir=folder, prefix=".anyfetch-bench-", buffering=0) as file:
        began = clock()
        while written < most and clock() - began < seconds:
            written += file.write(piece)
            # Syncs in between, because otherwise a large page cache would absorb everything.
            if written % (16 * PIECE_BYTES) == 0:
                os.fsync(file.fileno())
        os.fsync(file.fileno())
        return written / max(clock() - began, 1e-9)
