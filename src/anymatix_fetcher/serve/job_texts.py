"""Jobs as JSON text: what doesn't change is written once, since pages and clients ask for all jobs again and again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.queue.jobs import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.queue.jobs import JobId, QueuedJob
    from anymatix_fetcher.queue.queue import Queue

MOST_GONE = 1000
"""So many texts of jobs that are gone may be kept."""


class _Written(NamedTuple):
    job: QueuedJob
    max_downloads: int
    text: str


class JobTexts:
    """The texts of a queue's jobs; any thread may ask.

    Args:
        queue: Whose jobs.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._written: dict[JobId, _Written] = {}

    def list_of(self, jobs: Iterable[QueuedJob]) -> str:
        """``{"jobs": [...]}``."""
        # One by one: all in one call would keep every other thread from running until it returns.
        return f'{{"jobs": [{", ".join(map(self.of, jobs))}]}}'

    def of(self, job: QueuedJob) -> str:
        """The text of one."""
        most, known = self._queue.settings.max_downloads, self._written.get(job.id)
        if known is not None and known.job is job and known.max_downloads == most:
            return known.text
        text = json.dumps(self._queue.view(job))
        if job.state is not JobState.ACTIVE:  # else it says something new each time
            if len(self._written) > self._queue.job_count + MOST_GONE:
                self._written.clear()
            self._written[job.id] = _Written(job, most, text)
        return text
