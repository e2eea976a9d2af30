"""Signed addresses that end: given back in time, renewed when refused, and not run after when it isn't expiry."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import ResponseHead
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import AccessDeniedError
from tests.core.machine.bench import MIB, ORIGIN, TAG, TARGET, Bench

DATE = ("Date", "Wed, 25 Nov 2026 12:00:00 GMT")


def signed(seconds: int, number: int = 1) -> Url:
    """An address of a store, signed at the moment of ``DATE`` for so many seconds."""
    query = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261125T120000Z&X-Amz-Expires={seconds}"
    return Url.parse(f"https://store.example/m?{query}&X-Amz-Signature={number}")


def at(bench: Bench, url: Url) -> list[m.StartExchange]:
    return [start for start in bench.all(m.StartExchange) if start.request.url == url]


def opened(seconds: int) -> tuple[Bench, m.StartExchange]:
    """One connection flows from an address with so long a life."""
    bench = Bench(connections=1)
    bench.status(bench.open(), 307, ("Location", signed(seconds).reveal()), DATE)
    start = bench.one(m.StartExchange)
    bench.answer(start)
    return bench, start


def last(bench: Bench, start: m.StartExchange, seconds: float) -> None:
    """Lets the body flow slowly for so long."""
    position = 0
    for _ in range(int(seconds / 5)):
        bench.bring(start.exchange, Span(position, position + 100_000))
        position += 100_000
        bench.wait(5.0)


def end(bench: Bench, start: m.StartExchange) -> None:
    span = start.request.span
    assert span is not None
    bench.bring(start.exchange, Span(bench.machine.coverage.stored.stop, span.stop))
    bench.send(m.BodyEnded(start.exchange))


def test_an_address_that_is_about_to_end_is_given_back_before_the_next_request() -> None:
    bench, start = opened(100)
    last(bench, start, 85.0)
    end(bench, start)
    assert bench.all(m.Renew)
    bench.send(m.Renewed(bench.resource))
    (walk,) = at(bench, ORIGIN)
    bench.status(walk, 307, ("Location", signed(100, 2).reveal()), ("Date", "Wed, 25 Nov 2026 12:01:00 GMT"))
    assert at(bench, signed(100, 2))
    assert bench.machine.account.renewals == 1


def test_one_that_still_works_for_long_is_kept() -> None:
    bench, start = opened(100)
    last(bench, start, 70.0)
    end(bench, start)
    assert not bench.all(m.Renew)
    assert at(bench, signed(100))


def test_the_servers_own_clock_counts_and_not_ours() -> None:
    bench = Bench(connections=1)
    bench.status(bench.open(), 307, ("Location", signed(7200).reveal()), ("Date", "Wed, 25 Nov 2026 13:59:50 GMT"))
    start = bench.one(m.StartExchange)
    bench.answer(start)
    bench.wait(9.5)
    end(bench, start)
    assert bench.all(m.Renew), "ten seconds were left of two hours"


def test_a_flowing_body_isnt_disturbed_by_the_end_of_its_address() -> None:
    bench, start = opened(10)
    for step in range(6):
        bench.bring(start.exchange, Span(step * MIB, (step + 1) * MIB))
        bench.wait(4.0)
    assert not bench.all(m.CancelExchange)
    assert bench.machine.flowing == 1


@pytest.mark.parametrize(
    ("status", "excerpt"),
    [
        (403, "<Code>AccessDenied</Code><Message>Request has expired</Message>"),
        (400, "<Code>ExpiredToken</Code>"),
        (401, '{"code":"expired_auth_token"}'),
        (403, "<Code>ExpiredRequest</Code>"),
    ],
)
def test_words_that_mean_expiry_renew_even_what_was_settled_a_moment_ago(status: int, excerpt: str) -> None:
    bench = Bench(connections=2)
    bench.status(bench.open(), 307, ("Location", signed(3600).reveal()), DATE)
    bench.answer(bench.one(m.StartExchange))
    (second,) = bench.all(m.StartExchange)
    bench.send(m.HeadArrived(second.exchange, ResponseHead(status), excerpt))
    assert bench.all(m.Renew)


def test_a_signature_that_never_was_good_isnt_taken_for_an_expired_one() -> None:
    bench = Bench(connections=1)
    for _ in range(8):
        starts = bench.all(m.StartExchange) or [bench.open()]
        if starts[0].request.url == ORIGIN:
            bench.status(starts[0], 307, ("Location", signed(3600).reveal()), DATE)
        else:
            bench.send(m.HeadArrived(starts[0].exchange, ResponseHead(403), "<Code>SignatureDoesNotMatch</Code>"))
        if bench.all(m.Fail):
            break
        if not bench.all(m.StartExchange):
            bench.wait(2.0)
    assert isinstance(bench.failure(), AccessDeniedError)
    assert bench.machine.account.renewals == 0
    assert bench.machine.account.requests <= 4


def test_an_address_that_is_over_when_it_comes_isnt_renewed_for_ever() -> None:
    bench = Bench(connections=1)
    for _ in range(20):
        starts = bench.all(m.StartExchange) or [bench.open()]
        if starts[0].request.url == ORIGIN:
            bench.status(starts[0], 307, ("Location", signed(3600).reveal()), ("Date", "Wed, 25 Nov 2026 20:00:00 GMT"))
        else:
            bench.send(m.HeadArrived(starts[0].exchange, ResponseHead(403), "<Message>Request has expired</Message>"))
        if bench.all(m.Fail):
            break
        if bench.all(m.Renew):
            bench.send(m.Renewed(bench.resource))
        if not bench.all(m.StartExchange):
            bench.wait(2.0)
    assert isinstance(bench.failure(), AccessDeniedError)
    assert bench.machine.account.requests <= 10


def test_the_clock_of_who_refuses_counts_where_words_dont_tell() -> None:
    bench, start = opened(3600)
    end(bench, start)
    (second,) = bench.all(m.StartExchange)
    bench.status(second, 403, ("Date", "Wed, 25 Nov 2026 18:00:00 GMT"))
    assert bench.all(m.Renew)


@pytest.mark.parametrize(("tag", "goes_on"), [(TAG, True), (None, False)])
def test_a_body_of_which_nothing_is_stored_yet_goes_on_where_the_new_address_proves_the_same(
    tag: str | None, *, goes_on: bool
) -> None:
    bench = Bench()
    bench.status(bench.open(), 307, ("Location", TARGET.reveal()))
    (first,) = bench.all(m.StartExchange)
    bench.answer(first, tag=tag)
    for start in bench.all(m.StartExchange):
        bench.status(start, 403)
        if at(bench, ORIGIN):
            break
    (walk,) = at(bench, ORIGIN)
    assert walk.request.span is None
    bench.status(walk, 307, ("Location", "https://cdn.example/abc?X-Amz-Signature=2"))
    (again,) = bench.all(m.StartExchange)
    bench.answer(again, tag=tag)
    assert (first.exchange not in {one.exchange for one in bench.all(m.CancelExchange)}) is goes_on
