"""The process that holds a destination, seen by another one that waits for it: whether it lives, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import DestinationLockedError
from anymatix_fetcher.storage.leftovers import JournalWatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk, Lock

HEARTBEAT_SECONDS = 10.0
"""A holder shows so often that it lives, whatever it waits for."""
PATIENCE_SECONDS = 60.0
"""A process that holds a destination and shows no sign of life for so long is waited for no longer."""
LOOK_SECONDS = 1.0
"""How often its journal is looked at."""


class Holder:
    """Who holds a destination that is wanted here.

    Args:
        destination: What it holds.
        reference: What is wanted there.
        lock: The lock that it has.
        disk: The file system.
        clock: Seconds, never going back.

    Attributes:
        stored: The bytes that it has recorded.
        length: The length of what it brings, if it is known.
        same_reference: Whether it brings what is wanted here, so that its result can be taken.
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
        """Looks how it gets on.

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
