"""What users do to jobs that are there."""

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
    """Changes jobs; each method returns the job as it is then.

    Each raises ``UnknownJobError`` where there is none of that id, and ``WrongStateError`` where its state doesn't
    allow what is asked for.

    Args:
        book: The jobs.
        destinations: Where they may go.
        limiter: The limit that all of them share.
        check: Raises what is wrong with a job that can be seen without asking a server.
        clock: Seconds since 1970.
        stop: Asks what carries a job out to stop, and removes what isn't wanted of it.
        limit: Changes the limit of a job that is under way; whether that was possible.
        seen: The job with what is known of it by now.
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
        """It waits for its user; what has arrived is kept."""
        return self._changed(identity, lambda job: job.paused(), stops=True)

    def resume(self, identity: str) -> QueuedJob:
        """It goes on when its turn comes."""
        return self._changed(identity, lambda job: job.queued())

    def retry(self, identity: str) -> QueuedJob:
        """A job that failed or was cancelled is tried again, from what has arrived."""

        def retried(job: QueuedJob) -> QueuedJob:
            again = job.retried()
            return again if job.wanted.reference else again.failed(ADDRESS_IS_GONE, self._clock())

        return self._changed(identity, retried)

    def cancel(self, identity: str, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """It isn't wanted any more, and can be tried again; ``part`` says what becomes of what has arrived."""
        return self._changed(identity, lambda job: job.cancelled(self._clock(), part=part), stops=True)

    def remove(self, identity: str, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """A job that has ended is taken out of the queue; a file that is whole stays."""
        with self._book.lock:
            job = self._book.get(identity)
            if not job.has_ended:
                raise WrongStateError(f"job {job.id} is {job.state} and can't be removed", hint="Cancel it first.")
            if part is PartChoice.REMOVE and job.destinations:
                self._stop(replace(job, part_unwanted=True))
            self._book.forget([job])
            return job

    def move(self, identity: str, position: int) -> QueuedJob:
        """It comes to ``position`` among those that haven't ended; 0 is next."""
        with self._book.lock:
            job = self._book.get(identity)
            if job.has_ended:
                raise WrongStateError(f"job {job.id} is {job.state} and can't be moved", hint="Try it again first.")
            self._book.change(*schedule.moved(self._book.all(), job.id, position))
            return self._book.get(identity)

    def set_priority(self, identity: str, priority: int) -> QueuedJob:
        """The higher priority goes first."""
        return self._changed(identity, lambda job: replace(job, priority=priority))

    def replace_reference(self, identity: str, reference: str) -> QueuedJob:
        """Another address for the same file, where the old one has expired: its part is gone on with.

        Raises:
            ReferenceSyntaxError: It is no reference.
        """
        self._check(Job(reference))
        return self._changed(identity, lambda job: job.redirected(reference, shown(reference)), stops=True)

    def change(self, identity: str, change: Callable[[JobWanted], JobWanted]) -> QueuedJob:
        """Something else is wanted of a job that hasn't ended: other addresses, another place or rate.

        Raises:
            OutsideError: Its destination lies outside.
            ReferenceSyntaxError: A field can't be read.
        """

        def rewritten(job: QueuedJob) -> QueuedJob:
            wanted = change(job.wanted)
            settings = self._destinations.settings(wanted, self._limiter)
            self._check(Job(wanted.reference, settings, wanted.author, auth=wanted.auth))
            if self._only_limited(job, wanted):
                return replace(job, wanted=wanted)
            return job.rewritten(wanted, shown(wanted.reference), self._destinations.place(wanted))

        return self._changed(identity, rewritten, stops=True)

    def _only_limited(self, job: QueuedJob, wanted: JobWanted) -> bool:
        """Whether nothing but its rate has changed, and it is limited already."""
        is_same = replace(wanted, limit_rate=job.wanted.limit_rate) == job.wanted
        return is_same and job.state is JobState.ACTIVE and self._limit(job.id, wanted.limit_rate)

    def pause_all(self) -> None:
        """All that haven't ended wait for their user."""
        self._changed_all((JobState.QUEUED, JobState.ACTIVE), lambda job: job.paused())

    def resume_all(self) -> None:
        """All that are paused go on when their turn comes."""
        self._changed_all((JobState.PAUSED,), lambda job: job.queued())

    def remove_ended(self) -> None:
        """All that have ended are taken out."""
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
