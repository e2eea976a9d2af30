"""Observes the process that has a destination's lease: whether it is alive, and its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import DestinationLockedError
from anymatix_fetcher.storage.leftovers import JournalWatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk, Lock

HEARTBEAT_SECONDS = 10.0
"""The interval of a holder's heartbeat."""
PATIENCE_SECONDS = 60.0
"""The time without a sign of life after which a holder is no longer waited for."""
LOOK_SECONDS = 1.0
"""The interval between reads of its journal."""


class Holder:
    """The process that has the lease on a destination.

    Args:
        destination: The destination.
        reference: The reference that this process wants to fetch there.
        lock: The lock that the holder has.
        disk: The file system.
        clock: The monotonic time in seconds.

    Attributes:
        stored: The bytes that it has recorded.
        length: The length of its file; ``None`` if unknown.
        same_reference: Whether it fetches the same reference, so that its result can be used.
    """

    def __init__(self, destination: Path, reference: str, lock: Lock, disk: Disk, clock: Callable[[], float]) -> None:
        self.stored = 0
        self.length: int | None = None
        self.same_reference = False
        self._destination = destination
        self._lock = lock
        self._clock = clock
        self._journal = JournalWatch(destination, reference, disk)
        self._looked_at = float("-inf")
        self._alive_at = clock()
        self._signs: object = None

    def look(self) -> None:
        """Checks its progress and its heartbeat.

        Raises:
            DestinationLockedError: It shows no sign of life any more.
        """
        now = self._clock()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        self._journal.look()
        progress = self._journal.progress
        self.stored, self.length = progress or (0, None)
        self.same_reference = self._journal.is_for_reference
        signs = (self._lock.signs_of_life(), progress)
        if signs != self._signs:
            self._signs, self._alive_at = signs, now
        elif now - self._alive_at >= PATIENCE_SECONDS:
            raise DestinationLockedError(
                f"another process holds {self._destination}, with no sign of life for {PATIENCE_SECONDS:.0f} s",
                hint="End that process, or choose another destination with -o.",
            )
