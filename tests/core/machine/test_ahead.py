"""Connections that are opened ahead: when the machine asks for them, and for how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.hosts import Host, Hosts
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.spans import Span
from tests.core.machine.bench import MIB, ORIGIN, Bench

if TYPE_CHECKING:
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.urls import Origin

ANSWER_SECONDS = 0.25


class Climbing(Bench):
    """A download whose number of connections is found by trying."""

    def join(self, origin: Origin) -> Share:
        return Host(origin, Pace(), Hosts()).join()

    def answered_first(self, seconds: float, length: int) -> list[m.StartExchange]:
        """The first answer has come: the requests of the climb's first step."""
        first = self.open()
        self.now += seconds
        self.answer(first, length=length)
        return self.all(m.StartExchange)


def test_each_step_of_the_climb_on_a_long_path_asks_once_for_the_next_ones_connections() -> None:
    bench = Climbing()
    starts = bench.answered_first(ANSWER_SECONDS, 4096 * MIB)
    asked = bench.all(m.OpenAhead)
    assert len(starts) == 3
    assert asked == [m.OpenAhead(ORIGIN.origin, 4)]
    assert bench.commands.index(asked[0]) < bench.commands.index(starts[0])

    bench.now += ANSWER_SECONDS
    commands = [command for start in starts for command in bench.answer(start, length=4096 * MIB)]
    for start in starts:
        span = start.request.span
        assert span is not None
        commands += bench.send(m.BodyStored(start.exchange, Span(span.start, span.start + 100_000)))
        bench.now += 0.06

    assert [command for command in commands if isinstance(command, m.OpenAhead)] == [m.OpenAhead(ORIGIN.origin, 8)]


def test_no_more_are_asked_for_than_the_file_has_pieces_for() -> None:
    bench = Climbing()
    bench.answered_first(ANSWER_SECONDS, 3 * MIB)

    assert sum(ahead.count for ahead in bench.all(m.OpenAhead)) < 4


def test_nothing_is_opened_ahead_on_a_short_path() -> None:
    bench = Climbing()
    bench.answered_first(0.01, 4096 * MIB)

    assert not bench.all(m.OpenAhead)
