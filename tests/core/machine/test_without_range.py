"""A first request that is refused for its range: the whole is asked for before the download fails."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.machine.retry import FAILURES_IN_A_ROW
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import AccessDeniedError, FetchError, NotAModelError, NotFoundError, RetriesExhaustedError
from anymatix_fetcher.sources.huggingface import SERVICE
from tests.core.machine.bench import LENGTH, MIB, ORIGIN, TARGET, Bench

WHOLE = ResponseHead(200, Headers.of(content_length=str(LENGTH)))
MOST_REQUESTS = 20


def asked_without_range(bench: Bench, answer: m.Event | None, status: int) -> m.StartExchange | None:
    """Has each request with a range refused; the first one without, or ``None`` where there is none."""
    start = bench.open()
    for _ in range(MOST_REQUESTS):
        if start.request.span is None:
            return start
        if answer is None:
            bench.status(start, status)
        else:
            bench.send(m.ExchangeFailed(start.exchange, Failure(FailureKind.LOST)))
        while not bench.all(m.StartExchange) and not bench.machine.is_over:
            bench.wait(0.25)
        if bench.machine.is_over:
            return None
        start = bench.one(m.StartExchange)
    raise AssertionError("it goes on without an end")


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 410, 416, 500, 501, 502])
def test_who_refuses_ranges_is_asked_for_the_whole_which_then_comes_as_one_stream(status: int) -> None:
    bench = Bench()
    start = asked_without_range(bench, None, status)
    assert start is not None
    bench.send(m.HeadArrived(start.exchange, WHOLE))
    accepted = bench.one(m.AcceptBody)
    assert (accepted.start, accepted.stop) == (0, LENGTH)
    assert not bench.all(m.StartExchange)


def test_who_resets_connections_that_ask_for_ranges_is_asked_for_the_whole() -> None:
    bench = Bench()
    start = asked_without_range(bench, m.ExchangeFailed(m.ExchangeId(0, 1), Failure(FailureKind.LOST)), 0)
    assert start is not None
    bench.send(m.HeadArrived(start.exchange, WHOLE))
    assert bench.one(m.AcceptBody).stop == LENGTH


@pytest.mark.parametrize(
    ("status", "error", "most"),
    [
        (403, AccessDeniedError, 2),
        (404, NotFoundError, 2),
        (410, NotFoundError, 2),
    ],
)
def test_what_is_refused_without_a_range_too_is_said_after_one_request_more(
    status: int, error: type[FetchError], most: int
) -> None:
    bench = Bench()
    start = asked_without_range(bench, None, status)
    assert start is not None
    before = bench.now
    bench.status(start, status)
    assert isinstance(bench.failure(), error)
    assert bench.now == before
    assert bench.machine.account.requests <= most


@pytest.mark.parametrize("status", [404, 410])
def test_what_isnt_there_behind_a_redirect_costs_one_walk_more_and_that_without_a_range(status: int) -> None:
    bench = Bench()
    start = bench.open()
    spans = []
    while True:
        spans.append(start.request.span)
        bench.status(start, 302, ("Location", TARGET.reveal()))
        start = bench.one(m.StartExchange)
        bench.status(start, status)
        if bench.machine.is_over:
            break
        bench.wait(1.0)
        start = bench.one(m.StartExchange)
    assert isinstance(bench.failure(), NotFoundError)
    assert [span is None for span in spans] == [False, True]
    assert bench.machine.account.requests == 4


@pytest.mark.parametrize("status", [500, 502])
def test_the_same_outage_again_and_again_may_be_the_range_which_is_left_out_within_seconds(status: int) -> None:
    bench = Bench()
    began = bench.now
    assert asked_without_range(bench, None, status) is not None
    assert bench.now - began < 4.0
    assert bench.machine.account.requests == 4


def test_an_outage_that_wasnt_the_range_is_waited_for_as_long_as_any() -> None:
    bench = Bench()
    start = asked_without_range(bench, None, 502)
    assert start is not None
    began = bench.now
    while not bench.machine.is_over:
        bench.status(start, 502)
        started = bench.all(m.StartExchange)
        while not started and not bench.machine.is_over:
            started = [one for one in bench.wait(0.25) if isinstance(one, m.StartExchange)]
        if started:
            (start,) = started
            assert start.request.span is not None
    assert isinstance(bench.failure(), RetriesExhaustedError)
    assert bench.machine.account.requests == FAILURES_IN_A_ROW
    assert bench.now - began > 15.0


@pytest.mark.parametrize(
    ("status", "fields"), [(401, ()), (407, ()), (200, (("Content-Type", "text/html"),)), (429, ())]
)
def test_what_has_nothing_to_do_with_the_range_isnt_asked_without(
    status: int, fields: tuple[tuple[str, str], ...]
) -> None:
    bench = Bench()
    bench.status(bench.open(), status, *fields)
    assert not [start for start in bench.all(m.StartExchange) if start.request.span is None]


def test_a_hubs_word_for_what_is_missing_is_believed_at_once() -> None:
    bench = Bench(service=SERVICE)
    bench.status(bench.open(), 404, ("X-Error-Code", "EntryNotFound"))
    assert isinstance(bench.failure(), NotFoundError)
    assert bench.machine.account.requests == 1


def test_a_signature_that_isnt_good_isnt_asked_without_a_range() -> None:
    bench = Bench()
    bench.status(bench.open(), 307, ("Location", TARGET.reveal()))
    for _ in range(2):
        start = bench.one(m.StartExchange)
        if start.request.url != TARGET:
            bench.status(start, 307, ("Location", TARGET.reveal()))
            start = bench.one(m.StartExchange)
        bench.send(m.HeadArrived(start.exchange, ResponseHead(403), "<Code>SignatureDoesNotMatch</Code>"))
        bench.wait(1.5)
    assert bench.machine.is_over
    assert bench.machine.account.requests == 4


@pytest.mark.parametrize("status", [204, 304, 405, 501])
def test_where_ranges_were_served_one_odd_answer_among_many_ends_nothing(status: int) -> None:
    bench = Bench(connections=4)
    bench.answer(bench.open())
    odd, *others = bench.all(m.StartExchange)
    for other in others:
        bench.answer(other)
    bench.status(odd, status)
    assert not bench.machine.is_over
    assert odd.request.span is not None
    again = [start for start in bench.wait(60.0) if isinstance(start, m.StartExchange)]
    assert [start for start in again if start.request.span and odd.request.span.start in start.request.span]


@pytest.mark.parametrize("connections", [1, 2])
def test_a_login_page_beside_a_body_that_flows_ends_nothing_and_alone_it_does(connections: int) -> None:
    bench = Bench(connections=connections)
    first = bench.open()
    bench.answer(first)
    page = (("Content-Type", "text/html"), ("Content-Length", "512"))
    if connections == 2:
        bench.status(bench.one(m.StartExchange), 200, *page)
        assert not bench.machine.is_over
    bench.bring(first.exchange, Span(0, 8 * MIB))
    bench.send(m.BodyEnded(first.exchange))
    bench.status(bench.one(m.StartExchange), 200, *page)
    assert isinstance(bench.failure(), NotAModelError)


def test_a_file_that_isnt_found_once_is_asked_for_again_each_time_that_much_has_come_since() -> None:
    bench = Bench(connections=1)
    bench.answer(bench.open())
    position = 0
    for exchange in range(1, 60, 2):
        bench.bring(m.ExchangeId(0, exchange), Span(position, position + 70_000))
        bench.send(m.ExchangeFailed(m.ExchangeId(0, exchange), Failure(FailureKind.LOST)))
        position += 70_000
        bench.wait(1.0)
        bench.status(bench.one(m.StartExchange), 404)
        bench.wait(1.5)
        bench.answer(bench.one(m.StartExchange))


def test_what_is_told_in_the_end_is_the_first_fault_and_not_that_of_the_last_resort() -> None:
    bench = Bench()
    start = bench.open()
    for _ in range(MOST_REQUESTS):
        bench.status(start, 206, ("Content-Range", "bytes x-y/z"), ("Content-Length", "100"))
        if bench.machine.is_over:
            break
        start = bench.one(m.StartExchange)
    assert "without a readable Content-Range" in str(bench.failure())


def test_a_limit_that_refuses_all_but_one_isnt_taken_for_an_address_that_serves_one_range() -> None:
    """Those that were asked together are refused; so is the one that finds out whether the address is bound."""
    bench = Bench(connections=4)
    second, third, fourth = bench.opened_at_target()
    bench.bring(m.ExchangeId(0, 2), Span(0, 8 * MIB))
    bench.send(m.BodyEnded(m.ExchangeId(0, 2)))
    bench.status(second, 403)
    bench.status(bench.one(m.StartExchange), 307, ("Location", TARGET.reveal()))
    bench.status(bench.one(m.StartExchange), 403)
    bench.status(bench.one(m.StartExchange), 307, ("Location", TARGET.reveal()))
    last = bench.one(m.StartExchange)
    for late in (third, fourth):
        bench.status(late, 403)
    bench.answer(last)
    assert bench.one(m.AcceptBody).exchange == last.exchange


def test_a_walk_that_is_refused_beside_a_body_that_flows_is_made_again_only_when_that_has_ended() -> None:
    bench = Bench(connections=4)
    first, (second, third, fourth) = m.ExchangeId(0, 2), bench.opened_at_target()
    bench.status(second, 403)
    bench.status(bench.one(m.StartExchange), 307, ("Location", TARGET.reveal()))
    walked = bench.one(m.StartExchange)
    for refused in (third, fourth, walked):
        bench.status(refused, 403)
    position = 0
    for _ in range(20):
        bench.bring(first, Span(position, position + 100_000))
        assert not [one for one in bench.wait(2.0) if isinstance(one, m.StartExchange)]
        position += 100_000
    bench.bring(first, Span(position, 8 * MIB))
    bench.send(m.BodyEnded(first))
    assert bench.one(m.StartExchange).request.url == ORIGIN
