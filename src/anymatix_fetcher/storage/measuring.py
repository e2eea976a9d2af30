"""How fast a folder's disk takes bytes, measured by writing some and syncing them; nothing stays behind."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from anymatix_fetcher.storage.os_disk import OsDisk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITTEN_BYTES = 512 << 20
"""At most so much is written: enough to get beyond what a disk's own cache swallows."""
PIECE_BYTES = 4 << 20
SPARE_SHARE = 4
"""Of the free space, at most one part in so many is used."""


def writing_speed(folder: Path, *, seconds: float, clock: Callable[[], float]) -> float:
    """Bytes a second that the disk of ``folder`` takes, syncing included.

    Args:
        folder: Where to write; it must exist.
        seconds: No new piece is begun after so long.
        clock: Seconds, never going back.

    Raises:
        OSError: It can't be written there.
    """
    free = OsDisk().free_bytes(folder)
    most = WRITTEN_BYTES if free is None else min(WRITTEN_BYTES, max(PIECE_BYTES, free // SPARE_SHARE))
    piece = os.urandom(PIECE_BYTES)  # file systems that compress would flatter themselves
    written = 0
    with tempfile.TemporaryFile(dir=folder, prefix=".anyfetch-bench-", buffering=0) as file:
        began = clock()
        while written < most and clock() - began < seconds:
            written += file.write(piece)
            # In between, or a large memory would take all of it and tell nothing.
            if written % (16 * PIECE_BYTES) == 0:
                os.fsync(file.fileno())
        os.fsync(file.fileno())
        return written / max(clock() - began, 1e-9)
