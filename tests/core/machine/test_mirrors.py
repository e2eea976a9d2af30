"""Other places with the same bytes: tried before they are believed, dropped when they don't fit, there when needed."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.machine.mirrors import STRIKES
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import NotFoundError
from tests.core.machine.bench import LENGTH, MIB, ORIGIN, RIGHT, Bench

MIRROR = Url.parse("https://mirror.example/m.safetensors")
OTHER = Url.parse("https://other.example/m.safetensors")


def at(bench: Bench, url: Url) -> list[m.StartExchange]:
    return [start for start in bench.all(m.StartExchange) if start.request.url.origin == url.origin]


def opened(*mirrors: Url, connections: int = 1) -> Bench:
    """The first place flows and has brought two blocks."""
    bench = Bench(mirrors=mirrors, digests=(RIGHT,), connections=connections)
    first = bench.open()
    bench.answer(first)
    bench.bring(first.exchange, Span(0, 2 * MIB))
    return bench


def waited_for(bench: Bench, url: Url) -> m.StartExchange:
    if not at(bench, url):
        bench.wait(0.5)
    (start,) = at(bench, url)
    return start


def proved(bench: Bench, url: Url) -> list[m.StartExchange]:
    """The mirror's blocks agree; its first requests for bytes."""
    start = waited_for(bench, url)
    for _ in range(2):
        span = start.request.span
        assert span is not None
        bench.answer(start, tag='"another"')
        assert bench.one(m.AcceptBody).compare
        bench.send(m.BodyStored(start.exchange, span))
        bench.send(m.BlockCompared(span, equal=True))
        bench.send(m.BodyEnded(start.exchange))
        found = at(bench, url)
        if found and found[0].request.span and found[0].request.span.start >= 2 * MIB:
            return found
        (start,) = found
    raise AssertionError("the mirror isn't asked for bytes")


def test_a_mirror_is_asked_for_blocks_that_are_here_and_only_then_for_others() -> None:
    bench = opened(MIRROR)
    (fill,) = proved(bench, MIRROR)
    bench.answer(fill, tag='"another"')
    accepted = bench.one(m.AcceptBody)
    assert not accepted.compare
    assert accepted.start == 8 * MIB
    bench.bring(fill.exchange, Span(8 * MIB, 9 * MIB))
    assert bench.machine.coverage.stored.covers(Span(8 * MIB, 9 * MIB))
    assert bench.machine.account.bytes_downloaded == 2 * MIB + MIB + MIB, "one block of it was compared"


def test_secrets_of_the_first_place_dont_go_to_a_mirror() -> None:
    start = waited_for(opened(MIRROR), MIRROR)
    assert start.request.headers.get("Authorization") is None


def test_a_mirror_with_other_bytes_is_dropped_for_good_and_the_download_goes_on() -> None:
    bench = opened(MIRROR)
    start = waited_for(bench, MIRROR)
    bench.answer(start)
    span = start.request.span
    assert span is not None
    bench.send(m.BlockCompared(span, equal=False))
    assert bench.one(m.CancelExchange).exchange == start.exchange
    bench.wait(30.0)
    assert not at(bench, MIRROR)
    assert not bench.machine.is_over


@pytest.mark.parametrize(
    "head",
    [
        ResponseHead(200, Headers.of(content_length=str(LENGTH))),
        ResponseHead(206, Headers.of(content_range=f"bytes 0-{MIB - 1}/{LENGTH + 1}")),
        ResponseHead(404),
        ResponseHead(200, Headers.of(content_type="text/html")),
        ResponseHead(302, Headers.of(location="ftp://x.example/")),
    ],
)
def test_an_answer_that_doesnt_fit_ends_its_part(head: ResponseHead) -> None:
    bench = opened(MIRROR)
    start = waited_for(bench, MIRROR)
    bench.send(m.HeadArrived(start.exchange, head))
    assert not bench.all(m.AcceptBody)
    bench.wait(30.0)
    assert not at(bench, MIRROR)
    assert not bench.machine.is_over


def test_its_redirects_are_followed() -> None:
    bench = opened(MIRROR)
    start = waited_for(bench, MIRROR)
    bench.status(start, 302, ("Location", OTHER.reveal()))
    (followed,) = at(bench, OTHER)
    assert followed.request.span == start.request.span
    bench.answer(followed)
    assert bench.one(m.AcceptBody).compare


def test_one_that_cant_be_reached_is_tried_a_few_times_and_then_left() -> None:
    bench = opened(MIRROR)
    starts, tries = at(bench, MIRROR), 0
    for _ in range(10):
        tries += len(starts)
        for start in starts:
            bench.send(m.ExchangeFailed(start.exchange, Failure(FailureKind.CONNECT)))
        bench.bring(m.ExchangeId(0, 1), Span(2 * MIB, 2 * MIB + 40_000))
        bench.wait(15.0)
        starts = at(bench, MIRROR)
    assert tries == STRIKES


