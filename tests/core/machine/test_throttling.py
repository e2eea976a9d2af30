"""Servers that ask to wait: waited for where that can help, and else said at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.resource import Plain
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import AccessDeniedError, FetchError, RetriesExhaustedError
from tests.core.machine.bench import MIB, ORIGIN, TARGET, Bench

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused
    from anymatix_fetcher.core.values.urls import Url

WORDS = '{"error":"no more downloads for you today"}'


@dataclass(frozen=True)
class Strict(Plain):
    """A service whose limit no waiting lifts."""

    def explain(self, refused: Refused, url: Url, *, authorized: bool) -> FetchError | None:
        del url, authorized
        return AccessDeniedError("the day's downloads are used up") if "for you today" in refused.excerpt else None


def throttle(bench: Bench, start: m.StartExchange, status: int = 429, *fields: tuple[str, str]) -> None:
    bench.send(m.HeadArrived(start.exchange, ResponseHead(status, Headers(fields)), WORDS))


def refused_until_it_ends(bench: Bench, *fields: tuple[str, str]) -> tuple[int, float]:
    """Answers each request so; how many there were and how long it took."""
    start, requests, began = bench.open(), 0, bench.now
    while True:
        requests += 1
        assert requests < 100, "it goes on without an end"
        throttle(bench, start, 429, *fields)
        while not bench.all(m.StartExchange) and not bench.machine.is_over:
            bench.wait(0.25)
        if bench.machine.is_over:
            return requests, bench.now - began
        start = bench.one(m.StartExchange)


@pytest.mark.parametrize(
    "fields",
    [(), (("Retry-After", "1"),), (("Retry-After", "0"),), (("RateLimit", '"api";r=0;t=1'),)],
    ids=["nothing said", "a second", "at once", "a quota"],
)
def test_a_server_that_always_asks_to_wait_is_asked_some_ten_times(fields: tuple[tuple[str, str], ...]) -> None:
    bench = Bench()
    requests, seconds = refused_until_it_ends(bench, *fields)
    assert 8 <= requests <= 12
    assert seconds < 300
    error = bench.failure()
    assert isinstance(error, RetriesExhaustedError)
    assert "no more downloads for you today" in error.message


def test_an_honest_wish_to_wait_is_granted_and_said() -> None:
    bench = Bench()
    throttle(bench, bench.open(), 429, ("Retry-After", "5"))
    assert bench.machine.waiting_for(bench.now) == "the server asks to wait: next request in 6 s"
    bench.wait(4.5)
    assert not bench.all(m.StartExchange)
    bench.wait(1.5)
    bench.answer(bench.one(m.StartExchange))
    assert bench.one(m.AcceptBody).start == 0


def test_a_wish_beyond_all_patience_is_said_at_once_and_pauses_nobody() -> None:
    bench = Bench()
    throttle(bench, bench.open(), 429, ("Retry-After", "86400"))
    assert isinstance(bench.failure(), RetriesExhaustedError)
    assert "asks to wait for 24 hours" in bench.failure().hint
    assert bench.machine._parts.requests.pause(bench.now) is None


def test_a_wish_beyond_all_patience_ends_nothing_that_others_carry() -> None:
    bench = Bench(connections=2)
    first = bench.open()
    bench.answer(first)
    throttle(bench, bench.one(m.StartExchange), 429, ("Retry-After", "86400"))
    assert not bench.machine.is_over
    bench.bring(first.exchange, Span(0, 8 * MIB))
    bench.send(m.BodyEnded(first.exchange))
    bench.wait(40.0)
    (again,) = bench.all(m.StartExchange)
    throttle(bench, again, 429, ("Retry-After", "86400"))
    assert isinstance(bench.failure(), RetriesExhaustedError)


def test_a_limit_that_no_waiting_lifts_is_said_at_once_in_the_services_words() -> None:
    bench = Bench(service=Strict())
    throttle(bench, bench.open())
    assert isinstance(bench.failure(), AccessDeniedError)
    assert bench.machine.account.requests == 1


def test_where_the_service_says_how_long_it_is_waited_for_all_the_same() -> None:
    bench = Bench(service=Strict())
    throttle(bench, bench.open(), 429, ("Retry-After", "5"))
    assert not bench.machine.is_over


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_store_is_asked_again_at_the_address_that_was_signed(status: int) -> None:
    bench = Bench()
    bench.status(bench.open(), 307, ("Location", TARGET.reveal()))
    for _ in range(3):
        throttle(bench, bench.one(m.StartExchange), status, ("Retry-After", "2"))
        bench.wait(3.0)
        assert bench.one(m.StartExchange).request.url == TARGET
    bench.answer(bench.one(m.StartExchange))
    assert bench.machine.account.origin_requests == 1


def test_an_address_that_has_expired_while_its_store_was_busy_is_renewed() -> None:
    bench = Bench()
    bench.status(bench.open(), 307, ("Location", TARGET.reveal()))
    throttle(bench, bench.one(m.StartExchange), 503, ("Retry-After", "2"))
    bench.wait(3.0)
    expired = "<Message>Request has expired</Message>"
    bench.send(m.HeadArrived(bench.one(m.StartExchange).exchange, ResponseHead(403), expired))
    bench.send(m.Renewed(bench.resource))
    assert bench.one(m.StartExchange).request.url == ORIGIN


def test_a_store_that_is_busy_later_on_costs_no_signature_either() -> None:
    bench = Bench(connections=1)
    bench.status(bench.open(), 307, ("Location", TARGET.reveal()))
    start = bench.one(m.StartExchange)
    bench.answer(start)
    bench.bring(start.exchange, Span(0, 8 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    throttle(bench, bench.one(m.StartExchange), 429)
    bench.wait(3.0)
    assert bench.one(m.StartExchange).request.url == TARGET


def test_a_file_that_is_only_being_verified_waits_for_nobody() -> None:
    bench = Bench(connections=1)
    start = bench.open()
    bench.answer(start, length=2 * MIB)
    bench.bring(start.exchange, Span(0, 2 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    bench.wait(1)
    assert bench.machine.phase is MachinePhase.VERIFYING
    assert bench.machine.waiting_for(bench.now) == ""


@pytest.mark.parametrize("status", [429, 503])
def test_beside_a_limit_on_connections_those_that_end_are_replaced_at_once(status: int) -> None:
    bench = Bench(connections=3)
    first = bench.open()
    bench.answer(first)
    second, third = bench.all(m.StartExchange)
    bench.answer(second)
    throttle(bench, third, status)
    assert second.request.span is not None

    bench.bring(second.exchange, second.request.span)
    bench.send(m.BodyEnded(second.exchange))
    starts = bench.all(m.StartExchange) or [one for one in bench.wait(0.75) if isinstance(one, m.StartExchange)]

    assert starts
