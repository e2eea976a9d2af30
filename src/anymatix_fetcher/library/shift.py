"""Works on several files at a time with a few threads, and reports progress to the waiting caller."""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from concurrent.futures import Future

T = TypeVar("T")

Task: TypeAlias = "Callable[[Callable[[int], None]], T]"
"""Processes one file; calls the passed function with the number of bytes that it has read."""

TURN_SECONDS = 0.1
MOST_AT_ONCE = 4
"""More concurrent files don't help: hashing takes a core each, and a disk has to seek between them."""


@dataclass(frozen=True, slots=True)
class Turn(Generic[T]):
    """The progress of the work.

    Args:
        bytes_read: The bytes read by each task.
        running: The numbers of the running tasks, the oldest first.
        finished: The tasks that have ended since the last turn, with their results.
    """

    bytes_read: tuple[int, ...]
    running: tuple[int, ...]
    finished: tuple[tuple[int, T], ...]


class _StoppedError(Exception):
    """The caller no longer waits for the work."""


def work_through(
    tasks: Sequence[Task[T]], *, at_once: int | None = None, turn_seconds: float = TURN_SECONDS
) -> Generator[Turn[T], None, None]:
    """Runs all tasks; yields a turn when one ends, and every ``turn_seconds``. Closing the generator stops them.

    An exception of a task is raised here, after the others have stopped.

    Args:
        tasks: The tasks.
        at_once: The number of concurrent tasks; by default the number of cores, up to :data:`MOST_AT_ONCE`.
        turn_seconds: The maximum time between two turns.
    """
    stopped, counts = Event(), [0] * len(tasks)
    threads = at_once or min(MOST_AT_ONCE, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(threads, "reading")

    def run(number: int) -> T:
        def count(more: int) -> None:
            if stopped.is_set():
                raise _StoppedError
            counts[number] += more

        count(0)
        return tasks[number](count)

    try:
        waiting: dict[Future[T], int] = {pool.submit(run, number): number for number in range(len(tasks))}
        while waiting:
            done, _ = wait(waiting, timeout=turn_seconds, return_when=FIRST_COMPLETED)
            finished = [(waiting.pop(future), future.result()) for future in sorted(done, key=waiting.__getitem__)]
            running = tuple(number for future, number in waiting.items() if future.running())
            yield Turn(tuple(counts), running, tuple(finished))
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)
