from __future__ import annotations

import pytest

from anymatix_fetcher.core.machine.exchange import (
    FLOOR_BYTES,
    FLOOR_SECONDS,
    SILENCE_SECONDS,
    Exchange,
    ExchangeState,
    Purpose,
)
from anymatix_fetcher.core.values.http import Request
from anymatix_fetcher.core.values.messages import ExchangeId
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url

MEGABYTE = 1_000_000


def exchange(stop: int | None = 10 * MEGABYTE) -> Exchange:
    request = Request(Url.parse("https://h.example/m"), Span(MEGABYTE, 10 * MEGABYTE))
    return Exchange(ExchangeId(0, 1), request, Purpose.FILL, MEGABYTE, stop, 100.0, from_origin=True)


def test_what_is_still_to_come_shrinks_while_it_comes() -> None:
    running = exchange()
    assert running.rest == Span(MEGABYTE, 10 * MEGABYTE)
    running.let_flow(101.0)
    for tenth in range(1, 41):
        running.advance(MEGABYTE + tenth * MEGABYTE // 10, 101.0 + tenth / 10)
    assert running.rest == Span(5 * MEGABYTE, 10 * MEGABYTE)
    assert running.rate(105.0) == pytest.approx(MEGABYTE, rel=0.1)
    assert running.flow(105.0).rest == running.rest
    assert running.flow(105.0).seconds_left == pytest.approx(5.0, rel=0.1)


def test_a_body_that_went_beyond_a_lowered_stop_has_nothing_left() -> None:
    running = exchange()
    running.let_flow(101.0)
    running.advance(5 * MEGABYTE, 102.0)
    running.stop = 4 * MEGABYTE
    assert not running.rest


def test_nobody_knows_what_is_left_of_a_body_without_a_stated_end() -> None:
    assert not exchange(stop=None).rest
    assert exchange(stop=None).flow(100.0).seconds_left == float("inf")


def test_an_exchange_flows_only_once_it_is_let() -> None:
    running = exchange()
    assert (running.flowing, running.rate(105.0)) == (False, 0.0)
    running.let_flow(105.0)
    assert running.flowing


def test_a_head_that_doesnt_come_is_silence() -> None:
    asked = exchange()
    assert not asked.is_stuck(100.0 + SILENCE_SECONDS - 0.1)
    assert asked.is_stuck(100.0 + SILENCE_SECONDS)


def test_one_that_waits_for_us_is_never_stuck() -> None:
    held = exchange()
    held.state = ExchangeState.HELD
    assert not held.is_stuck(1e6)
    held.let_flow(1e6)
    assert not held.is_stuck(1e6 + SILENCE_SECONDS - 0.1)
    assert held.is_stuck(1e6 + SILENCE_SECONDS)


def test_each_byte_ends_a_silence() -> None:
    running = exchange()
    running.let_flow(100.0)
    for second in range(1, 1000):
        running.advance(running.position + FLOOR_BYTES, 100.0 + second * (SILENCE_SECONDS - 1))
        assert not running.is_stuck(100.0 + second * (SILENCE_SECONDS - 1) + SILENCE_SECONDS - 2)


def test_a_drip_is_stuck_once_the_floors_time_is_over() -> None:
    dripping = exchange()
    dripping.let_flow(100.0)
    stuck_at = None
    for second in range(1, 100):
        dripping.advance(dripping.position + 1, 100.0 + second)
        if stuck_at is None and dripping.is_stuck(100.0 + second):
            stuck_at = second
    assert stuck_at == FLOOR_SECONDS


def test_one_just_above_the_floor_goes_on() -> None:
    slow = exchange(stop=None)
    slow.let_flow(100.0)
    for second in range(1, 400):
        slow.advance(slow.position + int(FLOOR_BYTES / FLOOR_SECONDS) + 1, 100.0 + second)
        assert not slow.is_stuck(100.0 + second)


def test_a_gap_in_which_nobody_looked_is_nobodys_silence() -> None:
    running = exchange()
    running.let_flow(100.0)
    running.advance(2 * MEGABYTE, 101.0)
    running.skip(28_800.0)
    assert running.started_at == 28_900.0
    assert not running.is_stuck(28_902.0)
    assert running.is_stuck(28_901.0 + SILENCE_SECONDS)
    assert running.rate(28_901.0) == MEGABYTE
