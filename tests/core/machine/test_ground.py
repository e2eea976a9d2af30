"""Budgets are given back by new ground alone: what comes a second time brings no download nearer to its end."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.machine.retry import FAILURES_IN_A_ROW
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.errors import DigestMismatchError, FetchError, RetriesExhaustedError
from tests.core.machine.bench import LENGTH, MIB, ORIGIN, RIGHT, TARGET, WRONG, Bench, kept

WHOLE = ResponseHead(200, Headers.of(content_length=str(LENGTH)))
UNSTATED = ResponseHead(200)
LOST = Failure(FailureKind.LOST)
MOST_REQUESTS = 200


def next_request(bench: Bench) -> m.StartExchange | None:
    """The next request, however long the machine waits with it; ``None`` where it has given up."""
    while not bench.machine.is_over:
        starts = bench.all(m.StartExchange)
        if starts:
            return starts[-1]
        bench.wait(0.25)
    return None


def break_off(bench: Bench, start: m.StartExchange, span: Span) -> None:
    """Brings ``span`` within a second and loses the connection."""
    bench.bring(start.exchange, span)
    bench.now += 1.0
    bench.send(m.ExchangeFailed(start.exchange, LOST))


@pytest.mark.parametrize("head", [WHOLE, UNSTATED], ids=["length stated", "length not stated"])
@pytest.mark.parametrize("step", [0, 1000], ids=["same place", "about the same place"])
def test_a_stream_that_always_breaks_off_at_one_place_ends_within_a_minute(head: ResponseHead, step: int) -> None:
    bench = Bench()
    start, requests, began = bench.open(), 0, bench.now
    while True:
        requests += 1
        bench.send(m.HeadArrived(start.exchange, head))
        break_off(bench, start, Span(0, 3_000_000 - requests * step))
        following = next_request(bench)
        if following is None:
            break
        start = following
        assert requests <= MOST_REQUESTS
    assert isinstance(bench.failure(), RetriesExhaustedError)
    assert "breaks off after 3.0 MB each time, and can't go on from there" in str(bench.failure())
    assert bench.now - began < 60
    assert requests <= 6


def test_a_place_that_no_range_gets_past_ends_it_too() -> None:
    bench = Bench(connections=1)
    start, requests, began = bench.open(), 1, bench.now
    bench.answer(start)
    break_off(bench, start, Span(0, 3_000_000))
    while (following := next_request(bench)) is not None:
        requests += 1
        assert following.request.span is not None
        assert following.request.span.start == 3_000_000
        bench.answer(following)
        bench.now += 1.0
        bench.send(m.ExchangeFailed(following.exchange, LOST))
        assert requests <= MOST_REQUESTS
    assert "breaks off after 3.0 MB each time" in str(bench.failure())
    assert bench.now - began < 60


def test_one_that_falls_silent_there_each_time_ends_after_a_few_tries() -> None:
    bench = Bench()
    start, requests = bench.open(), 1
    while True:
        bench.send(m.HeadArrived(start.exchange, WHOLE))
        bench.bring(start.exchange, Span(0, 3_000_000))
        following = next_request(bench)
        if following is None:
            break
        requests, start = requests + 1, following
        assert requests <= MOST_REQUESTS
    assert "breaks off after 3.0 MB each time" in str(bench.failure())
    assert requests == 3


def test_a_line_that_breaks_after_every_100_kb_of_new_bytes_arrives() -> None:
    bench = Bench(connections=1)
    start, position, breaks = bench.open(), 0, 0
    while position < 50 * 100_000:
        span = start.request.span
        assert span is not None
        assert span.start == position
        bench.answer(start)
        break_off(bench, start, Span(position, position + 100_000))
        position, breaks = position + 100_000, breaks + 1
        following = next_request(bench)
        assert following is not None, f"it gave up after {breaks} breaks"
        start = following
    assert bench.machine.coverage.stored == SpanSet.of(Span(0, position))


def test_a_stream_whose_breaks_win_new_ground_goes_on() -> None:
    bench = Bench()
    start = bench.open()
    for number in range(1, 51):
        bench.send(m.HeadArrived(start.exchange, WHOLE))
        break_off(bench, start, Span(0, number * 100_000))
        following = next_request(bench)
        assert following is not None, f"it gave up after {number} breaks"
        start = following


def test_blocks_that_are_compared_again_give_no_renewal_back() -> None:
    """Each new address proves itself by blocks that are here, and refuses to bring any other."""
    bench = Bench(connections=1)
    held = Span(0, 8 * MIB)
    start: m.StartExchange | None = bench.open(kept=kept(held, tag=None, origin=TARGET))
    bench.send(m.BlocksProved(SpanSet.of(held), SpanSet()))
    renewals, proved = 0, False
    for _ in range(MOST_REQUESTS):
        if start is None:
            break
        span = start.request.span
        if start.request.url == ORIGIN:
            proved = False
            bench.status(start, 307, ("Location", f"https://cdn{renewals}.example/abc?X-Amz-Signature=1"))
        elif span is not None and span.start < held.stop:
            proved = True
            bench.answer(start, tag=None)
            for block in range(span.start, span.stop, MIB):
                bench.send(m.BlockCompared(Span(block, block + MIB), equal=True))
            bench.bring(start.exchange, span)
            bench.send(m.BodyEnded(start.exchange))
        elif proved:
            bench.send(m.HeadArrived(start.exchange, ResponseHead(403), "<Message>Request has expired</Message>"))
        else:
            bench.answer(start, tag=None)
        if bench.all(m.Renew):
            renewals += 1
            bench.send(m.Renewed(bench.resource))
        start = next_request(bench)
    assert bench.machine.is_over
    assert renewals <= 3


def searching(brought: int) -> tuple[int, FetchError]:
    """A search for what spoils a digest, of which each answer breaks off after so many bytes: its requests, its end."""
    bench = Bench(digests=(RIGHT,), connections=1)
    bench.send(m.Begin(storage_is_open=True, kept=kept(Span(0, LENGTH))))
    bench.send(m.BlocksProved(SpanSet.whole(LENGTH), SpanSet()))
    bench.send(m.Verified((WRONG,)))
    bench.send(m.BlocksProved(SpanSet.whole(LENGTH), SpanSet()))
    searches = 0
    while (start := next_request(bench)) is not None:
        searches += 1
        span = start.request.span
        assert span is not None
        bench.answer(start)
        stop = min(span.stop, span.start + brought)
        for block in range(span.start // MIB, stop // MIB):
            bench.send(m.BlockCompared(Span(block * MIB, (block + 1) * MIB), equal=True))
        if not bench.machine.is_over:
            break_off(bench, start, Span(span.start, stop))
        assert searches <= MOST_REQUESTS
    return searches, bench.failure()


def test_a_search_for_wrong_blocks_that_breaks_off_before_it_has_an_answer_ends() -> None:
    searches, error = searching(MIB // 64)
    assert isinstance(error, RetriesExhaustedError)
    assert searches <= FAILURES_IN_A_ROW


def test_one_that_has_an_answer_more_each_time_comes_to_its_end() -> None:
    searches, error = searching(2 * MIB)
    assert isinstance(error, DigestMismatchError)
    assert searches == LENGTH // (2 * MIB)
