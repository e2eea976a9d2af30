"""Workers: tasks in bounded steps, which threads and the simulation can run alike."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Lock, Thread, current_thread
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeAlias

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.core.values.messages import StorageFailed
from anymatix_fetcher.core.values.shortages import NO_THREADS
from anymatix_fetcher.errors import InternalError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

_logger = logging.getLogger("anymatix_fetcher.storage")

MOST_THREADS = 8
QUICK_SECONDS = 0.001
"""While steps take less time, one thread runs them all: Python runs one thread at a time, and switching costs more than
such a step."""
REST_SECONDS = 1.0
"""A thread ends after this idle time."""


class Step(Enum):
    """The request of a task after a step."""

    MORE = "another step"
    IDLE = "another step when it is woken"
    DONE = "no further step"


@dataclass(frozen=True, slots=True)
class After:
    """Another step after this time, or when the task is woken."""

    seconds: float


Next: TypeAlias = Step | After


class Task(Protocol):
    """Slow work. One thread at a time runs it."""

    def step(self) -> Next:
        """Does a bounded piece of work: some MiB, or one system call."""

    def fail(self, error: Exception) -> None:
        """Takes the error of a step, or of a task that could not start. No step follows. Its exceptions are logged."""


class Worker(Protocol):
    """Runs one task."""

    def wake(self) -> None:
        """Ends an idle task's sleep. A running task gets another step before it sleeps."""

    def stop(self) -> None:
        """Runs no further step; returns when none is running."""


class Workers(Protocol):
    """Runs tasks."""

    def start(self, task: Task, *, asleep: bool = False) -> Worker:
        """Starts ``task``: at once, or with ``asleep`` when it is woken."""

    def hold(self) -> None:
        """Starts no further step until :meth:`go_on`, as far as that is possible at once.

        For a thread with many short pieces of work: Python runs one thread at a time, so after each system call it
        would have to wait for its next turn.
        """

    def go_on(self) -> None:
        """Ends :meth:`hold`. Does nothing otherwise.

        Has to be called regularly, because tasks for which no thread can be created fail here.
        """


