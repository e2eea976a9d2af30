"""Runs the jobs: starts due ones, follows their progress and records their outcome."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.failing import error_for, let_go
from anymatix_fetcher.errors import DiskFullError, DownloadCancelled, FetchError
from anymatix_fetcher.queue import schedule
from anymatix_fetcher.queue.conflicts import conflict, own_destinations
from anymatix_fetcher.queue.failures import error_of
from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.queue.leavings import remove_parts
from anymatix_fetcher.queue.results import as_object
from anymatix_fetcher.transports.limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.engine.facts import Progress, Result
    from anymatix_fetcher.queue.book import Book
    from anymatix_fetcher.queue.destinations import Destinations
    from anymatix_fetcher.queue.jobs import JobId, QueuedJob
    from anymatix_fetcher.queue.runner import Runner, Running

_logger = logging.getLogger("anymatix_fetcher.queue")

MOST_LOSSES = 5
"""A job that was running at this many engine failures in a row may be their cause, so it fails."""
SPACE_SECONDS = 30.0
"""Interval at which a job that waits for disk space is tried again."""


class Execution:
    """Starts, observes and stops the downloads of jobs.

    Args:
        book: The jobs.
        destinations: The folders that jobs may write to.
        runner: Runs the downloads, under ``limiter``.
        limiter: The bandwidth limit shared by all jobs.
        draw: Random numbers in [0, 1), for the jitter of the backoff.
        on_over: Called from any thread when a file has ended.
    """

    def __init__(
        self,
        book: Book,
        destinations: Destinations,
        runner: Runner,
        limiter: RateLimiter,
        draw: Callable[[], float],
        on_over: Callable[[], object],
    ) -> None:
        self._book = book
        self._destinations = destinations
        self._runner = runner
        self._limiter = limiter
        self._draw = draw
        self._on_over = on_over
        self._running: dict[JobId, Running] = {}
        self._shown: dict[JobId, Progress] = {}
        self._own_limits: dict[JobId, RateLimiter] = {}

    # From any thread --------------------------------------------------------------------------------------

    def running(self, identity: JobId) -> Running | None:
        """The running download of a job, or ``None``."""
        return self._running.get(identity)

    def seen(self, job: QueuedJob) -> QueuedJob:
        """The job with the present progress of its download, which may not be stored yet."""
        running = self._running.get(job.id)
        return job if running is None else _seen(job, running)

    def all_running(self) -> list[Running]:
        """All running downloads."""
        return list(self._running.values())

    def stop(self, job: QueuedJob) -> None:
        """Asks a job's download to stop. If none is running, an unwanted partial file is removed at once."""
        running = self._running.get(job.id)
        if running is not None:
            running.stop()
        elif job.part_unwanted:
            self._drop_part(job)

    def limit(self, identity: JobId, bytes_per_second: float | None) -> bool:
        """Changes the own limit of a running job; returns whether that was possible without a restart."""
        limiter = self._own_limits.get(identity)
        if limiter is not None:
            limiter.bytes_per_second = bytes_per_second
        return limiter is not None or bytes_per_second is None

    def paused_hosts(self) -> int:
        """The number of hosts that are in backoff."""
        return len(self._runner.paused_hosts())

    def close(self) -> None:
        """Stops all downloads; partial files are kept."""
        self._runner.close()

    # On the queue's thread, with the book's lock ----------------------------------------------------------

    def look(self, now: float) -> bool:
        """Records the progress of all running downloads; returns whether one has ended."""
        before = len(self._running)
        for identity, running in list(self._running.items()):
            try:
                self._look_at(identity, running, now)
            except FetchError as error:
                _logger.warning("job %s: %s", identity, error)  # retried at the next turn
            except Exception as raised:  # noqa: BLE001 - an error ends only its own job
                self._give_up(identity, running, raised, now)
        return len(self._running) < before

    def begin(self, now: float, *, most: int) -> None:
        """Starts due jobs.

        Args:
            now: Seconds since 1970.
            most: The number of jobs that run at a time.
        """
        waiting = [job for job in self._book.all() if job.id not in self._running]
        for job in schedule.due(waiting, now, most=most - len(self._running)):
            self._begin(job, now)

    def _begin(self, job: QueuedJob, now: float) -> None:
        started = job.started(now)
        self._book.note(started)
        try:
            settings = self._destinations.settings(job.wanted, self._limiter_for(job))
            self._running[job.id] = self._runner.start(job.wanted.as_job(settings), self._on_over)
        except Exception as raised:  # noqa: BLE001 - an error ends only its own job
            self._book.note(started.failed(error_of(error_for(raised, job.reference)), now))

    def _limiter_for(self, job: QueuedJob) -> RateLimiter:
        if job.wanted.limit_rate is None:
            return self._limiter
        self._own_limits[job.id] = RateLimiter(job.wanted.limit_rate, within=self._limiter)
        return self._own_limits[job.id]

    def _look_at(self, identity: JobId, running: Running, now: float) -> None:
        results, job = running.results, self._book.find(identity)
        if job is None and results is None:
            return  # the job was removed, and its download is stopping
        if job is not None and results is None:
            self._show(job, running, now)
            return
        del self._running[identity]  # first, because the next event says that the download has stopped
        try:
            if job is not None and results is not None:
                # A failed one was found in conflict: what it has seen of its destination is the other job's.
                seen = job if job.state is JobState.FAILED else _seen(job, running)
                self._settled(seen, results, now, was_lost=running.was_lost)
        except FetchError:
            self._running[identity] = running  # it isn't written down, and is looked at again
            raise
        self._shown.pop(identity, None)
        self._own_limits.pop(identity, None)
        let_go(identity, running.forget)

    def _show(self, job: QueuedJob, running: Running, now: float) -> None:
        if job.state is not JobState.ACTIVE:
            return
        progress, seen = running.progress, _seen(job, running)
        if seen.path != job.path and (error := conflict(seen, running.files, self._book.all())) is not None:
            self._book.note(replace(job, name=seen.name).failed(error_of(error), now))
            running.stop()
            return
        if _lasting(seen) != _lasting(job):
            self._book.note(seen)
        elif replace(progress, seconds=0.0) != self._shown.get(job.id):
            self._book.show(seen)
        self._shown[job.id] = replace(progress, seconds=0.0)

    def _give_up(self, identity: JobId, running: Running, raised: Exception, now: float) -> None:
        let_go(identity, running.stop, running.forget)
        self._running.pop(identity, None)
        self._own_limits.pop(identity, None)
        job = self._book.find(identity)
        if job is not None and not job.has_ended:
            self._book.note(job.failed(error_of(error_for(raised, job.reference)), now))

    def _settled(self, job: QueuedJob, results: Sequence[Result], now: float, *, was_lost: bool) -> None:
        """Records the outcome of a download that has ended or was stopped."""
        error = next((result.error for result in results if result.error is not None), None)
        if error is None and job.state is not JobState.CANCELLED:
            self._book.note(_done(job, results, now))
        elif job.state is JobState.ACTIVE and isinstance(error, DownloadCancelled):
            self._book.note(job.put_back())
        elif job.state is JobState.ACTIVE and error is not None:
            after = self._after_loss(job, error, now) if was_lost else self._after_failure(job, error, now)
            self._book.note(after)
        elif job.part_unwanted:
            self._drop_part(job)
        else:
            self._book.note(job)

    def _drop_part(self, job: QueuedJob) -> None:
        remove_parts(own_destinations(job, self._book.all()))
        self._book.change(replace(job, part_unwanted=False, bytes_stored=0))

    def _after_loss(self, job: QueuedJob, error: FetchError, now: float) -> QueuedJob:
        """The job after a failure of the engine: tried again at once, then with backoff, then failed."""
        if job.attempts >= MOST_LOSSES:
            return job.failed(error_of(error), now)
        again = schedule.retry_at(job, now, self._draw()) if job.attempts else 0.0
        return job.put_back(not_before=again or 0.0, error=error_of(error))

    def _after_failure(self, job: QueuedJob, error: FetchError, now: float) -> QueuedJob:
        said = error_of(error)
        if isinstance(error, DiskFullError):
            waits_for = f"disk space: {error.message}"
            return replace(job.put_back(waits_for=waits_for, not_before=now + SPACE_SECONDS, error=said), attempts=0)
        again = schedule.retry_at(job, now, self._draw()) if said.retryable else None
        if again is None:
            return job.failed(said, now)
        return job.put_back(not_before=again, error=said)


