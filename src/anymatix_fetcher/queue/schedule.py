"""The queue's order, the times of retries, and how long ended jobs are kept. Pure."""

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
"""A job that has failed for this long, with retries, waits for the user."""
KEEPING_SECONDS = 30 * 86_400.0
KEEPING_LOOK_SECONDS = 60.0
"""Interval of the search for ended jobs that have expired."""
MOST_ENDED = 1000


def order(job: QueuedJob) -> tuple[int, int, float]:
    """The sort key of waiting jobs: the higher priority first, then the lower position."""
    return (-job.priority, job.position, job.created_at)


def due(jobs: Iterable[QueuedJob], now: float, *, most: int) -> list[QueuedJob]:
    """The jobs to start now.

    Args:
        jobs: The jobs that aren't running.
        now: Seconds since 1970.
        most: The largest number of jobs to start.
    """
    if most <= 0:
        return []
    ready = (job for job in jobs if job.state is JobState.QUEUED and job.not_before <= now)
    return nsmallest(most, ready, key=order)


def next_moment(jobs: Iterable[QueuedJob], now: float) -> float:
    """The earliest retry time of a waiting job; infinity if there is none."""
    moments = (job.not_before for job in jobs if job.state is JobState.QUEUED and job.not_before > now)
    return min(moments, default=float("inf"))


def listed(jobs: Iterable[QueuedJob]) -> list[QueuedJob]:
    """The jobs in their order of execution, followed by the ended ones, the newest first."""
    every = list(jobs)
    ended = sorted((job for job in every if job.has_ended), key=lambda job: -(job.ended_at or 0.0))
    return sorted((job for job in every if not job.has_ended), key=order) + ended


def retry_at(job: QueuedJob, now: float, random: float) -> float | None:
    """The time of the next try of a failed job; ``None`` if it has been tried for long enough.

    Exponential backoff with jitter: 30 s, 1 min, 2 min, ... up to 1 h.

    Args:
        job: The job, before the failure is recorded.
        now: Seconds since 1970.
        random: In [0, 1).
    """
    if now - job.created_at >= GIVING_UP_SECONDS and job.attempts > 0:
        return None
    pause = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(job.attempts, 10))
    return now + pause * (0.75 + 0.5 * random)


def moved(jobs: Sequence[QueuedJob], mover: JobId, position: int) -> list[QueuedJob]:
    """The jobs that change when ``mover`` is moved to ``position`` among those that haven't ended.

    Args:
        jobs: All jobs.
        mover: The id of the job to move.
        position: The new position; 0 is the next job to start, and a position beyond the end means the end.
    """
    line = sorted((job for job in jobs if not job.has_ended), key=order)
    moving = next((job for job in line if job.id == mover), None)
    if moving is None:
        return []
    line.remove(moving)
    at = max(0, min(position, len(line)))
    # Priority outranks position, so the moved job gets a priority between those of its new neighbours.
    upper = line[at - 1].priority if at > 0 else moving.priority
    lower = line[at].priority if at < len(line) else moving.priority
    priority = min(max(moving.priority, lower), max(upper, lower) if at == 0 else upper)
    line.insert(at, replace(moving, priority=priority))
    placed = [replace(job, position=number) for number, job in enumerate(line)]
    before = {job.id: job for job in jobs}
    return [job for job in placed if job != before[job.id]]


def expired(jobs: Iterable[QueuedJob], now: float) -> list[QueuedJob]:
    """The ended jobs to remove: those older than 30 days, and the oldest beyond a thousand."""
    ended = sorted((job for job in jobs if job.has_ended), key=lambda job: job.ended_at or 0.0, reverse=True)
    return [job for at, job in enumerate(ended) if at >= MOST_ENDED or now - (job.ended_at or 0.0) > KEEPING_SECONDS]
