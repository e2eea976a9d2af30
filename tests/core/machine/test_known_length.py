"""A length that is known is held against every later answer: one that states none says nothing against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import DigestMismatchError, RepresentationChangedError, RetriesExhaustedError
from tests.core.machine.bench import LENGTH, MIB, RIGHT, TAG, WRONG, Bench, kept

MIRROR = Url.parse("https://mirror.example/m.safetensors")
LOST = Failure(FailureKind.LOST)
CHUNKED = ResponseHead(200, Headers.of(transfer_encoding="chunked"))
UNTIL_CLOSE = ResponseHead(200, http_version="1.0")
MISLEADING = ResponseHead(200, Headers.of(transfer_encoding="chunked", content_length="5"))
UNSTATED = [CHUNKED, UNTIL_CLOSE, MISLEADING]
SHORT = LENGTH - MIB // 2


def after_a_range(bench: Bench) -> m.StartExchange:
    """The first answer stated the length, and broke off before a byte came."""
    start = bench.open()
    bench.answer(start)
    bench.send(m.ExchangeFailed(start.exchange, LOST))
    for other in bench.all(m.StartExchange):
        bench.send(m.ExchangeFailed(other.exchange, LOST))
    return again(bench)


def after_a_whole(bench: Bench) -> m.StartExchange:
    start = bench.open()
    bench.status(start, 200, ("Content-Length", str(LENGTH)), ("ETag", TAG))
    bench.bring(start.exchange, Span(0, 5 * MIB))
    bench.send(m.ExchangeFailed(start.exchange, LOST))
    return again(bench)


def as_the_caller_says(bench: Bench) -> m.StartExchange:
    return bench.open()


def after_an_earlier_run(bench: Bench) -> m.StartExchange:
    return bench.open(kept=kept(Span(0, MIB), tag=None))


def again(bench: Bench) -> m.StartExchange:
    while not bench.all(m.StartExchange):
        bench.wait(0.25)
    return bench.all(m.StartExchange)[-1]


def known(way: str) -> tuple[Bench, m.StartExchange]:
    """A machine that has the length by one of these ways, and its next request."""
    bench = Bench(connections=1, length=LENGTH if way == "caller" else None)
    ways = {
        "range": after_a_range,
        "whole": after_a_whole,
        "caller": as_the_caller_says,
        "earlier run": after_an_earlier_run,
    }
    start = ways[way](bench)
    while start.request.span is not None and way != "caller":
        bench.status(start, 200, ("Content-Length", str(LENGTH)))  # no use, so that the whole is asked for
        start = again(bench)
    return bench, start


WAYS = pytest.mark.parametrize("way", ["range", "whole", "caller", "earlier run"])


@WAYS
@pytest.mark.parametrize("head", UNSTATED)
def test_it_is_where_a_body_is_cut_whose_head_states_no_end(way: str, head: ResponseHead) -> None:
    bench, start = known(way)
    bench.send(m.HeadArrived(start.exchange, head))
    assert bench.one(m.AcceptBody).stop == LENGTH
    assert all(command.identity.length == LENGTH for command in bench.all(m.SetIdentity))
    assert bench.machine.length == LENGTH


@WAYS
def test_a_body_that_ends_before_is_a_lost_one(way: str) -> None:
    bench, start = known(way)
    for _ in range(20):
        bench.send(m.HeadArrived(start.exchange, UNTIL_CLOSE))
        bench.bring(start.exchange, Span(0, SHORT))
        bench.send(m.BodyEnded(start.exchange))
        assert not bench.all(m.Verify)
        while not bench.all(m.StartExchange) and not bench.machine.is_over:
            bench.wait(0.25)
        if bench.machine.is_over:
            break
        start = again(bench)
    assert isinstance(bench.failure(), RetriesExhaustedError)
    assert bench.machine.length == LENGTH


@WAYS
def test_what_is_missing_of_one_comes_from_the_next(way: str) -> None:
    bench, start = known(way)
    bench.send(m.HeadArrived(start.exchange, CHUNKED))
    bench.bring(start.exchange, Span(0, SHORT))
    bench.send(m.BodyEnded(start.exchange))
    start = again(bench)
    bench.send(m.HeadArrived(start.exchange, CHUNKED))
    bench.bring(start.exchange, Span(0, LENGTH))
    bench.send(m.BlocksProved(SpanSet.of(Span(0, MIB)), SpanSet()))
    assert not bench.all(m.Verify), "it may go on"
    bench.send(m.BodyEnded(start.exchange))
    assert bench.one(m.Verify).length == LENGTH
    bench.send(m.Verified((RIGHT,)))
    bench.send(m.Published())
    assert bench.one(m.Finish).verified == "length"


@WAYS
def test_one_that_goes_on_is_of_other_content_and_nothing_of_it_stays(way: str) -> None:
    bench, start = known(way)
    before = bench.machine.coverage.held
    for _ in range(3):
        bench.send(m.HeadArrived(start.exchange, CHUNKED))
        bench.bring(start.exchange, Span(0, LENGTH))
        assert not bench.all(m.Verify)
        bench.send(m.BodyEnded(start.exchange, goes_on=True))
        assert bench.one(m.ForgetBlocks).blocks == SpanSet.whole(LENGTH) - before
        if bench.machine.is_over:
            break
        start = again(bench)
    assert isinstance(bench.failure(), RepresentationChangedError)
    assert f"more than the {LENGTH:,} bytes" in str(bench.failure())
    assert bench.machine.coverage.held == before


def test_one_that_neither_ends_nor_goes_on_is_whole_after_a_while() -> None:
    bench, start = known("caller")
    bench.send(m.HeadArrived(start.exchange, CHUNKED))
    bench.bring(start.exchange, Span(0, LENGTH))
    commands = bench.wait(25.0)
    assert m.Verify(LENGTH) in commands


def test_one_that_is_lost_after_its_last_byte_is_whole() -> None:
    bench, start = known("caller")
    bench.send(m.HeadArrived(start.exchange, UNTIL_CLOSE))
    bench.bring(start.exchange, Span(0, LENGTH))
    bench.send(m.ExchangeFailed(start.exchange, LOST))
    assert bench.one(m.Verify).length == LENGTH


def test_where_a_digest_will_tell_its_end_isnt_waited_for() -> None:
    bench = Bench(digests=(RIGHT,), length=LENGTH)
    start = bench.open()
    bench.send(m.HeadArrived(start.exchange, CHUNKED))
    bench.bring(start.exchange, Span(0, LENGTH))
    assert bench.one(m.Verify).length == LENGTH


def test_an_empty_file_isnt_believed_where_another_length_is_known() -> None:
    bench = Bench(length=LENGTH)
    start = bench.open()
    for _ in range(3):
        bench.status(start, 416, ("Content-Range", "bytes */0"))
        assert not bench.all(m.Verify)
        start = again(bench) if not bench.machine.is_over else start
    assert isinstance(bench.failure(), RepresentationChangedError)


def test_an_empty_file_is_one_where_that_is_known_or_nothing_is() -> None:
    for length in (0, None):
        bench = Bench(length=length)
        bench.status(bench.open(), 416, ("Content-Range", "bytes */0"))
        assert bench.one(m.Verify).length == 0


def test_a_length_of_zero_is_a_length() -> None:
    bench = Bench(length=0)
    start = bench.open()
    bench.send(m.HeadArrived(start.exchange, CHUNKED))
    assert bench.one(m.AcceptBody).stop == 0
    assert not bench.all(m.Verify)
    bench.send(m.BodyEnded(start.exchange, goes_on=True))
    assert not bench.all(m.Verify)


def test_the_end_of_a_body_is_no_statement() -> None:
    bench = Bench()
    start = bench.open()
    bench.send(m.HeadArrived(start.exchange, UNTIL_CLOSE))
    bench.bring(start.exchange, Span(0, 3 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    assert all(command.identity.length is None for command in bench.all(m.SetIdentity)), "the next run may find more"
    assert bench.one(m.Verify).length == 3 * MIB
    bench.send(m.Verified((RIGHT,)))
    bench.send(m.Published())
    assert bench.one(m.Finish).verified == "none"


def test_a_body_that_was_cut_unseen_is_found_out_by_the_digest_and_the_whole_one_is_taken() -> None:
    bench = Bench(digests=(RIGHT,))
    start = bench.open()
    bench.send(m.HeadArrived(start.exchange, UNTIL_CLOSE))
    bench.bring(start.exchange, Span(0, 3 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    bench.send(m.Verified((WRONG,)))
    bench.send(m.BlocksProved(SpanSet.whole(3 * MIB), SpanSet()))
    start = again(bench)
    bench.send(m.HeadArrived(start.exchange, UNTIL_CLOSE))
    assert bench.one(m.AcceptBody).compare
    bench.bring(start.exchange, Span(0, 4 * MIB))
    bench.send(m.BlockCompared(Span(0, MIB), equal=True))
    bench.send(m.BodyEnded(start.exchange))
    start = again(bench)
    bench.send(m.HeadArrived(start.exchange, UNTIL_CLOSE))
    assert not bench.one(m.AcceptBody).compare
    bench.bring(start.exchange, Span(0, 4 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    assert bench.one(m.Verify).length == 4 * MIB
    bench.send(m.Verified((RIGHT,)))
    assert bench.all(m.Publish)


def renewing(*, length: int | None = None, digest: bool = False) -> Bench:
    """A download whose address has just been given back."""
    digests = (RIGHT,) if digest else ()
    bench = Bench(connections=1, renewed_by_source=True, length=length, digests=digests)
    start = bench.open()
    bench.answer(start)
    bench.bring(start.exchange, Span(0, 8 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    bench.now += 3600
    bench.status(again(bench), 403)
    assert bench.all(m.Renew)
    return bench


def test_a_source_that_says_less_than_before_takes_nothing_back() -> None:
    bench = renewing(length=LENGTH, digest=True)
    bench.send(m.Renewed(replace(bench.resource, length=None, digests=())))
    assert bench.machine.length == LENGTH
    assert bench.machine.digests == (RIGHT,)
    assert bench.all(m.StartExchange)


def test_a_source_that_says_something_else_has_other_content() -> None:
    bench = renewing(length=LENGTH)
    bench.send(m.Renewed(replace(bench.resource, length=LENGTH + 1)))
    assert isinstance(bench.failure(), RepresentationChangedError)
    bench = renewing(digest=True)
    bench.send(m.Renewed(replace(bench.resource, digests=(WRONG,))))
    assert isinstance(bench.failure(), DigestMismatchError)


def test_a_place_that_steps_in_is_held_to_it_too() -> None:
    bench = Bench(mirrors=(MIRROR,), length=LENGTH)
    start = bench.open()
    while start.request.url != MIRROR:
        bench.status(start, 404)
        start = again(bench)
    bench.send(m.HeadArrived(start.exchange, CHUNKED))
    assert bench.one(m.AcceptBody).stop == LENGTH
