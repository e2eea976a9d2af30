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
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import NotFoundError
from tests.core.machine.bench import LENGTH, MIB, ORIGIN, RIGHT, TAG, WRONG, Bench

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest

MIRROR = Url.parse("https://mirror.example/m.safetensors")
OTHER = Url.parse("https://other.example/m.safetensors")


def at(bench: Bench, url: Url) -> list[m.StartExchange]:
    return [start for start in bench.all(m.StartExchange) if start.request.url.origin == url.origin]


def opened(*mirrors: Url, connections: int = 1) -> tuple[Bench, m.StartExchange]:
    """The first place flows and has brought two blocks; and the first request for a mirror."""
    bench = Bench(mirrors=mirrors, digests=(RIGHT,), connections=connections)
    first = bench.open()
    bench.answer(first)
    (start,) = at(bench, mirrors[0])
    bench.bring(first.exchange, Span(0, 2 * MIB))
    return bench, start


def span_of(start: m.StartExchange) -> Span:
    assert start.request.span is not None
    return start.request.span


def checking(*mirrors: Url) -> tuple[Bench, m.StartExchange, m.StartExchange]:
    """A mirror flows and has brought a block; its second request is for a block that the first place has brought."""
    bench, fill = opened(*mirrors, connections=2)
    bench.answer(fill, tag='"another"')
    (check,) = at(bench, mirrors[0])
    start = span_of(fill).start
    bench.bring(fill.exchange, Span(start, start + MIB))
    return bench, fill, check


def brings(bench: Bench, start: m.StartExchange, length: int) -> list[m.StartExchange]:
    """An exchange brings all that it was asked for, equal to what is here; the requests that follow from it."""
    span, following = span_of(start), []
    bench.answer(start, tag=TAG if start.request.url == ORIGIN else '"another"', length=length)
    compare = bench.one(m.AcceptBody).compare
    following += bench.all(m.StartExchange)
    bench.send(m.BodyStored(start.exchange, span))
    following += bench.all(m.StartExchange)
    for first in range(span.start, span.stop, MIB) if compare else ():
        bench.send(m.BlockCompared(Span(first, first + MIB), equal=True))
        following += bench.all(m.StartExchange)
    bench.send(m.BodyEnded(start.exchange))
    return [*following, *bench.all(m.StartExchange)]


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


def complete_with_a_wrong_digest(length: int = 48 * MIB) -> tuple[Bench, SpanSet]:
    """The file is complete, and its digest wrong; and what the mirror has brought of it."""
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,), connections=1, length=length)
    first = bench.open()
    bench.answer(first, length=length)
    starts, brought = at(bench, MIRROR), SpanSet()
    bench.bring(first.exchange, Span(0, 8 * MIB))
    bench.send(m.BodyEnded(first.exchange))
    starts += bench.all(m.StartExchange)
    while starts:
        start = starts.pop(0)
        if start.request.url == MIRROR and span_of(start).start >= 8 * MIB:
            brought = brought.add(span_of(start))
        starts += brings(bench, start, length)
    bench.send(m.Verified((WRONG,)))
    bench.commands += bench.send(m.BlocksProved(SpanSet.whole(length), SpanSet())) + bench.wait(0.5)
    return bench, brought


def test_after_a_wrong_digest_each_place_compares_what_the_other_one_has_brought() -> None:
    bench, brought = complete_with_a_wrong_digest()

    (own,), (other,) = at(bench, ORIGIN), at(bench, MIRROR)

    assert brought.covers(span_of(own))
    assert not brought.count_in(span_of(other))


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


def test_where_the_first_place_never_answers_a_mirror_takes_its_part() -> None:
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,))
    bench.status(bench.open(), 404)
    bench.status(bench.one(m.StartExchange), 404)
    assert not bench.machine.is_over
    (start,) = at(bench, MIRROR) or [one for one in bench.wait(0.5) if isinstance(one, m.StartExchange)]
    bench.answer(start)
    assert bench.one(m.AcceptBody).start == 0
    assert bench.machine.digests == (RIGHT,)


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


def test_where_the_first_place_leaves_off_a_mirror_goes_on_with_what_is_here() -> None:
    bench, start = opened(MIRROR)
    bench.answer(start, tag='"another"')
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

    assert at_any(starts, MIRROR)


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


@pytest.mark.parametrize("length", [LENGTH - 4 * MIB, LENGTH + MIB])
def test_after_a_wrong_digest_a_mirror_with_another_length_is_used(length: int) -> None:
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,), connections=2)
    first = bench.open()
    bench.answer(first)
    commands = list(bench.commands)
    stored: set[str] = set()
    for _ in range(400):
        command = commands.pop(0) if commands else None
        match command:
            case None:
                commands += bench.wait(0.25)
            case m.StartExchange(request=request):
                place = str(request.url.host)
                commands += bench.answer(command, length=LENGTH if request.url == ORIGIN else length, tag=f'"{place}"')
            case m.AcceptBody(exchange=exchange, start=start, stop=stop, compare=compare):
                span = Span(start, stop or LENGTH)
                commands += bench.send(m.BodyStored(exchange, span))
                for index in span.blocks(MIB) if compare else ():
                    commands += bench.send(m.BlockCompared(Span(index * MIB, (index + 1) * MIB), equal=True))
                commands += bench.send(m.BodyEnded(exchange))
            case m.ProveBlocks(blocks):
                commands += bench.send(m.BlocksProved(blocks, SpanSet()))
            case m.Verify(length=whole):
                commands += bench.send(m.Verified((RIGHT if whole == length else WRONG,)))
                stored.add(str(whole))
            case m.Publish():
                break
            case _:
                pass
    assert stored == {str(LENGTH), str(length)}
    assert not bench.machine.is_over
    assert bench.machine.length == length


