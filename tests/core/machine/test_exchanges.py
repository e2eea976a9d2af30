"""What is remembered of the exchanges that have ended."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.answers.address import Address
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.exchanges import NEW_CONNECTION_ANSWERS, Exchanges
from anymatix_fetcher.core.machine.mirror import Mirror
from anymatix_fetcher.core.values.http import Request
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from tests.core.pace.hosting import host_of

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.exchange import Exchange

SPAN = Span(0, 1000)
ANSWER = 0.25
REQUEST = Request(Url.parse("https://h.example/m"), SPAN)


def ended(exchanges: Exchanges, began_at: float, flowed_at: float | None, received: int) -> None:
    exchange = exchanges.begin(REQUEST, SPAN, Purpose.FILL, began_at, from_origin=False, hops=0)
    if flowed_at is not None:
        exchange.let_flow(flowed_at)
        exchange.advance(received, flowed_at + 1)
    exchanges.finish(exchange, began_at + 10)


def test_the_shortest_answer_is_remembered() -> None:
    exchanges = Exchanges(0)
    for answer in (0.5, 0.125, 0.25):
        ended(exchanges, 100.0, 100.0 + answer, 1000)
    assert exchanges.first_byte_seconds == 0.125


def test_what_never_flowed_says_nothing_of_answers() -> None:
    exchanges = Exchanges(0)
    ended(exchanges, 100.0, None, 0)
    assert exchanges.first_byte_seconds == inf
    assert not exchanges.typical_rate(None, 200.0)


def asked(exchanges: Exchanges, now: float, mirror: Mirror | None = None) -> Exchange:
    exchange = exchanges.begin(REQUEST, SPAN, Purpose.FILL, now, from_origin=False, hops=0, mirror=mirror)
    exchange.let_flow(now + ANSWER)
    return exchange


def done(exchanges: Exchanges, exchange: Exchange) -> None:
    exchanges.end(exchange.id)
    exchange.advance(1000, exchange.flowing_since + 1)
    exchanges.finish(exchange, exchange.flowing_since + 1)


def test_one_more_starts_as_soon_as_it_is_answered_where_a_connection_is_idle() -> None:
    exchanges = Exchanges(0)
    first = asked(exchanges, 100.0)
    assert exchanges.start_seconds(None) == pytest.approx(NEW_CONNECTION_ANSWERS * ANSWER)

    done(exchanges, first)
    assert exchanges.start_seconds(None) == pytest.approx(ANSWER)

    asked(exchanges, 102.0)  # takes that connection
    assert exchanges.start_seconds(None) == pytest.approx(NEW_CONNECTION_ANSWERS * ANSWER)


def test_the_connection_of_one_that_was_narrowed_is_gone() -> None:
    exchanges = Exchanges(0)
    narrowed = asked(exchanges, 100.0)
    narrowed.narrowed = True
    done(exchanges, narrowed)

    assert exchanges.start_seconds(None) == pytest.approx(NEW_CONNECTION_ANSWERS * ANSWER)


def test_an_idle_connection_to_a_mirror_is_of_use_there_and_to_whom_it_replaces() -> None:
    exchanges = Exchanges(0)
    mirror = Mirror(Address(Resource(REQUEST.url)), host_of(REQUEST.url, 1).join())
    done(exchanges, asked(exchanges, 100.0, mirror))
    other = asked(exchanges, 102.0, mirror)
    done(exchanges, asked(exchanges, 102.0, mirror))

    assert exchanges.start_seconds(mirror) == pytest.approx(ANSWER)
    assert exchanges.start_seconds(None) == pytest.approx(NEW_CONNECTION_ANSWERS * ANSWER)

    exchanges.turn_to(mirror)

    assert other.mirror is None
    assert exchanges.start_seconds(None) == pytest.approx(ANSWER)


def test_before_any_answer_nobody_knows_how_soon_one_more_would_start() -> None:
    assert Exchanges(0).start_seconds(None) == inf
