"""Room on the disks for the downloads of one session, looked at before they begin."""

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
"""Beyond the file itself the journal needs room, and the file system to note where things are: a part in so many."""

SMALL_BYTES = 1 << 20
"""What needs less isn't counted for others: it will have arrived before they need the room."""


class Space:
    """Who needs how much on which disk. One thread calls every method.

    Args:
        disk: The file system.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._claims: dict[object, tuple[object, Callable[[], int]]] = {}

    def claim(self, owner: object, folder: Path, needed: int, missing: Callable[[], int]) -> None:
        """Makes sure that there is room, counting what others still need on the same disk.

        What the file system can't say, or says to be nothing at all, is taken for unknown: network shares and quotas
        report no room while they accept more, and a write tells better.

        Args:
            owner: Who needs it; what it has claimed before no longer counts.
            folder: Where.
            needed: How many bytes it needs now.
            missing: How many it still needs, whenever others ask.

        Raises:
            DiskFullError: There isn't room enough.
        """
        self._claims.pop(owner, None)
        available = self._disk.free_bytes(folder)
        if available is None:
            return
        volume = self._disk.volume(folder) if self._claims or needed >= SMALL_BYTES else None
        others = sum(need() for where, need in self._claims.values() if where == volume)
        margin = min(MOST_MARGIN_BYTES, LEAST_MARGIN_BYTES + needed // MARGIN_SHARE)
        if needed and needed + others + margin > available:
            also = f", {others:,} more by downloads that run already" if others else ""
            raise DiskFullError(
                f"{needed + margin:,} bytes are needed in {folder}{also}, and {available:,} are free",
                hint="Free some space, or choose a folder on another disk.",
            )
        if needed >= SMALL_BYTES:
            self._claims[owner] = volume, missing

    def release(self, owner: object) -> None:
        """It needs nothing any more."""
        self._claims.pop(owner, None)
