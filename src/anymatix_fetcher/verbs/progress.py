"""The progress of long work on many files, in bytes read."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.core.pace.meter import Meter
from anymatix_fetcher.library.shift import work_through

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from typing import TypeAlias

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.library.shift import Task, Turn

    OnCare: TypeAlias = "Callable[[CareProgress], None]"
    """Called several times a second with the progress, on the calling thread."""

T = TypeVar("T")


def unheard(_: object) -> None:
    """Hears of progress where the caller doesn't want to."""


@dataclass(frozen=True, slots=True)
class CareProgress:
    """The progress at one moment.

    Args:
        doing: The activity: "verifying", "hashing", "comparing".
        name: The current file; with several at a time, the one that was started first.
        files_done: The number of finished files.
        files: The number of all files.
        bytes_done: The bytes read.
        bytes_to_do: The bytes to read in all. It decreases if files can't be read.
        bytes_per_second: The rate over the last seconds.
        eta_seconds: The remaining time at this rate; ``None`` if unknown.
    """

    doing: str
    name: str
    files_done: int
    files: int
    bytes_done: int
    bytes_to_do: int
    bytes_per_second: float
    eta_seconds: float | None


class Tracker:
    """Measures the progress.

    Args:
        doing: The activity.
        sizes: The bytes to read of each file.
        names: The files' names for display.
        on_progress: Called with the progress.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        doing: str,
        sizes: Sequence[int],
        names: Sequence[str],
        on_progress: OnCare,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doing = doing
        self._sizes = list(sizes)
        self._names = names
        self._on_progress = on_progress
        self._clock = clock
        self._meter = Meter(clock())
        self._read = [0] * len(sizes)
        self._done = set[int]()

    def turn(self, turn: Turn[T]) -> None:
        """Records the progress of one task, and reports."""
        self._count(sum(turn.bytes_read))
        self._read = list(turn.bytes_read)
        for number, _ in turn.finished:
            self.finish(number)
        self.tell(turn.running[0] if turn.running else None)

    def add(self, number: int, count: int) -> None:
        """Records that ``count`` more bytes of a file were read."""
        self._read[number] += count
        self._count(sum(self._read))

    def finish(self, number: int) -> None:
        """Records the end of a file. Bytes that weren't read of it no longer count as work to do."""
        self._done.add(number)
        self._sizes[number] = self._read[number]

    def tell(self, number: int | None) -> None:
        """Reports the progress with file ``number`` as the current one."""
        now, done = self._clock(), self._meter.total
        to_do = sum(max(size, read) for size, read in zip(self._sizes, self._read, strict=True))
        rate = self._meter.rate(now)
        self._on_progress(
            CareProgress(
                self._doing,
                "" if number is None else self._names[number],
                len(self._done),
                len(self._sizes),
                done,
                to_do,
                rate,
                (to_do - done) / rate if rate > 0 and self._done != set(range(len(self._sizes))) else None,
            )
        )

    def _count(self, total: int) -> None:
        self._meter.add(max(0, total - self._meter.total), self._clock())


def worked_through(tasks: Sequence[Task[T]], tracker: Tracker, cancel: CancelToken) -> Iterator[tuple[int, T]]:
    """The numbers and results of the tasks as they end, several at a time, until cancelled."""
    turns = work_through(tasks)
    try:
        for turn in turns:
            tracker.turn(turn)
            yield from turn.finished
            if cancel.cancelled:
                return
    finally:
        turns.close()


def done(steps: Generator[object, None, T]) -> T:
    """The result of a generator, without its progress."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
