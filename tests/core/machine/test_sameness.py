"""Bytes of two representations never meet within a run: what is compared, and what an answer has to prove."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.errors import RepresentationChangedError
from tests.core.machine.bench import LENGTH, MIB, RIGHT, TAG, Bench, kept
from tests.core.machine.comparing import LOST, MD5, PIECE, broken_off, compared, flowing, next_request

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest

# Within a run -------------------------------------------------------------------------------------------------


def test_after_a_connection_broke_off_a_block_of_it_is_compared_before_anything_else_is_stored() -> None:
    bench = Bench(connections=1)
    start = broken_off(bench, 3 * MIB + 5)
    assert start.request.span == Span(2 * MIB, 3 * MIB)
    compared(bench, start)
    fill = next_request(bench)
    assert fill.request.span is not None
    assert fill.request.span.start == 3 * MIB + 5
    bench.answer(fill, tag=None)
    assert not bench.one(m.AcceptBody).compare


def test_each_further_break_is_followed_by_a_comparison() -> None:
    bench = Bench(connections=1)
    start, position = broken_off(bench, 3 * MIB), 3 * MIB
    for _ in range(5):
        compared(bench, start)
        fill = next_request(bench)
        bench.answer(fill, tag=None)
        bench.bring(fill.exchange, Span(position, position + 2 * MIB))
        bench.send(m.ExchangeFailed(fill.exchange, LOST))
        position += 2 * MIB
        start = next_request(bench)
        assert start.request.span == Span(position - MIB, position), "the last block of the one that failed"


def test_a_differing_block_means_other_content() -> None:
    bench = Bench(connections=1)
    compared(bench, broken_off(bench, 3 * MIB), equal=False)
    assert isinstance(bench.failure(), RepresentationChangedError)


@pytest.mark.parametrize("at", [300_000, MIB - 1, 20])
def test_without_a_complete_block_a_piece_is_compared(at: int) -> None:
    bench = Bench(connections=1)
    start = broken_off(bench, at)
    assert start.request.span == Span(max(0, at - PIECE), at)
    compared(bench, start)
    fill = next_request(bench)
    assert fill.request.span is not None
    assert fill.request.span.start == at


def test_a_piece_without_a_comparison_result_is_requested_again() -> None:
    bench = Bench(connections=1)
    start = broken_off(bench, 300_000)
    span = start.request.span
    assert span is not None
    bench.answer(start, tag=None)
    bench.send(m.BodyStored(start.exchange, span))
    bench.send(m.BodyEnded(start.exchange))
    assert bench.one(m.ForgetBlocks).blocks == SpanSet.of(Span(0, 300_000))
    fill = next_request(bench)
    assert fill.request.span is not None
    assert fill.request.span.start == 0


def test_connections_that_break_within_a_block_still_make_progress() -> None:
    bench = Bench(connections=1)
    start = broken_off(bench, MIB)
    bench.answer(start, tag=None)
    bench.bring(start.exchange, Span(0, MIB // 2))
    bench.send(m.ExchangeFailed(start.exchange, LOST))
    rest = next_request(bench)
    assert rest.request.span == Span(MIB // 2, MIB)
    bench.answer(rest, tag=None)
    bench.bring(rest.exchange, Span(MIB // 2, MIB))
    bench.send(m.BlockCompared(Span(0, MIB), equal=True))
    bench.send(m.BodyEnded(rest.exchange))
    fill = next_request(bench)
    assert fill.request.span is not None
    assert fill.request.span.start == MIB


@pytest.mark.parametrize(("digests", "tag"), [((RIGHT,), None), ((), TAG)])
def test_a_strong_digest_or_validator_makes_comparison_unnecessary(
    digests: tuple[Digest, ...], tag: str | None
) -> None:
    bench = Bench(connections=1, digests=digests)
    start = broken_off(bench, 3 * MIB, tag=tag)
    assert start.request.span is not None
    assert start.request.span.start == 3 * MIB
    bench.answer(start, tag=tag)
    assert not bench.one(m.AcceptBody).compare


@pytest.mark.parametrize(("digests", "tag"), [((MD5,), None), ((), 'W/"weak"')])
def test_a_weak_digest_or_tag_requires_a_comparison(digests: tuple[Digest, ...], tag: str | None) -> None:
    bench = Bench(connections=1, digests=digests)
    start = broken_off(bench, 3 * MIB, tag=tag)
    assert start.request.span == Span(2 * MIB, 3 * MIB)


def test_a_response_without_the_strong_validator_is_compared() -> None:
    bench = Bench(connections=2)
    start = bench.open(kept=kept(Span(0, 3 * MIB)))
    assert start.request.span is not None
    assert start.request.span.start == 3 * MIB
    bench.answer(start, tag=None)
    assert not bench.all(m.AcceptBody)
    for _ in range(3):
        compared(bench, next_request(bench))
        if bench.all(m.AcceptBody):
            break
    assert bench.one(m.AcceptBody).exchange == start.exchange
    assert all(command.identity.validator.etag is not None for command in bench.all(m.SetIdentity))


def test_a_refused_extra_connection_causes_no_comparison() -> None:
    bench = Bench(connections=3)
    start = flowing(bench)
    second, third = bench.all(m.StartExchange)
    bench.answer(third, tag=None)
    bench.bring(start.exchange, Span(0, 3 * MIB))
    bench.send(m.ExchangeFailed(second.exchange, Failure(FailureKind.CONNECT)))
    bench.bring(start.exchange, Span(3 * MIB, 8 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    again = next_request(bench)
    assert again.request.span is not None
    assert again.request.span.start == 8 * MIB


def test_content_may_change_while_no_request_is_active() -> None:
    bench = Bench(connections=2)
    start = flowing(bench)
    second = bench.one(m.StartExchange)
    bench.bring(start.exchange, Span(0, 3 * MIB))
    bench.status(second, 503, ("Retry-After", "20"))
    bench.bring(start.exchange, Span(3 * MIB, 8 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    assert not bench.all(m.StartExchange)
    bench.wait(25.0)
    assert bench.all(m.StartExchange)[0].request.span == Span(7 * MIB, 8 * MIB)


def test_older_requests_are_dropped_after_a_failure_if_nothing_is_stored() -> None:
    bench = Bench(connections=2)
    start = flowing(bench)
    second = bench.one(m.StartExchange)
    bench.answer(second, tag=None)
    bench.send(m.ExchangeFailed(start.exchange, LOST))
    again = next_request(bench)
    bench.answer(again, tag=None)
    assert m.CancelExchange(second.exchange) in bench.commands


def test_an_undisturbed_download_compares_nothing() -> None:
    bench = Bench(connections=1)
    start, requests, length = flowing(bench), 1, 0
    while not bench.all(m.Verify):
        span = start.request.span
        assert span is not None
        bench.bring(start.exchange, span)
        length = span.stop
        if not bench.all(m.Verify):
            bench.send(m.BodyEnded(start.exchange))
            start, requests = next_request(bench), requests + 1
            assert start.request.span is not None
            assert start.request.span.start == length
            bench.answer(start, tag=None)
    assert requests == bench.machine.account.requests


def test_a_response_in_flight_during_a_break_waits_for_the_comparison() -> None:
    bench = Bench(connections=2)
    start = flowing(bench)
    second = bench.one(m.StartExchange)
    bench.bring(start.exchange, Span(0, 3 * MIB))
    bench.send(m.ExchangeFailed(start.exchange, LOST))
    bench.answer(second, tag=None)
    assert not bench.all(m.AcceptBody)
    compared(bench, next_request(bench))
    assert second.exchange in {accepted.exchange for accepted in bench.all(m.AcceptBody)}


def test_a_stream_over_stored_bytes_is_read_to_its_end() -> None:
    bench = Bench(connections=1)
    bench.send(m.Begin(storage_is_open=True, kept=kept(Span(0, MIB), Span(60 * MIB, LENGTH), tag=None)))
    whole = ResponseHead(200, Headers.of(content_length=str(LENGTH)))
    start = next_request(bench)
    while start.request.span is not None and start.request.span.start > 0:
        bench.send(m.HeadArrived(start.exchange, whole))
        start = next_request(bench)
    bench.send(m.HeadArrived(start.exchange, whole))
    assert not bench.one(m.AcceptBody).compare
    bench.send(m.BlocksProved(SpanSet.of(Span(0, MIB), Span(60 * MIB, LENGTH)), SpanSet()))
    bench.bring(start.exchange, Span(0, 61 * MIB))
    assert not bench.all(m.Verify), "what lies behind could be of other content"
    bench.bring(start.exchange, Span(61 * MIB, LENGTH))
    bench.send(m.BodyEnded(start.exchange))
    assert bench.all(m.Verify)


@pytest.mark.parametrize("equal", [True, False])
def test_a_streams_length_counts_after_the_stored_bytes_were_compared(*, equal: bool) -> None:
    bench = Bench(connections=1)
    left = m.KeptBlocks(SpanSet.of(Span(0, 2 * MIB)), m.Identity(None, Validator()))
    start = bench.open(kept=left)
    bench.send(m.BlocksProved(left.blocks, SpanSet()))
    bench.status(start, 200, ("Content-Length", str(4 * MIB)), ("ETag", TAG))
    assert not bench.all(m.SetIdentity), "the next run would believe that the blocks are of it"
    bench.bring(start.exchange, Span(0, 3 * MIB))
    commands = bench.send(m.BlockCompared(Span(0, MIB), equal=equal, filling=True))
    if equal:
        bench.send(m.BlockCompared(Span(MIB, 2 * MIB), equal=True, filling=True))
        bench.bring(start.exchange, Span(3 * MIB, 4 * MIB))
        commands = bench.send(m.BodyEnded(start.exchange))
    written = [command.identity for command in commands if isinstance(command, m.SetIdentity)]
    assert [identity.length for identity in written] == ([4 * MIB] if equal else [])
    assert bool(bench.all(m.Verify)) is equal
