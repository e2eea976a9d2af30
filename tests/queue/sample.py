"""Jobs for tests."""

from __future__ import annotations

from dataclasses import replace

from anymatix_fetcher.queue.jobs import JobError, JobId, JobState, JobWanted, QueuedJob

URL = "https://example.org/model.safetensors"
TROUBLE = JobError("RetriesExhaustedError", "no answer came", "Try again later.", 5, retryable=True)


def job(number: int = 0, state: JobState = JobState.QUEUED, **changes: object) -> QueuedJob:
    """A job; its id is its number."""
    plain = QueuedJob(
        id=JobId(f"{number:016x}"),
        reference=URL,
        wanted=JobWanted(reference=URL, output=f"{number}.safetensors"),
        state=state,
        position=number,
        created_at=float(number),
        ended_at=1.0 if state in {JobState.DONE, JobState.FAILED, JobState.CANCELLED} else None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]
