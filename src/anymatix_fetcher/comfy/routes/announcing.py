"""Decides when the events of a task are sent to pages. Pure: time is passed in.

The first change is sent at once, further ones at most once a second. Unchanged tasks are repeated every few seconds:
without events the page would request the task, and might not know its state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.routes.tasks import ENDED, StockTask, event_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from anymatix_fetcher.comfy.routes.categories import Placed

LEAST_SECONDS = 1.0
REPEATED_SECONDS = 5.0
LISTED_SECONDS = 15.0
"""How long a loader may take to find a finished file."""


@dataclass(frozen=True, slots=True)
class _Watched:
    task: StockTask
    told_at: float = float("-inf")
    told: tuple[object, ...] = ()
    done_at: float | None = None


class TaskAnnouncer:
    """The tasks with events that are sent: those requested by a page, until they end."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}

    def watch(self, job: Mapping[str, Any], placed: Placed | None) -> None:
        """Announces a job from now on."""
        before = self._watched.get(job["id"])
        if before is None or job["state"] != before.task.job["state"]:
            self._watched[job["id"]] = _Watched(StockTask(job, placed))

    def changed(self, job: Mapping[str, Any]) -> None:
        """Updates a job."""
        watched = self._watched.get(job["id"])
        if watched is not None:
            self._watched[job["id"]] = replace(watched, task=replace(watched.task, job=job))

    def gone(self, job_id: str) -> None:
        """Drops a removed job."""
        self._watched.pop(job_id, None)

    def looked_for(self) -> list[tuple[str, Placed]]:
        """The finished jobs with files that the loader hasn't found yet."""
        tasks = [(job_id, watched.task) for job_id, watched in self._watched.items()]
        return [
            (job_id, task.placed)
            for job_id, task in tasks
            if task.job["state"] == "done" and task.placed is not None and not task.is_found
        ]

    def found(self, job_ids: Iterable[str]) -> None:
        """Marks the jobs as found by the loader."""
        for job_id in job_ids:
            if (watched := self._watched.get(job_id)) is not None:
                self._watched[job_id] = replace(watched, task=replace(watched.task, is_found=True))

    def due(self, now: float) -> list[dict[str, object]]:
        """The events to send now.

        Args:
            now: The time of a monotonic clock, in seconds.
        """
        events: list[dict[str, object]] = []
        for job_id, watched in list(self._watched.items()):
            waited = self._waited(watched, now)
            event = event_of(waited.task)
            told = tuple(event.values())
            is_new = told != waited.told
            ends = waited.task.status in ENDED
            since = now - waited.told_at
            if ends or (is_new and since >= LEAST_SECONDS) or since >= REPEATED_SECONDS:
                events.append(event)
                waited = replace(waited, told_at=now, told=told)
            if ends:
                del self._watched[job_id]
            else:
                self._watched[job_id] = waited
        return events

    @staticmethod
    def _waited(watched: _Watched, now: float) -> _Watched:
        """The task with the time that the loader had for finding its file."""
        if watched.task.job["state"] != "done":
            return replace(watched, done_at=None)
        done_at = now if watched.done_at is None else watched.done_at
        task = replace(watched.task, has_waited=now - done_at >= LISTED_SECONDS)
        return replace(watched, task=task, done_at=done_at)
