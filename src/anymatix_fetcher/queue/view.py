"""The JSON form of a job for the API, its events and the command line. It contains no secrets."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import UNPROVED
from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.verbs.reporting import timestamp_of

if TYPE_CHECKING:
    from anymatix_fetcher.engine.facts import Progress
    from anymatix_fetcher.queue.jobs import QueuedJob


def job_object(job: QueuedJob, progress: Progress | None, *, max_downloads: int) -> dict[str, object]:
    """The JSON object of a job.

    Args:
        job: The job.
        progress: The progress of its download; ``None`` if none is running.
        max_downloads: The number of jobs that run at a time, for the text of ``waits_for``.
    """
    active = progress if job.state is JobState.ACTIVE else None
    eta = active.eta_seconds if active is not None else None
    return {
        "id": job.id,
        "reference": job.reference,
        "state": job.state.value,
        "position": job.position,
        "priority": job.priority,
        "type": job.wanted.type or None,
        "name": job.name,
        "path": job.path,
        "size": job.size,
        "bytes_stored": job.bytes_stored,
        "bytes_verified": active.bytes_verified if active is not None else _bytes_proved(job),
        "bytes_per_second": round(active.bytes_per_second) if active is not None else 0,
        "eta_seconds": None if eta is None else round(eta, 1),
        "connections": active.connections if active is not None else 0,
        "phase": active.phase.value if active is not None else None,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "attempts": job.attempts,
        "retry_at": job.not_before or None,
        "waits_for": waits_for(job, max_downloads) or None,
        "result": job.result,
        "error": None if job.error is None else asdict(job.error),
    }


def waits_for(job: QueuedJob, max_downloads: int) -> str:
    """What a job waits for, as text for the user; empty if it doesn't wait."""
    if job.state is not JobState.QUEUED or job.waits_for:
        return job.waits_for
    if job.not_before:
        return f"another try, at {timestamp_of(job.not_before)}"
    return f"its turn: {max_downloads} at a time"


def _bytes_proved(job: QueuedJob) -> int:
    """The length of a finished file that a digest has proved; otherwise 0."""
    is_proved = job.result is not None and job.result.get("verified") not in UNPROVED
    return job.size or 0 if is_proved else 0
