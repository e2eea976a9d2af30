"""aria2's notifications: a download has started, was paused or has ended. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.queue.events import EventKind
from anymatix_fetcher.queue.jobs import JobState

if TYPE_CHECKING:
    from anymatix_fetcher.queue.events import QueueEvent
    from anymatix_fetcher.queue.jobs import JobId

START, PAUSE, STOP = "aria2.onDownloadStart", "aria2.onDownloadPause", "aria2.onDownloadStop"
COMPLETE, ERROR = "aria2.onDownloadComplete", "aria2.onDownloadError"
NOTIFICATIONS = (START, PAUSE, STOP, COMPLETE, ERROR, "aria2.onBtDownloadComplete")
"""The names that aria2 lists; the last one concerns BitTorrent and is never sent."""

_NAMES = {
    JobState.ACTIVE: START,
    JobState.PAUSED: PAUSE,
    JobState.CANCELLED: STOP,
    JobState.DONE: COMPLETE,
    JobState.FAILED: ERROR,
}


class Announcer:
    """Converts the queue's events to notifications, without repetitions.

    A download that is tried again is reported as started only once, as in aria2.
    """

    def __init__(self) -> None:
        self._told: dict[JobId, str] = {}

    def told(self, event: QueueEvent) -> str | None:
        """The notification for an event, or ``None``."""
        job, before = event.job, self._told.get(event.job.id)
        name = _NAMES.get(job.state)
        if event.kind is EventKind.REMOVED or (name is None and before != START):
            self._told.pop(job.id, None)
            return None
        is_added_paused = event.kind is EventKind.ADDED and job.state is JobState.PAUSED
        if name is None or name == before or is_added_paused or event.kind is EventKind.PROGRESS:
            return None
        self._told[job.id] = name
        return name