def asked(commands: list[m.Command]) -> list[m.StartExchange]:
    return [one for one in commands if isinstance(one, m.StartExchange)]


def fails_until_the_mirror_is_asked(
    bench: Bench, again: m.StartExchange | None = None
) -> tuple[m.StartExchange, float]:
    """The first place refuses every connection; the first request for the mirror, and after how long it comes."""
    began_at = bench.now
    while bench.now < began_at + 60:
        if again is not None:
            bench.send(m.ExchangeFailed(again.exchange, Failure(FailureKind.CONNECT)))
        starts = bench.all(m.StartExchange) or asked(bench.wait(0.25))
        again = next(iter(starts), None)
        if again is not None and again.request.url == MIRROR:
            return again, bench.now - began_at
    raise AssertionError("the mirror isn't asked")


def test_where_the_first_place_dies_a_mirror_goes_on_within_seconds_without_a_digest() -> None:
    bench = Bench(mirrors=(MIRROR,), connections=2)
    first = bench.open()
    bench.answer(first)
    bench.bring(first.exchange, Span(0, 3 * MIB))
    bench.commands = bench.send(m.ExchangeFailed(first.exchange, Failure(FailureKind.LOST)))

    start, seconds = fails_until_the_mirror_is_asked(bench)

    assert seconds <= 5.0
    bench.answer(start, tag='"another"')
    (check,) = asked(bench.commands)
    bench.answer(check, tag='"another"')
    assert bench.one(m.AcceptBody).compare, "its bytes are compared with those of the first place before"
    bench.send(m.BodyStored(check.exchange, span_of(check)))
    commands: list[m.Command] = []
    for index in range(3):
        commands += bench.send(m.BlockCompared(Span(index * MIB, (index + 1) * MIB), equal=True))
    assert any(isinstance(one, m.AcceptBody) and one.exchange == start.exchange for one in commands)


def test_without_a_digest_a_mirror_of_another_length_gives_the_first_place_back_its_part() -> None:
    bench = Bench(mirrors=(MIRROR,), connections=1)
    first = bench.open()
    bench.answer(first)
    bench.bring(first.exchange, Span(0, 3 * MIB))
    bench.commands = bench.send(m.ExchangeFailed(first.exchange, Failure(FailureKind.LOST)))
    start, _ = fails_until_the_mirror_is_asked(bench)

    answers = 0
    while start.request.url == MIRROR:
        bench.answer(start, tag='"another"', length=LENGTH + 1)
        assert not bench.machine.is_over
        (start,) = asked(bench.commands) or asked(bench.wait(5.0))
        answers += 1
    again = start
    assert answers <= 3
    assert again.request.url == ORIGIN
    bench.answer(again)
    assert not bench.machine.is_over


def test_where_no_place_answers_any_more_it_fails_after_both_were_tried_again_and_again() -> None:
    bench = Bench(mirrors=(MIRROR,), connections=1)
    first = bench.open()
    bench.answer(first)
    bench.bring(first.exchange, Span(0, 3 * MIB))
    commands = bench.send(m.ExchangeFailed(first.exchange, Failure(FailureKind.LOST)))
    tries, began_at = [0, 0], bench.now
    while not bench.machine.is_over:
        for start in asked(commands):
            tries[start.request.url == MIRROR] += 1
            bench.send(m.ExchangeFailed(start.exchange, Failure(FailureKind.CONNECT)))
        commands = bench.commands if bench.all(m.StartExchange) else bench.wait(0.25)
        assert bench.now < began_at + 300
    assert min(tries) >= 3
    assert bench.now >= began_at + 15, "an outage of some seconds is borne"


@pytest.mark.parametrize("digests", [(), (RIGHT,)])
def test_a_first_place_that_is_busy_without_end_doesnt_keep_a_mirror_waiting(digests: tuple[Digest, ...]) -> None:
    bench = Bench(mirrors=(MIRROR,), digests=digests, connections=1)
    again, began_at = bench.open(), bench.now
    while again.request.url == ORIGIN:
        bench.status(again, 503)
        (again,) = asked(bench.commands) or asked(bench.wait(2.0)) or [again]
        assert bench.now <= began_at + 10
    bench.answer(again)
    assert bench.all(m.AcceptBody)


def test_a_first_place_that_falls_silent_is_left_for_a_mirror_without_a_digest() -> None:
    bench = Bench(mirrors=(MIRROR,), connections=1)
    first = bench.open()
    bench.answer(first)
    bench.bring(first.exchange, Span(0, 3 * MIB))

    assert at_any(asked(bench.wait(20.0)), MIRROR)


def at_any(starts: list[m.StartExchange], url: Url) -> bool:
    return any(start.request.url == url for start in starts)
