"""The queue: what its faces call. Every change is on the disk when the call returns, and no call waits for a download.

One thread looks at what runs four times a second, begins what is due, and tells listeners. All methods may be called
from any thread.
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
"""How often what runs is looked at."""
AGAIN_SECONDS = 5.0
"""After so long the queue goes on where the disk took nothing."""
_SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """What can be changed while it runs, and is kept over restarts.

    Args:
        limit_rate: The most bytes a second for all jobs together; ``None`` for no limit.
        max_downloads: How many jobs run at a time.
        rpc_always_active: Whether aria2's protocol calls a job active that waits for its turn.
    """

    limit_rate: float | None = None
    max_downloads: int = 5
    rpc_always_active: bool = False


class Queue:
    """Jobs that outlive the process.

    Args:
        store: Where they are written; the queue closes it.
        destinations: Where they may go.
        runner: Carries them out, under ``limiter``; the queue closes it.
        limiter: The limit that all of them share.
        check: Raises what is wrong with a job that can be seen without asking a server.
        clock: Seconds since 1970.
        draw: Numbers in [0, 1), for the jitter of backoff.
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
        """The jobs of an earlier run that can't stay as they are: what was active goes on, if its address is known."""
        for job in self._book.all():
            if job.part_unwanted:
                remove_parts(job.destinations)
                yield replace(job, part_unwanted=False, bytes_stored=0)
            elif not job.has_ended and not job.wanted.reference:
                yield job.failed(ADDRESS_IS_GONE, self._clock())
            elif job.state is JobState.ACTIVE:
                yield job.put_back()

    # Running ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Lets the queue run, on a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="anymatix-queue", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends it; parts and journals are kept, and what was active goes on at the next start. Twice is once."""
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
                _logger.exception("the queue has met a bug, and goes on")

    def turn(self) -> None:
        """Looks at what runs, and begins what is due. Called by the queue's own thread, and by tests."""
        with self._book.lock:
            now = self._clock()
            has_room = self._execution.look(now)  # also where its job was taken out, and so nothing else has changed
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
        """How many jobs there are."""
        return self._book.job_count

    def jobs(self, state: JobState | None = None) -> list[QueuedJob]:
        """The jobs, in the order in which they go; those that have ended come last, the newest first."""
        return schedule.listed(job for job in self._book.all() if state in (None, job.state))

    def get(self, identity: str) -> QueuedJob:
        """One job.

        Raises:
            UnknownJobError: There is none of this id.
        """
        return self._book.get(identity)

    def find(self, identity: str) -> QueuedJob | None:
        """One job; ``None`` where there is none of this id."""
        return self._book.find(identity)

    def progress(self, identity: str) -> Progress | None:
        """How a job that is under way stands; ``None`` where it isn't."""
        running = self._execution.running(self._book.get(identity).id)
        return running.progress if running is not None else None

    def view(self, job: QueuedJob) -> dict[str, object]:
        """A job's JSON form, with how it stands now."""
        running = self._execution.running(job.id)
        progress = running.progress if running is not None else None
        return job_object(job, progress, max_downloads=self._settings.max_downloads)

    def blocks(self, identity: str) -> BlockMap:
        """Which pieces of a job's file are here; of several files, those of the one that is under way.

        Raises:
            UnknownJobError: There is none of this id.
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
        """The destinations of files under way that have to have ``digest``, each with the file's length."""
        files = (file for running in self._execution.all_running() for file in running.files)
        return [(file.path, file.length) for file in files if file.path and file.length and digest in file.digests]

    def is_busy(self, identity: str) -> bool:
        """Whether something works on a job, though it may have been told to stop."""
        job = self._book.find(identity)
        return job is not None and (job.part_unwanted or self._execution.running(job.id) is not None)

    def add(self, wishes: Sequence[JobRequest]) -> list[tuple[QueuedJob, bool]]:
        """See :meth:`Adding.add`."""
        return self._adding.add(wishes)

    def pause(self, identity: str) -> QueuedJob:
        """See :class:`Changing`, as for all below."""
        return self._changing.pause(identity)

    def resume(self, identity: str) -> QueuedJob:
        """Lets it go on."""
        return self._changing.resume(identity)

    def retry(self, identity: str) -> QueuedJob:
        """Tries a failed or cancelled job again."""
        return self._changing.retry(identity)

    def cancel(self, identity: str, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """Ends one that hasn't ended."""
        return self._changing.cancel(identity, part=part)

    def remove(self, identity: str, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """Takes out one that has ended."""
        return self._changing.remove(identity, part=part)

    def move(self, identity: str, position: int) -> QueuedJob:
        """Changes its place in line."""
        return self._changing.move(identity, position)

    def set_priority(self, identity: str, priority: int) -> QueuedJob:
        """Changes its priority."""
        return self._changing.set_priority(identity, priority)

    def replace_reference(self, identity: str, reference: str) -> QueuedJob:
        """Gives it another address."""
        return self._changing.replace_reference(identity, reference)

    def change(self, identity: str, change: Callable[[JobWanted], JobWanted]) -> QueuedJob:
        """Has something else of it wanted."""
        return self._changing.change(identity, change)

    def pause_all(self) -> None:
        """Pauses all that haven't ended."""
        self._changing.pause_all()

    def resume_all(self) -> None:
        """Lets all that are paused go on."""
        self._changing.resume_all()

    def remove_ended(self) -> None:
        """Takes out all that have ended."""
        self._changing.remove_ended()

    # All together -----------------------------------------------------------------------------------------

    @property
    def settings(self) -> QueueSettings:
        """What can be changed while it runs."""
        return self._settings

    def change_settings(self, settings: QueueSettings) -> None:
        """These count from now on.

        Raises:
            StorageError: The disk doesn't take them.
        """
        with self._book.lock:
            self._store.keep(_SETTINGS, asdict(settings))
            self._settings = settings
            self._limiter.bytes_per_second = settings.limit_rate
        self._wake()

    def counts(self) -> dict[JobState, int]:
        """How many jobs are in each state."""
        return self._book.count()

    def bytes_per_second(self) -> float:
        """What arrives for all of them."""
        return sum(running.progress.bytes_per_second for running in self._execution.all_running())

    def connections(self) -> int:
        """On how many connections bodies flow."""
        return sum(running.progress.connections for running in self._execution.all_running())

    def paused_hosts(self) -> int:
        """How many hosts have asked to be left alone for a while."""
        return self._execution.paused_hosts()

    def subscribe(self, listener: Callable[[QueueEvent], None]) -> Callable[[], None]:
        """Has ``listener`` called for each event; it mustn't block. Returns what ends that."""
        return self.events.subscribe(listener)


def _settings_of(kept: object) -> QueueSettings:
    """The settings as they were kept; what can't be read is as it is by default."""
    match kept:
        case {"limit_rate": float() | int() | None as rate, "max_downloads": int() as most, **others}:
            return QueueSettings(rate, most, rpc_always_active=others.get("rpc_always_active") is True)
        case _:
            return QueueSettings()
