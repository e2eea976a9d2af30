"""What a server's failures say of the versions of HTTP that it speaks."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import FetchError
from tests.core.machine.bench import MIB, Bench

STREAM_FAILED = Failure(FailureKind.HTTP2, "the HTTP/2 stream failed")


def next_request(bench: Bench) -> m.StartExchange:
    while not bench.all(m.StartExchange):
        assert not bench.machine.is_over
        bench.wait(0.25)
    return bench.one(m.StartExchange)


def after_two_streams_failed() -> tuple[Bench, m.StartExchange]:
    """The request after two streams of HTTP/2 have failed: HTTP/1.1 is tried."""
    bench = Bench(connections=1)
    start = bench.open()
    bench.answer(start)
    bench.bring(start.exchange, Span(0, MIB))
    bench.send(m.ExchangeFailed(start.exchange, STREAM_FAILED))
    second = next_request(bench)
    assert not second.request.http1_only, "one stream may fail by chance"
    bench.send(m.ExchangeFailed(second.exchange, STREAM_FAILED))
    third = next_request(bench)
    assert third.request.http1_only
    return bench, third


def test_where_streams_fail_again_http_1_is_asked_for_and_kept_where_it_answers() -> None:
    bench, start = after_two_streams_failed()
    bench.answer(start)
    bench.bring(start.exchange, Span(MIB, 2 * MIB))
    bench.send(m.ExchangeFailed(start.exchange, Failure(FailureKind.LOST)))
    assert next_request(bench).request.http1_only


@pytest.mark.parametrize("kind", [FailureKind.TLS, FailureKind.PROTOCOL, FailureKind.LOST])
def test_a_server_that_speaks_http_2_only_is_asked_so_again_and_carries_on(kind: FailureKind) -> None:
    bench, start = after_two_streams_failed()
    bench.send(m.ExchangeFailed(start.exchange, Failure(kind)))
    again = next_request(bench)
    assert not again.request.http1_only
    bench.send(m.ExchangeFailed(again.exchange, STREAM_FAILED))
    last = next_request(bench)
    assert not last.request.http1_only, "HTTP/1.1 isn't tried a second time"
    bench.answer(last)
    assert bench.one(m.AcceptBody).start == MIB


def parallel_requests(connections: int = 4) -> tuple[Bench, list[m.StartExchange]]:
    """The requests for further segments while the first one flows."""
    bench = Bench(connections=connections)
    start = bench.open()
    assert not start.request.parallel, "its version tells what the server speaks"
    bench.answer(start)
    return bench, bench.all(m.StartExchange)


def test_requests_beside_others_are_marked_as_parallel() -> None:
    _, further = parallel_requests()
    assert len(further) == 3
    assert all(start.request.parallel for start in further)


def test_a_server_without_http_1_is_asked_by_parallel_requests_in_its_own_version() -> None:
    bench, further = parallel_requests(connections=2)
    bench.send(m.ExchangeFailed(further[0].exchange, Failure(FailureKind.TLS)))
    again = next_request(bench)
    assert again.request.span == further[0].request.span
    assert not again.request.parallel


def test_streams_that_always_fail_end_it() -> None:
    bench = Bench(connections=1)
    start, requests = bench.open(), 0
    while not bench.machine.is_over:
        requests += 1
        assert requests < 30
        refused = Failure(FailureKind.TLS) if start.request.http1_only else STREAM_FAILED
        bench.send(m.ExchangeFailed(start.exchange, refused))
        while not bench.all(m.StartExchange) and not bench.machine.is_over:
            bench.wait(0.25)
        if not bench.machine.is_over:
            start = bench.all(m.StartExchange)[-1]
    assert isinstance(bench.failure(), FetchError)
