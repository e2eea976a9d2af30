"""Connections that fall silent at once: a fresh one is tried within seconds, and the line isn't blamed on them all."""

from __future__ import annotations

from anymatix_fetcher.core.machine.exchange import SILENCE_SECONDS
from anymatix_fetcher.core.machine.silence import ALONE_SECONDS, TOGETHER_SECONDS
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.spans import Span
from tests.core.machine.bench import LENGTH, MIB, Bench


def flowing(connections: int, count: int = MIB // 2) -> tuple[Bench, list[m.StartExchange]]:
    """So many connections that have brought ``count`` bytes each, within half a second, and bring nothing more."""
    bench = Bench(connections=connections)
    first = bench.open()
    bench.answer(first)
    starts = [first, *bench.all(m.StartExchange)]
    for start in starts[1:]:
        bench.answer(start)
    bench.now += 0.5
    for start in starts:
        assert start.request.span is not None
        bench.bring(start.exchange, Span(start.request.span.start, start.request.span.start + count))
    return bench, starts


def test_where_all_fall_silent_at_once_one_is_replaced_after_some_seconds_and_the_others_stay() -> None:
    bench, starts = flowing(4)
    found = bench.wait(TOGETHER_SECONDS + 2.0)
    dropped = {command.exchange for command in found if isinstance(command, m.CancelExchange)}
    begun = [command for command in found if isinstance(command, m.StartExchange)]
    assert len(dropped) == 1
    assert dropped <= {start.exchange for start in starts}
    assert len(begun) == 1
    assert begun[0].request.fresh_connection


def test_where_the_fresh_one_flows_the_silent_ones_are_replaced_too() -> None:
    bench, starts = flowing(4)
    (fresh,) = [command for command in bench.wait(TOGETHER_SECONDS + 2.0) if isinstance(command, m.StartExchange)]
    bench.answer(fresh)
    assert fresh.request.span is not None
    bench.bring(fresh.exchange, Span(fresh.request.span.start, fresh.request.span.start + MIB))
    dropped = {command.exchange for command in bench.all(m.CancelExchange)}
    assert len(dropped) == 3
    assert dropped < {start.exchange for start in starts}


def test_where_the_fresh_one_is_as_silent_the_line_is_to_blame_and_the_others_are_left_alone() -> None:
    bench, _ = flowing(4)
    found = bench.wait(SILENCE_SECONDS - 2.0)
    assert len([command for command in found if isinstance(command, m.CancelExchange)]) == 1
    assert bench.machine.flowing == 3


def test_one_alone_is_replaced_after_some_seconds_more() -> None:
    bench, _ = flowing(1)
    assert not [one for one in bench.wait(TOGETHER_SECONDS + 0.5) if isinstance(one, m.CancelExchange)]
    assert [one for one in bench.wait(ALONE_SECONDS - TOGETHER_SECONDS) if isinstance(one, m.CancelExchange)]


def test_a_slow_one_may_be_silent_for_as_long_as_ever() -> None:
    bench, _ = flowing(2, count=20_000)
    assert not [one for one in bench.wait(SILENCE_SECONDS - 2.0) if isinstance(one, m.CancelExchange)]


def test_a_stream_that_would_have_to_begin_again_isnt_given_up_so_soon() -> None:
    bench = Bench()
    start = bench.open()
    bench.send(m.HeadArrived(start.exchange, ResponseHead(200, Headers.of(content_length=str(LENGTH)))))
    bench.bring(start.exchange, Span(0, 8 * MIB))
    assert not [one for one in bench.wait(SILENCE_SECONDS - 2.0) if isinstance(one, m.CancelExchange)]


def test_silence_that_nobody_listened_to_says_nothing() -> None:
    bench, _ = flowing(2)
    bench.now += TOGETHER_SECONDS + 1.0
    bench.send(m.Tick())
    assert not bench.all(m.CancelExchange)
