"""Jobs of tests, by short names, and the states of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.jobs import (
    JobState,
    JobWanted,
    QueuedJob,
)

if TYPE_CHECKING:
    from tests.queue.fakes import Bench

QUEUED, ACTIVE, PAUSED = JobState.QUEUED, JobState.ACTIVE, JobState.PAUSED
DONE, FAILED, CANCELLED = JobState.DONE, JobState.FAILED, JobState.CANCELLED


def url(name: object) -> str:
    return f"https://example.org/{name}.bin"


def add(bench: Bench, *names: object, priority: int = 0, paused: bool = False) -> list[QueuedJob]:
    wishes = [JobRequest(JobWanted(reference=url(name)), priority=priority, paused=paused) for name in names]
    return [job for job, _ in bench.queue.add(wishes)]


def states(bench: Bench) -> dict[str, JobState]:
    return {job.reference.rpartition("/")[2].removesuffix(".bin"): job.state for job in bench.queue.jobs()}
