"""What happens in the queue, as numbered events: a listener that has seen some of them is told the others."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.queue.jobs import QueuedJob

REMEMBERED = 500
"""So many events are kept for listeners that come back."""


class EventKind(StrEnum):
    """What has happened to a job."""

    ADDED = "added"
    CHANGED = "changed"
    PROGRESS = "progress"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class QueueEvent:
    """One event.

    Args:
        number: Higher than every earlier one's, also across restarts.
        kind: What has happened.
        job: The job as it is then.
    """

    number: int
    kind: EventKind
    job: QueuedJob


class EventLog:
    """The newest events, and their listeners. Progress isn't kept: what comes next says more.

    Args:
        first: Below the first event's number; microseconds since 1970 rise across restarts.
        remembered: So many are kept.
    """

    def __init__(self, first: int, *, remembered: int = REMEMBERED) -> None:
        self._newest = first
        self._known_from = first
        self._kept: deque[QueueEvent] = deque()
        self._remembered = remembered
        self._reserved: deque[range] = deque(maxlen=remembered)
        self._listeners: tuple[Callable[[QueueEvent], None], ...] = ()
        self._lock = Lock()

    def tell(self, kind: EventKind, job: QueuedJob) -> None:
        """Something has happened. Listeners are called on this thread, and mustn't block."""
        with self._lock:
            self._newest += 1
            event = QueueEvent(self._newest, kind, job)
            if kind is not EventKind.PROGRESS:
                self._keep(event)
            listeners = self._listeners
        for listener in listeners:
            listener(event)

    def _keep(self, event: QueueEvent) -> None:
        self._kept.append(event)
        if len(self._kept) > self._remembered:
            self._known_from = self._kept.popleft().number

    def since(self, number: int) -> list[QueueEvent] | None:
        """The events after ``number``; ``None`` where they aren't all known, so that one has to begin anew."""
        with self._lock:
            is_known = self._known_from <= number <= self._newest
            if not is_known or any(number in numbers for numbers in self._reserved):
                return None
            return [event for event in self._kept if event.number > number]

    def reserve(self, count: int) -> range:
        """So many numbers for telling all jobs to one listener; one that breaks off on the way begins anew."""
        with self._lock:
            first = self._newest + 1
            self._newest += count
            self._reserved.append(range(first, self._newest))
            return range(first, self._newest + 1)

    @property
    def newest(self) -> int:
        """The number of the newest event."""
        return self._newest

    def subscribe(self, listener: Callable[[QueueEvent], None]) -> Callable[[], None]:
        """Has ``listener`` called for each event from now on; returns what ends that."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def end() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return end