def test_where_the_first_place_never_answers_a_mirror_takes_its_part() -> None:
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,))
    bench.status(bench.open(), 404)
    bench.status(bench.one(m.StartExchange), 404)
    assert not bench.machine.is_over
    bench.answer(waited_for(bench, MIRROR))
    assert bench.one(m.AcceptBody).start == 0
    assert bench.machine.digests == (RIGHT,)


@pytest.mark.parametrize("status", [429, 503])
def test_a_mirrors_store_that_is_busy_is_asked_again_at_the_address_that_was_signed(status: int) -> None:
    bench = opened(MIRROR)
    bench.status(waited_for(bench, MIRROR), 302, ("Location", OTHER.reveal()))
    bench.status(at(bench, OTHER)[0], status, ("Retry-After", "5"))
    assert not [one for one in bench.wait(4.5) if isinstance(one, m.StartExchange)]
    bench.wait(1.0)
    assert not at(bench, MIRROR)
    (again,) = at(bench, OTHER)
    bench.answer(again, tag='"another"')
    assert bench.one(m.AcceptBody).compare


def test_a_mirror_that_asks_for_more_patience_than_there_is_isnt_waited_for() -> None:
    bench = opened(MIRROR)
    bench.status(waited_for(bench, MIRROR), 429, ("Retry-After", "86400"))
    assert not bench.machine._parts.mirrors.any
    assert not bench.machine.is_over


def test_where_the_first_place_leaves_off_a_mirror_goes_on_with_what_is_here() -> None:
    bench = opened(MIRROR)
    proved(bench, MIRROR)
    bench.send(m.ExchangeFailed(m.ExchangeId(0, 1), Failure(FailureKind.LOST)))
    for _ in range(2):
        bench.wait(3.0)
        (again,) = at(bench, ORIGIN)
        bench.status(again, 404)
    assert bench.machine._parts.requests.address.origin_url == MIRROR
    assert not bench.machine.is_over
    assert bench.machine.coverage.stored.covers(Span(0, 2 * MIB))


def test_without_any_mirror_left_the_first_error_is_the_one_that_is_told() -> None:
    bench = Bench(mirrors=(MIRROR,))
    for _ in range(6):
        starts = bench.all(m.StartExchange) or [bench.open()]
        bench.status(starts[0], 404)
        if bench.all(m.Fail):
            break
        if not bench.all(m.StartExchange):
            bench.wait(2.0)
    assert isinstance(bench.failure(), NotFoundError)


def test_a_server_may_name_mirrors_where_a_digest_settles_what_the_file_is() -> None:
    bench = Bench(digests=(RIGHT,), connections=1)
    first = bench.open()
    content_range = f"bytes 0-{8 * MIB - 1}/{LENGTH}"
    link = f"<{MIRROR.reveal()}>; rel=duplicate; pri=1"
    bench.status(first, 206, ("Content-Range", content_range), ("Link", link))
    bench.bring(first.exchange, Span(0, 2 * MIB))
    start = waited_for(bench, MIRROR)
    assert start.request.span == Span(MIB, 2 * MIB)
    assert list(start.request.headers) == [], "the user hasn't named that host"


def test_and_not_where_nothing_would_prove_what_they_send() -> None:
    bench = Bench(connections=1)
    first = bench.open()
    content_range = f"bytes 0-{8 * MIB - 1}/{LENGTH}"
    link = f"<{MIRROR.reveal()}>; rel=duplicate; pri=1"
    bench.status(first, 206, ("Content-Range", content_range), ("Link", link))
    bench.bring(first.exchange, Span(0, 2 * MIB))
    bench.wait(0.5)
    assert not at(bench, MIRROR)


def test_a_server_cant_lead_from_https_to_http_by_a_mirror_either() -> None:
    bench = Bench(digests=(RIGHT,), connections=1)
    first = bench.open()
    content_range = f"bytes 0-{8 * MIB - 1}/{LENGTH}"
    bench.status(first, 206, ("Content-Range", content_range), ("Link", "<http://mirror.example/m>; rel=duplicate"))
    bench.bring(first.exchange, Span(0, 2 * MIB))
    bench.wait(0.5)
    assert not bench.all(m.StartExchange)


def test_small_files_arent_worth_a_mirror() -> None:
    bench = Bench(mirrors=(MIRROR,), connections=1)
    first = bench.open()
    bench.answer(first, length=10 * MIB)
    bench.bring(first.exchange, Span(0, 2 * MIB))
    bench.wait(0.5)
    assert not at(bench, MIRROR)
    assert ORIGIN.origin != MIRROR.origin
