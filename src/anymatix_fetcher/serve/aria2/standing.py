"""Maps jobs to aria2's statuses and to its lists of active, waiting and stopped downloads. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar, assert_never

from anymatix_fetcher.queue import schedule
from anymatix_fetcher.queue.jobs import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.queue.jobs import JobId, QueuedJob

Entry = TypeVar("Entry")


class Aria2Status(StrEnum):
    """The ``status`` of a download."""

    ACTIVE = "active"
    WAITING = "waiting"
    PAUSED = "paused"
    ERROR = "error"
    COMPLETE = "complete"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class DownloadLists:
    """aria2's three lists of downloads.

    Args:
        active: Active downloads, those about to start, and those between two attempts.
        waiting: Paused downloads and those that wait for their turn, the next one first.
        stopped: Ended downloads, the newest last.
    """

    active: tuple[QueuedJob, ...]
    waiting: tuple[QueuedJob, ...]
    stopped: tuple[QueuedJob, ...]

    @classmethod
    def of(cls, jobs: Sequence[QueuedJob], *, behind: frozenset[JobId]) -> DownloadLists:
        """The lists for jobs in the queue's order; ``behind`` are those that wait for their turn."""
        under_way = [job for job in jobs if job.state in _GOING and job.id not in behind]
        waiting = [job for job in jobs if job.state is JobState.PAUSED or job.id in behind]
        ended = [job for job in jobs if job.has_ended]
        return cls(tuple(under_way), tuple(waiting), tuple(reversed(ended)))


_GOING = frozenset({JobState.ACTIVE, JobState.QUEUED})


def standing_of(job: QueuedJob, behind: frozenset[JobId]) -> Aria2Status:
    """aria2's status of a job.

    Args:
        job: The job.
        behind: The jobs that wait for their turn.
    """
    match job.state:
        case JobState.ACTIVE:
            return Aria2Status.ACTIVE
        case JobState.QUEUED:
            return Aria2Status.WAITING if job.id in behind else Aria2Status.ACTIVE
        case JobState.PAUSED:
            return Aria2Status.PAUSED
        case JobState.DONE:
            return Aria2Status.COMPLETE
        case JobState.FAILED:
            return Aria2Status.ERROR
        case JobState.CANCELLED:
            return Aria2Status.REMOVED
    assert_never(job.state)


def behind_the_others(jobs: Iterable[QueuedJob], now: float, *, most: int) -> frozenset[JobId]:
    """The jobs that wait for their turn because the queue is full.

    Only these are ``waiting`` in aria2: a download between two attempts or about to start is ``active``. Some clients
    take ``waiting`` for an end.

    Args:
        jobs: All jobs.
        now: Seconds since 1970.
        most: The number of jobs that run at a time.
    """
    every = list(jobs)
    queued = [job for job in every if job.state is JobState.QUEUED and job.not_before <= now]
    room = most - sum(job.state is JobState.ACTIVE for job in every)
    begins_now = {job.id for job in schedule.due(queued, now, most=room)}
    return frozenset(job.id for job in queued if job.id not in begins_now)


def page(entries: Sequence[Entry], offset: int, count: int) -> list[Entry]:
    """A page of a list. A negative ``offset`` counts from the end and reverses the order: -1 starts with the last."""
    if offset >= 0:
        return list(entries[offset : offset + count])
    return list(entries[::-1][-offset - 1 : -offset - 1 + count])
