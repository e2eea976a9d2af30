"""How far long work on many files is: bytes done of bytes to do, by what was read and not by what was hoped."""

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
    """Told several times a second how far it is, on the calling thread."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CareProgress:
    """How far it is, at one moment.

    Args:
        doing: What is done, in a word: "verifying", "hashing", "comparing".
        name: What is being worked on; of several files the one that was begun first.
        files_done: Files that are finished.
        files: All of them.
        bytes_done: Bytes that were read.
        bytes_to_do: Bytes that there are to read in all; less than at first where files turn out to be unreadable.
        bytes_per_second: Over the last seconds.
        eta_seconds: The time to go at this rate; ``None`` where there is no ground for a guess.
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
    """Counts what is done.

    Args:
        doing: What is done, in a word.
        sizes: Bytes to read of each file.
        names: Of the files, as they are shown.
        on_progress: Told how far it is.
        clock: Seconds, never going back.
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
        """Takes how far the work is, and tells."""
        self._count(sum(turn.bytes_read))
        self._read = list(turn.bytes_read)
        for number, _ in turn.finished:
            self.finish(number)
        self.tell(turn.running[0] if turn.running else None)

    def add(self, number: int, count: int) -> None:
        """``count`` more bytes of a file were read."""
        self._read[number] += count
        self._count(sum(self._read))

    def finish(self, number: int) -> None:
        """A file is finished; what wasn't read of it needn't be read any longer."""
        self._done.add(number)
        self._sizes[number] = self._read[number]

    def tell(self, number: int | None) -> None:
        """Tells how far it is, and that file ``number`` is being worked on."""
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
    """The tasks' numbers and what they come to, as they end, several at a time; ends early when it is cancelled."""
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
    """What work that yields its progress comes to, where nobody wants to see that."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
