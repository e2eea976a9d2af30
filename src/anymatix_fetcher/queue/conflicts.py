"""Jobs that turn out to lead to one destination: a file's name may be known only when its server has answered. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.queue.jobs import ConflictingJobError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.engine.facts import Progress
    from anymatix_fetcher.queue.jobs import QueuedJob


def conflict(job: QueuedJob, files: Sequence[Progress], others: Iterable[QueuedJob]) -> ConflictingJobError | None:
    """Why a job can't come to its end, since another one holds its destination; ``None`` if that isn't so.

    A job that expects the same digest as the other one waits for it: the file that the other one brings is its own.

    Args:
        job: A job with a path that was just found.
        files: The progress of its files.
        others: All jobs that have been there before it found its path.
    """
    if len(files) != 1 or job.path is None:
        return None  # several files have a folder in common, and each is a destination of its own
    expected = {*job.wanted.digests, *map(str, files[0].digests)}
    for other in others:
        is_other = other.id != job.id and other.wanted.reference != job.wanted.reference
        if is_other and not other.has_ended and other.path == job.path and not expected & set(other.wanted.digests):
            return ConflictingJobError(
                f"job {other.id} holds the destination {job.path} for another reference",
                hint="Choose another output, or cancel that job.",
            )
    return None


def own_destinations(job: QueuedJob, others: Iterable[QueuedJob]) -> list[str]:
    """The destinations of a job beside which nothing of another job can lie that may still go on."""
    held = {path for other in others if other.id != job.id and not other.has_ended for path in other.destinations}
    return [path for path in job.destinations if path not in held]
