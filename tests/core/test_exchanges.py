"""What is remembered of the exchanges that have ended."""

from __future__ import annotations

from math import inf

from anymatix_fetcher.core.exchange import Purpose
from anymatix_fetcher.core.exchanges import Exchanges
from anymatix_fetcher.core.http import Request
from anymatix_fetcher.core.spans import Span
from anymatix_fetcher.core.urls import Url

SPAN = Span(0, 1000)
REQUEST = Request(Url.parse("https://h.example/m"), SPAN)


def ended(exchanges: Exchanges, began_at: float, flowed_at: float | None, received: int) -> None:
    exchange = exchanges.begin(REQUEST, SPAN, Purpose.FILL, began_at, from_origin=False, hops=0)
    if flowed_at is not None:
        exchange.flow(flowed_at)
        exchange.advance(received, flowed_at + 1)
    exchanges.finish(exchange, began_at + 10)


def test_the_shortest_answer_is_remembered() -> None:
    exchanges = Exchanges(0)
    for answer in (0.5, 0.125, 0.25):
        ended(exchanges, 100.0, 100.0 + answer, 1000)
    assert exchanges.answer_seconds == 0.125


def test_what_never_flowed_says_nothing_of_answers() -> None:
    exchanges = Exchanges(0)
    ended(exchanges, 100.0, None, 0)
    assert exchanges.answer_seconds == inf
    assert not exchanges.rates
