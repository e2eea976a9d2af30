"""The current state of all jobs. A change is written to the disk, then to memory, and then published as an event."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

from anymatix_fetcher.queue.events import EventKind
from anymatix_fetcher.queue.jobs import JobId, JobState, UnknownJobError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anymatix_fetcher.queue.events import EventLog
    from anymatix_fetcher.queue.jobs import QueuedJob
    from anymatix_fetcher.queue.store import JobStore


class Book:
    """All jobs by id.

    Reads take no lock, so a page is served while a change waits for the disk. A read-modify-write holds :attr:`lock`.

    Args:
        store: The database.
        events: The log that changes are published to.
        on_change: Called after each change that may allow other jobs to start.
    """

    def __init__(self, store: JobStore, events: EventLog, on_change: Callable[[], None]) -> None:
        self.lock = RLock()
        self._store = store
        self._events = events
        self._on_change = on_change
        self._jobs = {job.id: job for job in store.load()}

    @property
    def job_count(self) -> int:
        """The number of jobs."""
        return len(self._jobs)

    def all(self) -> list[QueuedJob]:
        """All jobs, unordered."""
        return list(self._jobs.values())

    def find(self, identity: str) -> QueuedJob | None:
        """The job with this id, or ``None``."""
        return self._jobs.get(JobId(identity))

    def get(self, identity: str) -> QueuedJob:
        """The job with this id.

        Raises:
            UnknownJobError: No job has this id.
        """
        job = self.find(identity)
        if job is None:
            raise UnknownJobError(f"there is no job {identity[:64]}", hint="List the jobs with `anyfetch queue ls`.")
        return job

    def add(self, jobs: Iterable[QueuedJob]) -> None:
        """Adds new jobs.

        Raises:
            StorageError: The database can't be written.
        """
        self._write([(EventKind.ADDED, job) for job in jobs])

    def change(self, *jobs: QueuedJob) -> None:
        """Replaces jobs by their changed values.

        Raises:
            StorageError: The database can't be written.
        """
        self._write([(EventKind.CHANGED, job) for job in jobs])

    def note(self, job: QueuedJob) -> None:
        """Replaces a job by a value that the queue can find out again, so it is written without waiting for the disk.

        Raises:
            StorageError: The database can't be written.
        """
        self._write([(EventKind.CHANGED, job)], self._store.note)

    def _write(
        self,
        changes: list[tuple[EventKind, QueuedJob]],
        write: Callable[[Iterable[QueuedJob]], None] | None = None,
    ) -> None:
        if not changes:
            return
        with self.lock:
            (write or self._store.write)([job for _, job in changes])
            self._jobs.update((job.id, job) for _, job in changes)
            for kind, job in changes:
                self._events.tell(kind, job)
        self._on_change()

    def show(self, job: QueuedJob) -> None:
        """Replaces a job in memory only, for progress that isn't stored."""
        with self.lock:
            self._jobs[job.id] = job
            self._events.tell(EventKind.PROGRESS, job)

    def forget(self, jobs: Iterable[QueuedJob]) -> None:
        """Removes jobs.

        Raises:
            StorageError: The database can't be written.
        """
        with self.lock:
            gone = list(jobs)
            if gone:
                self._store.write((), removed=[job.id for job in gone])
            for job in gone:
                self._jobs.pop(job.id, None)
                self._events.tell(EventKind.REMOVED, job)

    def count(self) -> dict[JobState, int]:
        """The number of jobs in each state."""
        counts = dict.fromkeys(JobState, 0)
        for job in self.all():
            counts[job.state] += 1
        return counts
