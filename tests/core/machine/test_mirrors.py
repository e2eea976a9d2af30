"""Other places with the same bytes: used from the first second, checked meanwhile, dropped when they don't fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.machine.checks import UNPROVED_BYTES
from anymatix_fetcher.core.machine.mirror_answers import STRIKES
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.spans import Span, SpanSet
from tests.core.machine.bench import LENGTH, MIB, RIGHT, Bench
from tests.core.machine.mirrored import MIRROR, OTHER, asked, at, brings, opened, span_of

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Url


def checking(*mirrors: Url) -> tuple[Bench, m.StartExchange, m.StartExchange]:
    """A mirror flows and has brought a block; its second request is for a block that the first place has brought."""
    bench, fill = opened(*mirrors, connections=2)
    bench.answer(fill, tag='"another"')
    (check,) = at(bench, mirrors[0])
    start = span_of(fill).start
    bench.bring(fill.exchange, Span(start, start + MIB))
    return bench, fill, check


def test_a_comparison_with_a_mirror_that_was_dropped_says_nothing_of_the_first_place() -> None:
    bench, _, check = checking(MIRROR)
    bench.answer(check, tag='"another"')
    bench.status(at(bench, MIRROR)[0], 404) if at(bench, MIRROR) else bench.machine._parts.mirrors.drop_all()
    bench.send(m.BlockCompared(Span(0, MIB), equal=False))
    assert not bench.machine.is_over


def test_a_mirror_takes_segments_as_soon_as_the_length_is_known() -> None:
    bench, fill = opened(MIRROR)
    assert span_of(fill).start == 8 * MIB
    bench.answer(fill, tag='"another"')
    assert not bench.one(m.AcceptBody).compare
    bench.bring(fill.exchange, Span(8 * MIB, 9 * MIB))
    assert bench.machine.coverage.stored.covers(Span(8 * MIB, 9 * MIB))


def test_a_block_that_the_first_place_has_brought_is_compared_meanwhile() -> None:
    bench, _, check = checking(MIRROR)
    assert span_of(check) == Span(0, 2 * MIB), "a twenty-fifth of the file"
    bench.answer(check, tag='"another"')
    assert bench.one(m.AcceptBody).compare
    bench.send(m.BodyStored(check.exchange, Span(0, 2 * MIB)))
    bench.send(m.BlockCompared(Span(0, MIB), equal=True))
    bench.send(m.BlockCompared(Span(MIB, 2 * MIB), equal=True))
    bench.send(m.BodyEnded(check.exchange))
    (goes_on,) = at(bench, MIRROR)
    assert span_of(goes_on).start >= 8 * MIB
    assert bench.machine.account.bytes_downloaded == 2 * MIB + MIB + 2 * MIB


def test_of_a_large_file_a_twenty_fifth_is_compared() -> None:
    bench, length = Bench(mirrors=(MIRROR,), digests=(RIGHT,), connections=2), 200 * MIB
    first = bench.open()
    bench.answer(first, length=length)
    starts, checked = at(bench, MIRROR), SpanSet()
    bench.bring(first.exchange, Span(0, 8 * MIB))
    bench.bring(first.exchange, Span(8 * MIB, 16 * MIB))
    for _ in range(12):
        start = starts.pop(0)
        starts += brings(bench, start, length)
        compared = span_of(start).start < 16 * MIB
        checked = checked.add(span_of(start)) if compared else checked
    assert checked == SpanSet.of(Span(0, 8 * MIB))


def test_before_a_block_has_agreed_a_mirror_brings_so_much_only() -> None:
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,), connections=4)
    bench.answer(bench.open(), length=1024 * MIB)
    starts, asked = at(bench, MIRROR), 0
    while starts:
        asked += len(span_of(starts[0]))
        starts += brings(bench, starts.pop(0), 1024 * MIB)
    assert UNPROVED_BYTES <= asked < UNPROVED_BYTES + 8 * MIB


def test_a_mirror_with_other_bytes_is_dropped_and_what_it_brought_comes_again() -> None:
    bench, fill, check = checking(MIRROR)
    brought = Span(span_of(fill).start, span_of(fill).start + MIB)
    bench.answer(check, tag='"another"')
    bench.send(m.BlockCompared(Span(0, MIB), equal=False))
    assert {command.exchange for command in bench.all(m.CancelExchange)} == {fill.exchange, check.exchange}
    assert bench.one(m.ForgetBlocks).blocks == SpanSet.of(brought)
    assert not bench.machine.coverage.stored.count_in(brought)
    bench.wait(5.0)
    assert not at(bench, MIRROR)
    assert not bench.machine.is_over


def test_bytes_that_come_twice_and_differ_are_the_mirrors_fault() -> None:
    bench, fill, _ = checking(MIRROR)
    brought = Span(span_of(fill).start, span_of(fill).start + MIB)
    bench.send(m.BlockCompared(brought, equal=False, filling=True))
    assert fill.exchange in {command.exchange for command in bench.all(m.CancelExchange)}
    assert bench.one(m.ForgetBlocks).blocks == SpanSet.of(brought)
    assert not bench.machine.is_over


def test_a_block_in_dispute_comes_again_whatever_had_brought_it() -> None:
    bench, _, _ = checking(MIRROR)
    never_told = Span(40 * MIB, 41 * MIB)  # a connection that was dropped wrote it
    bench.send(m.BlockCompared(never_told, equal=False, filling=True))
    assert bench.one(m.ForgetBlocks).blocks == SpanSet.of(never_told)
    assert not bench.machine.is_over


def test_secrets_of_the_first_place_dont_go_to_a_mirror() -> None:
    _, start = opened(MIRROR)
    assert start.request.headers.get("Authorization") is None


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
    bench, start = opened(MIRROR)
    bench.send(m.HeadArrived(start.exchange, head))
    assert not bench.all(m.AcceptBody)
    bench.wait(30.0)
    assert not at(bench, MIRROR)
    assert not bench.machine.is_over


def test_its_redirects_are_followed() -> None:
    bench, start = opened(MIRROR)
    bench.status(start, 302, ("Location", OTHER.reveal()))
    (followed,) = at(bench, OTHER)
    assert followed.request.span == start.request.span
    bench.answer(followed)
    assert bench.one(m.AcceptBody).exchange == followed.exchange


def test_one_that_cant_be_reached_is_tried_a_few_times_and_then_left() -> None:
    bench, start = opened(MIRROR)
    starts, tries = [start], 0
    for _ in range(10):
        tries += len(starts)
        for start in starts:
            bench.send(m.ExchangeFailed(start.exchange, Failure(FailureKind.CONNECT)))
        bench.bring(m.ExchangeId(0, 1), Span(2 * MIB, 2 * MIB + 40_000))
        bench.wait(15.0)
        starts = at(bench, MIRROR)
    assert tries == STRIKES


@pytest.mark.parametrize("status", [429, 503])
def test_a_mirrors_store_that_is_busy_is_asked_again_at_the_address_that_was_signed(status: int) -> None:
    bench, start = opened(MIRROR)
    bench.status(start, 302, ("Location", OTHER.reveal()))
    bench.status(at(bench, OTHER)[0], status, ("Retry-After", "5"))
    assert not [one for one in bench.wait(4.5) if isinstance(one, m.StartExchange)]
    bench.wait(1.0)
    assert not at(bench, MIRROR)
    (again,) = at(bench, OTHER)
    bench.answer(again, tag='"another"')
    assert bench.one(m.AcceptBody).exchange == again.exchange


def test_a_mirror_that_asks_for_more_patience_than_there_is_isnt_waited_for() -> None:
    bench, start = opened(MIRROR)
    bench.status(start, 429, ("Retry-After", "86400"))
    assert not bench.machine._parts.mirrors.any
    assert not bench.machine.is_over


def test_a_server_may_name_mirrors_where_a_digest_settles_what_the_file_is() -> None:
    bench = Bench(digests=(RIGHT,), connections=1)
    first = bench.open()
    content_range = f"bytes 0-{8 * MIB - 1}/{LENGTH}"
    link = f"<{MIRROR.reveal()}>; rel=duplicate; pri=1"
    bench.status(first, 206, ("Content-Range", content_range), ("Link", link))
    (start,) = at(bench, MIRROR)
    assert span_of(start).start == 8 * MIB
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
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,), connections=1)
    first = bench.open()
    bench.answer(first, length=10 * MIB)
    bench.now += 0.1
    bench.bring(first.exchange, Span(0, 2 * MIB))
    bench.wait(0.25)
    assert not at(bench, MIRROR)


def test_a_small_file_that_lasts_long_is_worth_a_mirror() -> None:
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,), connections=1)
    first = bench.open()
    bench.answer(first, length=12 * MIB)
    starts = []
    for second in range(1, 4):
        starts += asked(bench.wait(1.0))
        bench.bring(first.exchange, Span((second - 1) * MIB // 4, second * MIB // 4))
        starts += bench.all(m.StartExchange)

    assert any(start.request.url == MIRROR for start in starts)


@pytest.mark.parametrize("is_limited", [True, False])
def test_times_in_which_the_rate_limit_binds_say_nothing_of_a_mirrors_pace(*, is_limited: bool) -> None:
    bench, fill = opened(MIRROR)
    bench.answer(fill, tag='"another"')
    mirror = next(iter(bench.machine._parts.mirrors.roster))
    before = mirror.share.total
    for second in range(1, 5):
        bench.now += 0.25
        bench.send(m.Tick(limited=is_limited))
        span = span_of(fill)
        bench.bring(fill.exchange, Span(span.start + (second - 1) * 1000, span.start + second * 1000))
    bench.now += 0.25
    bench.send(m.Tick(limited=is_limited))
    assert (mirror.share.total == before) is is_limited


def test_the_first_request_to_a_mirror_finds_out_what_it_speaks() -> None:
    bench, start = opened(MIRROR, connections=2)
    assert not start.request.parallel, "only the first place is asked"
    bench.answer(start, tag='"another"')
    assert all(further.request.parallel for further in at(bench, MIRROR))
