"""Which jobs begin, in which order, when a failed one is tried again, and how long an ended one is kept. Pure."""

from __future__ import annotations

from dataclasses import replace
from heapq import nsmallest
from typing import TYPE_CHECKING

from anymatix_fetcher.queue.jobs import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.queue.jobs import JobId, QueuedJob

FIRST_RETRY_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 3600.0
GIVING_UP_SECONDS = 3 * 86_400.0
"""What has failed for so long, with tries all the while, waits for the user."""
KEEPING_SECONDS = 30 * 86_400.0
KEEPING_LOOK_SECONDS = 60.0
"""How often it is looked at what may be forgotten."""
MOST_ENDED = 1000


def order(job: QueuedJob) -> tuple[int, int, float]:
    """The key by which jobs go: the higher priority first, then the lower position."""
    return (-job.priority, job.position, job.created_at)


def due(jobs: Iterable[QueuedJob], now: float, *, most: int) -> list[QueuedJob]:
    """The jobs that begin now.

    Args:
        jobs: Those that aren't under way.
        now: Seconds since 1970.
        most: How many may begin.
    """
    if most <= 0:
        return []
    ready = (job for job in jobs if job.state is JobState.QUEUED and job.not_before <= now)
    return nsmallest(most, ready, key=order)


def next_moment(jobs: Iterable[QueuedJob], now: float) -> float:
    """When the next job that waits for a moment may begin; infinity where none does."""
    moments = (job.not_before for job in jobs if job.state is JobState.QUEUED and job.not_before > now)
    return min(moments, default=float("inf"))


def listed(jobs: Iterable[QueuedJob]) -> list[QueuedJob]:
    """The jobs in the order in which they go; those that have ended come last, the newest first."""
    every = list(jobs)
    ended = sorted((job for job in every if job.has_ended), key=lambda job: -(job.ended_at or 0.0))
    return sorted((job for job in every if not job.has_ended), key=order) + ended


def retry_at(job: QueuedJob, now: float, random: float) -> float | None:
    """When a job that has failed once more is tried again; ``None`` where it has been tried for long enough.

    Exponential backoff with jitter: 30 s, 1 min, 2 min, ... up to an hour.

    Args:
        job: As it was when it failed.
        now: Seconds since 1970.
        random: In [0, 1).
    """
    if now - job.created_at >= GIVING_UP_SECONDS and job.attempts > 0:
        return None
    pause = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(job.attempts, 10))
    return now + pause * (0.75 + 0.5 * random)


def moved(jobs: Sequence[QueuedJob], mover: JobId, position: int) -> list[QueuedJob]:
    """The jobs whose positions change when ``mover`` comes to ``position`` among those that haven't ended.

    Args:
        jobs: All of them.
        mover: Which one moves.
        position: Counted from 0, the next one to begin; beyond the end is the end.
    """
    line = sorted((job for job in jobs if not job.has_ended), key=order)
    moving = next((job for job in line if job.id == mover), None)
    if moving is None:
        return []
    line.remove(moving)
    at = max(0, min(position, len(line)))
    # Priorities go before positions: between its new neighbours the mover has to have one that fits.
    upper = line[at - 1].priority if at > 0 else moving.priority
    lower = line[at].priority if at < len(line) else moving.priority
    priority = min(max(moving.priority, lower), max(upper, lower) if at == 0 else upper)
    line.insert(at, replace(moving, priority=priority))
    placed = [replace(job, position=number) for number, job in enumerate(line)]
    before = {job.id: job for job in jobs}
    return [job for job in placed if job != before[job.id]]


def expired(jobs: Iterable[QueuedJob], now: float) -> list[QueuedJob]:
    """The ended jobs that are forgotten: those of more than 30 days, and the oldest beyond a thousand."""
    ended = sorted((job for job in jobs if job.has_ended), key=lambda job: job.ended_at or 0.0, reverse=True)
    return [job for at, job in enumerate(ended) if at >= MOST_ENDED or now - (job.ended_at or 0.0) > KEEPING_SECONDS]
