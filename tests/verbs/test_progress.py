from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.library.shift import Turn
from anymatix_fetcher.verbs.progress import CareProgress, Tracker, done, worked_through

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_bytes_that_were_read_are_told_of_those_to_read_with_rate_and_time_left() -> None:
    clock, told = Clock(), list[CareProgress]()
    tracker = Tracker("hashing", [100, 300], ["a", "b"], told.append, clock)
    clock.now = 2.0
    tracker.turn(Turn((100, 20), (1,), ((0, "result"),)))
    assert told == [CareProgress("hashing", "b", 1, 2, 120, 400, 60.0, 280 / 60)]


def test_what_wont_be_read_any_longer_isnt_waited_for() -> None:
    clock, told = Clock(), list[CareProgress]()
    tracker = Tracker("hashing", [100, 300], ["a", "b"], told.append, clock)
    clock.now = 1.0
    tracker.turn(Turn((30, 0), (1,), ((0, None),)))
    assert (told[-1].bytes_done, told[-1].bytes_to_do) == (30, 330)
    tracker.turn(Turn((30, 300), (), ((1, None),)))
    assert (told[-1].bytes_done, told[-1].bytes_to_do, told[-1].eta_seconds) == (330, 330, None)
    assert (told[-1].files_done, told[-1].name) == (2, "")


def test_a_file_that_has_grown_isnt_done_before_its_end() -> None:
    clock, told = Clock(), list[CareProgress]()
    tracker = Tracker("comparing", [10], ["a"], told.append, clock)
    tracker.add(0, 15)
    tracker.tell(0)
    assert (told[-1].bytes_done, told[-1].bytes_to_do) == (15, 15)


def test_work_ends_early_when_it_is_cancelled() -> None:
    cancel, told = CancelToken(), list[CareProgress]()

    def forever(on_bytes: Callable[[int], None]) -> int:
        while True:
            on_bytes(1)

    def quick(_: Callable[[int], None]) -> int:
        return 7

    tracker = Tracker("hashing", [1, 1], ["a", "b"], told.append)
    results = []
    for number, result in worked_through([quick, forever], tracker, cancel):
        results.append((number, result))
        cancel.cancel()
    assert results == [(0, 7)]


def test_what_work_comes_to_is_had_without_its_progress() -> None:
    def steps() -> Generator[int, None, str]:
        yield 1
        yield 2
        return "all"

    assert done(steps()) == "all"
