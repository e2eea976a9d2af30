from __future__ import annotations

from threading import Barrier, Event
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.library.shift import work_through

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.library.shift import Task


def reads(*counts: int, result: str) -> Task[str]:
    def task(on_bytes: Callable[[int], None]) -> str:
        for count in counts:
            on_bytes(count)
        return result

    return task


def test_every_task_is_done_and_its_bytes_are_counted() -> None:
    turns = list(work_through([reads(1, 2, result="a"), reads(10, result="b"), reads(result="c")]))
    assert sorted(done for turn in turns for done in turn.finished) == [(0, "a"), (1, "b"), (2, "c")]
    assert turns[-1].bytes_read == (3, 10, 0)
    assert turns[-1].running == ()


def test_nothing_to_do_is_done_at_once() -> None:
    assert list(work_through([])) == []


def test_several_are_worked_on_at_a_time() -> None:
    meeting = Barrier(3, timeout=10)

    def meet(_: Callable[[int], None]) -> int:
        return meeting.wait()

    turns = list(work_through([meet] * 3, at_once=3))
    assert sorted(result for turn in turns for _, result in turn.finished) == [0, 1, 2]


def test_a_turn_tells_who_is_being_worked_on_before_anything_has_ended() -> None:
    go_on = Event()

    def wait(on_bytes: Callable[[int], None]) -> bool:
        on_bytes(5)
        return go_on.wait(10)

    turns = work_through([wait, wait], at_once=1, turn_seconds=0.001)
    turn = next(turn for turn in turns if turn.bytes_read[0])
    assert (turn.running, turn.finished, turn.bytes_read) == ((0,), (), (5, 0))
    go_on.set()
    assert [done for turn in turns for done in turn.finished] == [(0, True), (1, True)]


def test_closing_it_ends_the_tasks_at_their_next_bytes_and_begins_no_more() -> None:
    begun: list[int] = []

    def forever(number: int) -> Task[None]:
        def task(on_bytes: Callable[[int], None]) -> None:
            begun.append(number)
            while True:
                on_bytes(1)

        return task

    turns = work_through([forever(0), forever(1)], at_once=1, turn_seconds=0.001)
    next(turns)
    turns.close()
    assert begun == [0]


def test_what_a_task_raises_is_raised_when_the_others_have_stopped() -> None:
    stopped = Event()

    def fail(_: Callable[[int], None]) -> None:
        raise KeyError

    def forever(on_bytes: Callable[[int], None]) -> None:
        try:
            while True:
                on_bytes(1)
        finally:
            stopped.set()

    with pytest.raises(KeyError):
        list(work_through([forever, fail], at_once=2))
    assert stopped.is_set()