class ThreadWorkers:
    """Runs tasks on a few daemon threads, which are created when needed and end soon after.

    An idle task takes no thread, so a thousand small files don't need a thousand threads. Other tasks take turns, step
    by step. One thread runs the steps while they are fast. A second one stands by, and runs the next step if the first
    one is blocked by the disk.

    Args:
        most: The limit on threads. They mostly wait for the disk, and disks serve concurrent requests faster.
    """

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._most = most
        self._lock = Lock()
        self._work = Condition(self._lock)
        self._ended = Condition(self._lock)
        self._ready: deque[_PooledWorker] = deque()
        self._later: list[tuple[float, int, _PooledWorker]] = []
        self._postponed = count()
        self._threads = 0
        self._resting = 0
        self._running = 0
        self._moved_at = float("-inf")
        self._stands_by = False
        self._called = False
        self._held = False
        self._is_starved = False

    def start(self, task: Task, *, asleep: bool = False) -> Worker:
        """Implements ``Workers.start``."""
        worker = _PooledWorker(task, self)
        if not asleep:
            worker.wake()
        return worker

    def hold(self) -> None:
        """Implements ``Workers.hold``."""
        self._held = True

    def go_on(self) -> None:
        """Implements ``Workers.go_on``."""
        with self._lock:
            self._held = False
            self._call()
            stranded = list(self._ready) if self._is_starved and not self._threads else []
            if stranded:
                self._ready.clear()
        for worker in stranded:
            if not worker.stopped:
                worker.give_up(no_thread())

    # For the pool's own workers, from any thread ----------------------------------------------------------

    def wake(self, worker: _PooledWorker) -> None:
        """Schedules a step of the worker; a running one gets another step."""
        with self._lock:
            self._wake(worker)

    def stop(self, worker: _PooledWorker) -> None:
        """Schedules no further step of the worker; returns when none is running."""
        with self._lock:
            worker.stopped = True
            if worker.runner is not current_thread():
                self._ended.wait_for(lambda: worker.runner is None)

    # With the lock ----------------------------------------------------------------------------------------

    def _wake(self, worker: _PooledWorker) -> None:
        worker.wakes_at = None
        if not worker.awake:
            worker.awake = True
            if worker.runner is None:
                self._enqueue(worker)

    def _enqueue(self, worker: _PooledWorker) -> None:
        self._ready.append(worker)
        self._call()

    def _call(self) -> None:
        """Wakes one more thread, unless one is waking up already, which will wake the next one.

        A caller that queues a hundred tasks wakes one thread, not eight: each wake-up is a system call, and the slowest
        part of a small download.
        """
        if self._called or self._held or not self._ready or (self._running and self._stands_by):
            return
        if self._resting:
            self._called = True
            self._work.notify()
        elif self._threads < self._most:
            try:
                Thread(target=self._run, name="anymatix-fetcher worker", daemon=True).start()
            except RuntimeError:  # at the limit, existing threads do the work; go_on handles that there is none
                self._is_starved = True
                return
            self._threads += 1
            self._called = True
            self._is_starved = False

    def _run(self) -> None:
        with self._lock:
            self._called = False
            was_slow = False
            try:
                while (worker := self._next(at_once=was_slow)) is not None:
                    was_slow = not worker.stopped and self._turn(worker)
            finally:
                self._threads -= 1

    def _next(self, *, at_once: bool) -> _PooledWorker | None:
        """The next worker; ``None`` if there was none for long.

        Args:
            at_once: Whether to take it even if other threads make progress.
        """
        deadline = monotonic() + REST_SECONDS
        while True:
            now = monotonic()
            while self._later and self._later[0][0] <= now:
                moment, _, postponed = heappop(self._later)
                if postponed.wakes_at == moment:
                    self._wake(postponed)
            if self._ready and not self._held:
                patience = 0.0 if at_once or not self._running else self._moved_at + QUICK_SECONDS - now
                if patience <= 0:
                    self._moved_at = now
                    return self._ready.popleft()
                if not self._stands_by:
                    self._stands_by = True
                    self._rest(patience)
                    self._stands_by = False
                    continue
            if now >= deadline and not self._later:
                return None
            self._rest((self._later[0][0] if self._later else deadline) - now)

    def _rest(self, seconds: float) -> None:
        self._resting += 1
        self._work.wait(seconds)
        self._resting -= 1
        self._called = False  # even without a call, because a call at the timeout isn't reported

    def _turn(self, worker: _PooledWorker) -> bool:
        """Runs one step of the worker; returns whether it was slow."""
        worker.awake, worker.runner = False, current_thread()
        self._running += 1
        self._call()
        self._lock.release()
        began = monotonic()
        following: Next = Step.DONE
        try:
            following = worker.step()
        finally:
            self._lock.acquire()
            worker.runner = None
            worker.stopped = worker.stopped or following is Step.DONE
            self._running -= 1
            if worker.stopped:
                self._ended.notify_all()
        now = monotonic()
        if worker.stopped:
            pass
        elif following is Step.MORE or worker.awake:
            worker.awake = True
            self._ready.append(worker)  # without a call, because this thread takes the next one now
        elif isinstance(following, After):
            worker.wakes_at = now + following.seconds
            heappush(self._later, (worker.wakes_at, next(self._postponed), worker))
            self._work.notify()  # an idle thread may have a later deadline
        return now - began >= QUICK_SECONDS


class _PooledWorker:
    """One task of a pool: asleep, queued, or running on a thread. The pool's lock guards its attributes."""

    __slots__ = ("_pool", "_task", "awake", "runner", "stopped", "wakes_at")

    def __init__(self, task: Task, pool: ThreadWorkers) -> None:
        self._task = task
        self._pool = pool
        self.awake = False
        self.runner: Thread | None = None
        self.stopped = False
        self.wakes_at: float | None = None

    def wake(self) -> None:
        """Implements ``Worker.wake``."""
        self._pool.wake(self)

    def stop(self) -> None:
        """Implements ``Worker.stop``."""
        self._pool.stop(self)

    def step(self) -> Next:
        """One step of the task, without the lock."""
        try:
            return self._task.step()
        except Exception as error:  # noqa: BLE001 - an unreported error would leave a download that never ends
            self.give_up(error)
            return Step.DONE

    def give_up(self, error: Exception) -> None:
        """Reports a failure to the task; an exception from that can only be logged."""
        self.stopped = True
        try:
            self._task.fail(error)
        except Exception:
            _logger.exception("a task has failed, and couldn't say so")


def no_thread() -> StorageError:
    """The error for a thread that can't be created."""
    return StorageError(
        "the system gives this program no more threads",
        hint=NO_THREADS,
    )


def failure(error: Exception, path: Path) -> StorageFailed:
    """The event for an exception of a step on ``path``."""
    ours = error_of(error, path)
    if isinstance(ours, InternalError):
        _logger.error("a task failed for a reason that is a bug", exc_info=error)
    return StorageFailed(ours)
