"""The queue's interface for the server and the nodes.

A change is durable when its call returns, and no call waits for a download. One thread reads the progress four times a
second, starts due jobs and publishes events. All methods may be called from any thread.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.queue import blocks, schedule
from anymatix_fetcher.queue.adding import Adding, JobRequest
from anymatix_fetcher.queue.blocks import BlockMap
from anymatix_fetcher.queue.book import Book
from anymatix_fetcher.queue.changing import Changing
from anymatix_fetcher.queue.conflicts import own_destinations
from anymatix_fetcher.queue.events import EventLog
from anymatix_fetcher.queue.execution import Execution
from anymatix_fetcher.queue.failures import ADDRESS_IS_GONE
from anymatix_fetcher.queue.jobs import JobState, PartChoice
from anymatix_fetcher.queue.leavings import remove_parts
from anymatix_fetcher.queue.view import job_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.engine.facts import Job, Progress
    from anymatix_fetcher.queue.destinations import Destinations
    from anymatix_fetcher.queue.events import QueueEvent
    from anymatix_fetcher.queue.jobs import JobWanted, QueuedJob
    from anymatix_fetcher.queue.runner import Runner
    from anymatix_fetcher.queue.store import JobStore
    from anymatix_fetcher.transports.limiter import RateLimiter

_logger = logging.getLogger("anymatix_fetcher.queue")

TURN_SECONDS = 0.25
"""Interval at which the running jobs are checked."""
AGAIN_SECONDS = 5.0
"""Delay before the queue continues after a failed write."""
_SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The settings that can be changed at run time; they are kept across restarts.

    Args:
        limit_rate: Bytes per second for all jobs together; ``None`` for no limit.
        max_downloads: The number of jobs that run at a time.
        rpc_always_active: Whether aria2's RPC reports a waiting job as active.
    """

    limit_rate: float | None = None
    max_downloads: int = 5
    rpc_always_active: bool = False


