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
"""Does one file's work; tells the function that it is given how many more bytes it has read."""

TURN_SECONDS = 0.1
MOST_AT_ONCE = 4
"""More files at a time than that bring nothing: hashing takes a core each, and a disk has to seek between them."""


@dataclass(frozen=True, slots=True)
class Turn(Generic[T]):
    """How far the work is.

    Args:
        bytes_read: Of each task so far.
        running: The tasks that are being worked on, by their numbers, the oldest first.
        finished: Those that have ended since the last turn, with what they came to.
    """

    bytes_read: tuple[int, ...]
    running: tuple[int, ...]
    finished: tuple[tuple[int, T], ...]


class _StoppedError(Exception):
    """The caller no longer waits for the work."""


def work_through(
    tasks: Sequence[Task[T]], *, at_once: int | None = None, turn_seconds: float = TURN_SECONDS
) -> Generator[Turn[T], None, None]:
    """Does all tasks; yields a turn whenever one ends, and every ``turn_seconds``. To stop early, close it.

    What a task raises is raised here, after the others have stopped.

    Args:
        tasks: What to do.
        at_once: How many at a time; as many as there are cores, up to :data:`MOST_AT_ONCE`, where that isn't given.
        turn_seconds: How long to wait at most between two turns.
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
