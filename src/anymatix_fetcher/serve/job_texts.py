"""Caches the JSON of unchanged jobs, since pages and clients request all jobs repeatedly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.queue.jobs import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.queue.jobs import JobId, QueuedJob
    from anymatix_fetcher.queue.queue import Queue

MOST_GONE = 1000
"""The number of texts of removed jobs that may be kept."""


class _Written(NamedTuple):
    job: QueuedJob
    max_downloads: int
    text: str


class JobTexts:
    """The JSON of a queue's jobs; may be called from any thread.

    Args:
        queue: The queue.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._written: dict[JobId, _Written] = {}

    def list_of(self, jobs: Iterable[QueuedJob]) -> str:
        """The JSON of a list of jobs: ``{"jobs": [...]}``."""
        # One call per job: a single call would hold the interpreter's lock until all are serialised.
        return f'{{"jobs": [{", ".join(map(self.of, jobs))}]}}'

    def of(self, job: QueuedJob) -> str:
        """The JSON of one job."""
        most, known = self._queue.settings.max_downloads, self._written.get(job.id)
        if known is not None and known.job is job and known.max_downloads == most:
            return known.text
        text = json.dumps(self._queue.view(job))
        if job.state is not JobState.ACTIVE:  # an active job changes each time
            if len(self._written) > self._queue.job_count + MOST_GONE:
                self._written.clear()
            self._written[job.id] = _Written(job, most, text)
        return text
