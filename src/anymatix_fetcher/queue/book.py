"""The jobs as they are now: on the disk first, then in memory, then told. Everything that changes one passes here."""

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
    """The jobs.

    To read asks for no lock, so that a page is answered while a change waits for the disk; a change that depends on
    what it reads holds :attr:`lock` meanwhile.

    Args:
        store: The disk.
        events: Whom changes are told.
        on_change: Called after each change that may let other jobs begin.
    """

    def __init__(self, store: JobStore, events: EventLog, on_change: Callable[[], None]) -> None:
        self.lock = RLock()
        self._store = store
        self._events = events
        self._on_change = on_change
        self._jobs = {job.id: job for job in store.load()}

    @property
    def job_count(self) -> int:
        """How many jobs there are."""
        return len(self._jobs)

    def all(self) -> list[QueuedJob]:
        """Every job, in no order."""
        return list(self._jobs.values())

    def find(self, identity: str) -> QueuedJob | None:
        """The job of this id; ``None`` where there is none."""
        return self._jobs.get(JobId(identity))

    def get(self, identity: str) -> QueuedJob:
        """The job of this id.

        Raises:
            UnknownJobError: There is none.
        """
        job = self.find(identity)
        if job is None:
            raise UnknownJobError(f"there is no job {identity[:64]}", hint="`anyfetch queue ls` lists them.")
        return job

    def add(self, jobs: Iterable[QueuedJob]) -> None:
        """Takes new jobs in.

        Raises:
            StorageError: The disk doesn't take them.
        """
        self._write([(EventKind.ADDED, job) for job in jobs])

    def change(self, *jobs: QueuedJob) -> None:
        """Takes jobs over as they are now.

        Raises:
            StorageError: The disk doesn't take them.
        """
        self._write([(EventKind.CHANGED, job) for job in jobs])

    def note(self, job: QueuedJob) -> None:
        """Takes a job over as it is now, as the queue has found it: a power cut may lose it, and it is found again.

        Raises:
            StorageError: The disk doesn't take it.
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
        """Takes over what isn't worth writing down, since it can be found out again."""
        with self.lock:
            self._jobs[job.id] = job
            self._events.tell(EventKind.PROGRESS, job)

    def forget(self, jobs: Iterable[QueuedJob]) -> None:
        """Takes jobs out.

        Raises:
            StorageError: The disk doesn't take it.
        """
        with self.lock:
            gone = list(jobs)
            if gone:
                self._store.write((), removed=[job.id for job in gone])
            for job in gone:
                self._jobs.pop(job.id, None)
                self._events.tell(EventKind.REMOVED, job)

    def count(self) -> dict[JobState, int]:
        """How many jobs are in each state."""
        counts = dict.fromkeys(JobState, 0)
        for job in self.all():
            counts[job.state] += 1
        return counts
