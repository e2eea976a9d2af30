from __future__ import annotations

import threading
import time

from anymatix_fetcher.transports.threads.turns import AT_ONCE, Turns

PATIENCE_SECONDS = 10.0


class Reader:
    """A thread that takes a turn, and keeps it until it is told."""

    def __init__(self, turns: Turns) -> None:
        self.has_turn = threading.Event()
        self.may_leave = threading.Event()
        self._turns = turns
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        with self._turns.reading:
            self.has_turn.set()
            assert self.may_leave.wait(PATIENCE_SECONDS)

    def leave(self) -> None:
        self.may_leave.set()
        self.thread.join(PATIENCE_SECONDS)


def test_only_a_few_read_at_a_time_and_each_gets_its_turn() -> None:
    turns = Turns()
    first = [Reader(turns) for _ in range(AT_ONCE)]
    assert all(one.has_turn.wait(PATIENCE_SECONDS) for one in first)
    late = Reader(turns)
    assert not late.has_turn.wait(0.05)
    first[0].leave()
    assert late.has_turn.wait(PATIENCE_SECONDS)
    for one in (*first, late):
        one.leave()
    assert not late.thread.is_alive()


def test_it_waits_while_everybody_does() -> None:
    turns = Turns()
    assert turns.waited_seconds < turns_later(turns)
    with turns.busy():
        assert turns.waited_seconds == turns_later(turns)
        with turns.busy(), turns.waiting():
            assert turns.waited_seconds == turns_later(turns)  # the other one is still busy
        with turns.waiting():
            assert turns.waited_seconds < turns_later(turns)
        assert turns.waited_seconds == turns_later(turns)
    assert turns.waited_seconds < turns_later(turns)


def turns_later(turns: Turns) -> float:
    """What it says when the clock has moved on."""
    began = time.monotonic()
    while time.monotonic() == began:
        pass
    return turns.waited_seconds
