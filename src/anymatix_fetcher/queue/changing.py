"""The changes that users make to existing jobs: pause, resume, cancel, move, ..."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import Job, shown
from anymatix_fetcher.queue import schedule
from anymatix_fetcher.queue.failures import ADDRESS_IS_GONE
from anymatix_fetcher.queue.jobs import JobState, PartChoice, WrongStateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.queue.book import Book
    from anymatix_fetcher.queue.destinations import Destinations
    from anymatix_fetcher.queue.jobs import JobId, JobWanted, QueuedJob
    from anymatix_fetcher.transports.limiter import RateLimiter


class Changing:
    """Changes jobs; each method returns the changed job.

    Each raises ``UnknownJobError`` if no job has the id, and ``WrongStateError`` if the job's state doesn't allow the
    change.

    Args:
        book: The jobs.
        destinations: The folders that jobs may write to.
        limiter: The bandwidth limit shared by all jobs.
        check: Raises the errors of a job that can be found without a request.
        clock: The time in seconds since 1970.
        stop: Asks a job's download to stop, and removes its partial file if that was requested.
        limit: Changes the bandwidth limit of a running job; returns whether that was possible.
        seen: The job with the present progress of its download.
    """

    def __init__(
        self,
        book: Book,
        *,
        destinations: Destinations,
        limiter: RateLimiter,
        check: Callable[[Job], None],
        clock: Callable[[], float],
        stop: Callable[[QueuedJob], None],
        limit: Callable[[JobId, float | None], bool],
        seen: Callable[[QueuedJob], QueuedJob],
    ) -> None:
        self._book = book
        self._destinations = destinations
        self._limiter = limiter
        self._check = check
        self._clock = clock
        self._stop = stop
        self._limit = limit
        self._seen = seen

    def pause(self, identity: str) -> QueuedJob:
        """Pauses a job; its partial file is kept."""
        return self._changed(identity, lambda job: job.paused(), stops=True)

    def resume(self, identity: str) -> QueuedJob:
        """Resumes a paused job; it waits for its turn."""
        return self._changed(identity, lambda job: job.queued())

    def retry(self, identity: str) -> QueuedJob:
        """Queues a failed or cancelled job again; it continues its partial file."""

        def retried(job: QueuedJob) -> QueuedJob:
            again = job.retried()
            return again if job.wanted.reference else again.failed(ADDRESS_IS_GONE, self._clock())

        return self._changed(identity, retried)

    def cancel(self, identity: str, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """Cancels a job, which can be retried later; ``part`` says whether its partial file is kept."""
        return self._changed(identity, lambda job: job.cancelled(self._clock(), part=part), stops=True)

    def remove(self, identity: str, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """Removes an ended job from the queue; its finished file stays."""
        with self._book.lock:
            job = self._book.get(identity)
            if not job.has_ended:
                raise WrongStateError(f"job {job.id} is {job.state} and can't be removed", hint="Cancel it first.")
            if part is PartChoice.REMOVE and job.destinations:
                self._stop(replace(job, part_unwanted=True))
            self._book.forget([job])
            return job

    def move(self, identity: str, position: int) -> QueuedJob:
        """Moves a job to ``position`` among those that haven't ended; 0 is next."""
        with self._book.lock:
            job = self._book.get(identity)
            if job.has_ended:
                raise WrongStateError(f"job {job.id} is {job.state} and can't be moved", hint="Retry it first.")
            self._book.change(*schedule.moved(self._book.all(), job.id, position))
            return self._book.get(identity)

    def set_priority(self, identity: str, priority: int) -> QueuedJob:
        """Changes a job's priority; the higher one starts first."""
        return self._changed(identity, lambda job: replace(job, priority=priority))

    def replace_reference(self, identity: str, reference: str) -> QueuedJob:
        """Replaces an expired URL by another one of the same file; the partial file is continued.

        Raises:
            ReferenceSyntaxError: ``reference`` is not a reference.
        """
        self._check(Job(reference))
        return self._changed(identity, lambda job: job.redirected(reference, shown(reference)), stops=True)

    def change(self, identity: str, change: Callable[[JobWanted], JobWanted]) -> QueuedJob:
        """Changes the request of a job that hasn't ended: its URLs, destination or rate.

        Raises:
            OutsideError: The destination lies outside the allowed folders.
            ReferenceSyntaxError: A field is invalid.
        """

        def rewritten(job: QueuedJob) -> QueuedJob:
            wanted = change(job.wanted)
            settings = self._destinations.settings(wanted, self._limiter)
            self._check(wanted.as_job(settings))
            if self._only_limited(job, wanted):
                return replace(job, wanted=wanted)
            return job.rewritten(wanted, shown(wanted.reference), self._destinations.place(wanted))

        return self._changed(identity, rewritten, stops=True)

    def _only_limited(self, job: QueuedJob, wanted: JobWanted) -> bool:
        """Whether only the rate has changed, and the new limit is already applied."""
        is_same = replace(wanted, limit_rate=job.wanted.limit_rate) == job.wanted
        return is_same and job.state is JobState.ACTIVE and self._limit(job.id, wanted.limit_rate)

    def pause_all(self) -> None:
        """Pauses all jobs that haven't ended."""
        self._changed_all((JobState.QUEUED, JobState.ACTIVE), lambda job: job.paused())

    def resume_all(self) -> None:
        """Resumes all paused jobs."""
        self._changed_all((JobState.PAUSED,), lambda job: job.queued())

    def remove_ended(self) -> None:
        """Removes all jobs that have ended."""
        with self._book.lock:
            self._book.forget([job for job in self._book.all() if job.has_ended])

    def _changed_all(self, states: tuple[JobState, ...], change: Callable[[QueuedJob], QueuedJob]) -> None:
        with self._book.lock:
            jobs = [change(self._seen(job)) for job in self._book.all() if job.state in states]
            self._book.change(*jobs)
            for job in jobs:
                self._stop(job)

    def _changed(self, identity: str, change: Callable[[QueuedJob], QueuedJob], *, stops: bool = False) -> QueuedJob:
        with self._book.lock:
            before = self._book.get(identity)
            job = change(self._seen(before) if stops else before)
            if job != before:
                self._book.change(job)
                if stops and job.state is not JobState.ACTIVE:
                    self._stop(job)
            return self._book.get(identity)
