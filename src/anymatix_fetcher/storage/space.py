"""The disk space that the downloads of a session need, checked before they start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import DiskFullError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk

MOST_MARGIN_BYTES = 4 << 20
LEAST_MARGIN_BYTES = 64 << 10
MARGIN_SHARE = 256
"""The share of the file's size that is required in addition, for the journal and the file system's metadata."""

SMALL_BYTES = 1 << 20
"""Smaller files aren't counted for others, because they will have arrived before."""


class Space:
    """The space that downloads have reserved, by file system. One thread calls every method.

    Args:
        disk: The file system.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._reserved: dict[object, tuple[object, Callable[[], int]]] = {}

    def reserve(self, owner: object, folder: Path, needed: int, missing: Callable[[], int]) -> None:
        """Checks that there is enough space, counting what other downloads still need on the same file system.

        If the file system reports nothing, or zero, the space is unknown and nothing is refused: network shares and
        quotas may report no space and still accept writes.

        Args:
            owner: The download; its earlier reservation is replaced.
            folder: The folder.
            needed: The bytes that it needs now.
            missing: Returns the bytes that it still needs, whenever others ask.

        Raises:
            DiskFullError: There isn't enough space.
        """
        self._reserved.pop(owner, None)
        available = self._disk.free_bytes(folder)
        if available is None:
            return
        volume = self._disk.volume(folder) if self._reserved or needed >= SMALL_BYTES else None
        others = sum(need() for where, need in self._reserved.values() if where == volume)
        margin = min(MOST_MARGIN_BYTES, LEAST_MARGIN_BYTES + needed // MARGIN_SHARE)
        if needed and needed + others + margin > available:
            also = f", {others:,} more by downloads that run already" if others else ""
            raise DiskFullError(
                f"{needed + margin:,} bytes are needed in {folder}{also}, and {available:,} are free",
                hint="Free some space, or choose a folder on another disk.",
            )
        if needed >= SMALL_BYTES:
            self._reserved[owner] = volume, missing

    def release(self, owner: object) -> None:
        """Ends the owner's reservation."""
        self._reserved.pop(owner, None)
