"""The queue's numbered events. A listener that reconnects gets the events that it has missed."""

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
"""The number of events kept for listeners that reconnect."""


class EventKind(StrEnum):
    """The kind of change to a job."""

    ADDED = "added"
    CHANGED = "changed"
    PROGRESS = "progress"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class QueueEvent:
    """One event.

    Args:
        number: Rises with each event, also across restarts.
        kind: The kind of change.
        job: The job after the change.
    """

    number: int
    kind: EventKind
    job: QueuedJob


class EventLog:
    """The newest events and their listeners. Progress events aren't kept, since later ones replace them.

    Args:
        first: A number below the first event's; microseconds since 1970, so that numbers rise across restarts.
        remembered: The number of events kept.
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
        """Publishes an event. Listeners are called on this thread and must not block."""
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
        """The events after ``number``; ``None`` if some of them are no longer kept."""
        with self._lock:
            is_known = self._known_from <= number <= self._newest
            if not is_known or any(number in numbers for numbers in self._reserved):
                return None
            return [event for event in self._kept if event.number > number]

    def reserve(self, count: int) -> range:
        """Reserves numbers for sending all jobs to one listener; :meth:`since` knows only the last of them."""
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
        """Calls ``listener`` for each event from now on. Returns a function that ends the subscription."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def end() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return end