def _seen(job: QueuedJob, running: Running) -> QueuedJob:
    """The job with the present progress of its download."""
    progress = running.progress
    destinations = tuple(dict.fromkeys((*job.destinations, *map(str, running.destinations))))
    is_several = len(running.files) > 1
    is_final = progress.path is not None and (is_several or progress.name in (None, progress.path.name))
    return replace(
        job,
        name=progress.name or job.name,
        path=str(progress.path) if is_final else job.path,
        destinations=destinations,
        size=job.size if progress.length is None else progress.length,
        # Until the part file is open again, the number of stored bytes is unknown, so the old one is shown.
        bytes_stored=progress.bytes_stored or job.bytes_stored,
        waits_for=progress.note if job.state is JobState.ACTIVE else job.waits_for,
    )


def _lasting(job: QueuedJob) -> tuple[object, ...]:
    """The fields with changes that are stored: they change rarely and are needed after a restart."""
    return job.name, job.path, job.destinations, job.size


def _done(job: QueuedJob, results: Sequence[Result], now: float) -> QueuedJob:
    size = sum(result.size or 0 for result in results)
    path = results[0].path if len(results) == 1 else None
    known = replace(job, size=size, bytes_stored=size, destinations=())
    if path is not None:
        known = replace(known, path=str(path), name=path.name)
    return known.finished(as_object(results), now)