class Queue:
    """A queue of jobs that outlive the process.

    Args:
        store: The database; the queue closes it.
        destinations: The folders that jobs may write to.
        runner: Runs the downloads, under ``limiter``; the queue closes it.
        limiter: The bandwidth limit shared by all jobs.
        check: Raises the errors of a job that can be found without a request.
        clock: The time in seconds since 1970.
        draw: Random numbers in [0, 1), for the jitter of the backoff.
    """

    def __init__(
        self,
        store: JobStore,
        destinations: Destinations,
        runner: Runner,
        limiter: RateLimiter,
        *,
        check: Callable[[Job], None],
        clock: Callable[[], float] = time.time,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.destinations = destinations
        self.events = EventLog(int(clock() * 1_000_000))
        self._store = store
        self._limiter = limiter
        self._clock = clock
        self._awake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._has_changed = True
        self._next_at = 0.0
        self._book = Book(store, self.events, self._wake)
        self._execution = Execution(self._book, destinations, runner, limiter, draw, self._awake.set)
        stop = self._execution.stop
        self._adding = Adding(self._book, destinations, limiter, check=check, clock=clock, stop=stop)
        self._changing = Changing(
            self._book,
            destinations=destinations,
            limiter=limiter,
            check=check,
            clock=clock,
            stop=stop,
            limit=self._execution.limit,
            seen=self._execution.seen,
        )
        self._settings = _settings_of(store.fact(_SETTINGS))
        limiter.bytes_per_second = self._settings.limit_rate
        self._book.change(*self._taken_up())

    def _taken_up(self) -> Iterator[QueuedJob]:
        """The jobs of an earlier run that have to change: active ones are queued again if their URL was stored."""
        for job in self._book.all():
            if job.part_unwanted:
                remove_parts(own_destinations(job, self._book.all()))
                yield replace(job, part_unwanted=False, bytes_stored=0)
            elif not job.has_ended and not job.wanted.reference:
                yield job.failed(ADDRESS_IS_GONE, self._clock())
            elif job.state is JobState.ACTIVE:
                yield job.put_back()

    # Running ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the queue's thread."""
        self._thread = threading.Thread(target=self._run, name="anymatix-queue", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops the queue. Partial files are kept, and active jobs continue at the next start. Idempotent."""
        if self._closing:
            return
        self._closing = True
        self._awake.set()
        if self._thread is not None:
            self._thread.join()
        self._execution.close()
        self._store.close()

    def _wake(self) -> None:
        self._has_changed = True
        self._awake.set()

    def _run(self) -> None:
        while not self._closing:
            self._awake.wait(TURN_SECONDS)
            self._awake.clear()
            try:
                self.turn()
            except FetchError as error:
                _logger.warning("the queue waits: %s", error)
            except Exception:
                _logger.exception("the queue continues after an internal error")

    def turn(self) -> None:
        """Checks the running jobs and starts due ones. Called by the queue's thread, and by tests."""
        with self._book.lock:
            now = self._clock()
            has_room = self._execution.look(now)  # also true if a removed job has stopped
            if self._closing or not (has_room or self._has_changed or now >= self._next_at):
                return
            self._has_changed, self._next_at = False, now + AGAIN_SECONDS
            self._execution.begin(now, most=self._settings.max_downloads)
            jobs = self._book.all()
            self._book.forget(schedule.expired(jobs, now))
            self._next_at = min(now + schedule.KEEPING_LOOK_SECONDS, schedule.next_moment(jobs, now))

    # Jobs -------------------------------------------------------------------------------------------------

    @property
    def job_count(self) -> int:
        """The number of jobs."""
        return self._book.job_count

    def jobs(self, state: JobState | None = None) -> list[QueuedJob]:
        """The jobs in their order of execution, followed by the ended ones, the newest first."""
        return schedule.listed(job for job in self._book.all() if state in (None, job.state))

    def get(self, identity: str) -> QueuedJob:
        """The job with this id.

        Raises:
            UnknownJobError: No job has this id.
        """
        return self._book.get(identity)

    def find(self, identity: str) -> QueuedJob | None:
        """The job with this id, or ``None``."""
        return self._book.find(identity)

    def progress(self, identity: str) -> Progress | None:
        """The progress of a running job; ``None`` if it isn't running."""
        running = self._execution.running(self._book.get(identity).id)
        return running.progress if running is not None else None

    def view(self, job: QueuedJob) -> dict[str, object]:
        """A job with its present progress, as a JSON object."""
        running = self._execution.running(job.id)
        progress = running.progress if running is not None else None
        return job_object(job, progress, max_downloads=self._settings.max_downloads)

    def blocks(self, identity: str) -> BlockMap:
        """The state of each block of a job's file; of several files, of the one that is being downloaded.

        Raises:
            UnknownJobError: No job has this id.
        """
        job = self._book.get(identity)
        running = self._execution.running(job.id)
        if job.state is JobState.DONE:
            return blocks.of_whole(job.size or 0)
        if running is not None:
            files = running.files
            return blocks.of_progress(next((file for file in files if file.connections), files[0]))
        return blocks.of_journal(Path(job.destinations[0]), job.size) if job.destinations else BlockMap()

    def arriving(self, digest: Digest) -> list[tuple[Path, int]]:
        """The destination and length of each running download that expects ``digest``."""
        files = (file for running in self._execution.all_running() for file in running.files)
        return [(file.path, file.length) for file in files if file.path and file.length and digest in file.digests]

    def is_busy(self, identity: str) -> bool:
        """Whether a job's download is still running or its partial file still has to be removed."""
        job = self._book.find(identity)
        return job is not None and (job.part_unwanted or self._execution.running(job.id) is not None)

    def add(self, wishes: Sequence[JobRequest]) -> list[tuple[QueuedJob, bool]]:
        """See :meth:`Adding.add`."""
        return self._adding.add(wishes)

    def pause(self, identity: str) -> QueuedJob:
        """See :class:`Changing`, as for all below."""
        return self._changing.pause(identity)

    def resume(self, identity: str) -> QueuedJob:
        """Resumes a paused job."""
        return self._changing.resume(identity)

    def retry(self, identity: str) -> QueuedJob:
        """Queues a failed or cancelled job again."""
        return self._changing.retry(identity)

    def cancel(self, identity: str, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """Cancels a job that hasn't ended."""
        return self._changing.cancel(identity, part=part)

    def remove(self, identity: str, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """Removes a job that has ended."""
        return self._changing.remove(identity, part=part)

    def move(self, identity: str, position: int) -> QueuedJob:
        """Moves a job within the queue."""
        return self._changing.move(identity, position)

    def set_priority(self, identity: str, priority: int) -> QueuedJob:
        """Changes a job's priority."""
        return self._changing.set_priority(identity, priority)

    def replace_reference(self, identity: str, reference: str) -> QueuedJob:
        """Gives a job another URL for the same file."""
        return self._changing.replace_reference(identity, reference)

    def change(self, identity: str, change: Callable[[JobWanted], JobWanted]) -> QueuedJob:
        """Changes the request of a job."""
        return self._changing.change(identity, change)

    def pause_all(self) -> None:
        """Pauses all jobs that haven't ended."""
        self._changing.pause_all()

    def resume_all(self) -> None:
        """Resumes all paused jobs."""
        self._changing.resume_all()

    def remove_ended(self) -> None:
        """Removes all jobs that have ended."""
        self._changing.remove_ended()

    # All together -----------------------------------------------------------------------------------------

    @property
    def settings(self) -> QueueSettings:
        """The current settings."""
        return self._settings

    def change_settings(self, settings: QueueSettings) -> None:
        """Stores and applies new settings.

        Raises:
            StorageError: The database can't be written.
        """
        with self._book.lock:
            self._store.keep(_SETTINGS, asdict(settings))
            self._settings = settings
            self._limiter.bytes_per_second = settings.limit_rate
        self._wake()

    def counts(self) -> dict[JobState, int]:
        """The number of jobs in each state."""
        return self._book.count()

    def bytes_per_second(self) -> float:
        """The total rate of all jobs."""
        return sum(running.progress.bytes_per_second for running in self._execution.all_running())

    def connections(self) -> int:
        """The number of connections that receive bodies."""
        return sum(running.progress.connections for running in self._execution.all_running())

    def paused_hosts(self) -> int:
        """The number of hosts that are in backoff."""
        return self._execution.paused_hosts()

    def subscribe(self, listener: Callable[[QueueEvent], None]) -> Callable[[], None]:
        """Calls ``listener``, which must not block, for each event. Returns a function that ends the subscription."""
        return self.events.subscribe(listener)


def _settings_of(kept: object) -> QueueSettings:
    """The stored settings; defaults if they can't be read."""
    match kept:
        case {"limit_rate": float() | int() | None as rate, "max_downloads": int() as most, **others}:
            return QueueSettings(rate, most, rpc_always_active=others.get("rpc_always_active") is True)
        case _:
            return QueueSettings()
