"""Where slow work is done: tasks in bounded steps, so that threads and a simulation can run the same ones."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum
from threading import Condition, Thread, current_thread
from typing import TYPE_CHECKING, Protocol, TypeAlias

from anymatix_fetcher.core.messages import StorageFailed
from anymatix_fetcher.errors import FetchError, StorageError
from anymatix_fetcher.storage.disk import storage_error

if TYPE_CHECKING:
    from pathlib import Path

_logger = logging.getLogger("anymatix_fetcher.storage")


class Step(Enum):
    """What a task wants after a step."""

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
        """Does a bounded piece of work: some MiB, or one call to the system."""

    def fail(self, error: Exception) -> None:
        """A step has raised ``error``; no other will follow."""


class Worker(Protocol):
    """Runs one task."""

    def wake(self) -> None:
        """Ends an idle task's sleep; one that isn't idle goes on once more before it sleeps."""

    def stop(self) -> None:
        """Runs no further step, and returns when none is running."""


class Workers(Protocol):
    """Whoever runs tasks."""

    def start(self, task: Task) -> Worker:
        """Begins to run ``task``."""


class ThreadWorkers:
    """Runs each task on a daemon thread of its own, which sleeps while the task is idle."""

    def start(self, task: Task) -> Worker:
        """Implements ``Workers.start``."""
        return _ThreadWorker(task)


class _ThreadWorker:
    def __init__(self, task: Task) -> None:
        self._task = task
        self._changed = Condition()
        self._awake = True
        self._stopped = False
        self._thread = Thread(target=self._run, name=f"anymatix-fetcher {type(task).__name__}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Implements ``Worker.wake``."""
        with self._changed:
            self._awake = True
            self._changed.notify()

    def stop(self) -> None:
        """Implements ``Worker.stop``."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread is not current_thread():
            self._thread.join()

    def _run(self) -> None:
        following: Next = Step.MORE
        while following is not Step.DONE and self._may_go_on(following):
            try:
                following = self._task.step()
            except Exception as error:  # noqa: BLE001 - a thread that dies silently leaves a download that never ends
                self._task.fail(error)
                return

    def _may_go_on(self, following: Next) -> bool:
        """Sleeps as long as the task wants; false when it has been stopped."""
        with self._changed:
            if following is not Step.MORE:
                timeout = following.seconds if isinstance(following, After) else None
                self._changed.wait_for(lambda: self._awake or self._stopped, timeout)
            self._awake = False
            return not self._stopped


def failure(error: Exception, path: Path) -> StorageFailed:
    """The event for what a step about ``path`` has raised."""
    if isinstance(error, FetchError):
        return StorageFailed(error)
    if isinstance(error, OSError):
        return StorageFailed(storage_error(error, path))
    _logger.error("a task failed for a reason that is a bug", exc_info=error)
    return StorageFailed(StorageError(f"internal error: {error!r}", hint="Please report this."))
