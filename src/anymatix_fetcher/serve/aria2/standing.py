"""How aria2 calls what a job does, and which downloads its three lists hold, in which order. Pure."""

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
    """The downloads of aria2's three lists.

    Args:
        active: Those that are under way, that begin now, and that are between two tries.
        waiting: Those behind a full queue and those that are paused, the next one first.
        stopped: Those that have ended, the newest last.
    """

    active: tuple[QueuedJob, ...]
    waiting: tuple[QueuedJob, ...]
    stopped: tuple[QueuedJob, ...]

    @classmethod
    def of(cls, jobs: Sequence[QueuedJob], *, behind: frozenset[JobId]) -> DownloadLists:
        """The lists of jobs that come in the queue's order; ``behind`` are those that wait for their turn."""
        under_way = [job for job in jobs if job.state in _GOING and job.id not in behind]
        waiting = [job for job in jobs if job.state is JobState.PAUSED or job.id in behind]
        ended = [job for job in jobs if job.has_ended]
        return cls(tuple(under_way), tuple(waiting), tuple(reversed(ended)))


_GOING = frozenset({JobState.ACTIVE, JobState.QUEUED})


def standing_of(job: QueuedJob, behind: frozenset[JobId]) -> Aria2Status:
    """How a job stands.

    Args:
        job: The job.
        behind: Those that wait for their turn.
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
    """The jobs that wait behind a full queue.

    aria2 calls only these ``waiting``: a download between two tries is ``active`` there, and so is one that begins at
    once. Clients rely on it: some of them take ``waiting`` for an end.

    Args:
        jobs: All of them.
        now: Seconds since 1970.
        most: How many run at a time.
    """
    every = list(jobs)
    queued = [job for job in every if job.state is JobState.QUEUED and job.not_before <= now]
    room = most - sum(job.state is JobState.ACTIVE for job in every)
    begins_now = {job.id for job in schedule.due(queued, now, most=room)}
    return frozenset(job.id for job in queued if job.id not in begins_now)


def page(entries: Sequence[Entry], offset: int, count: int) -> list[Entry]:
    """So many of a list; a negative ``offset`` counts from its end, and backwards: -1 is the last one and the first."""
    if offset >= 0:
        return list(entries[offset : offset + count])
    return list(entries[::-1][-offset - 1 : -offset - 1 + count])
