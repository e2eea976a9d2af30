"""Which place leads after the first one has died, is silent or busy, or has another file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.errors import NotFoundError
from tests.core.machine.bench import LENGTH, MIB, ORIGIN, RIGHT, WRONG, Bench
from tests.core.machine.mirrored import MIRROR, asked, at, opened, span_of

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest


def test_where_the_first_place_never_answers_a_mirror_takes_its_part() -> None:
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,))
    bench.status(bench.open(), 404)
    bench.status(bench.one(m.StartExchange), 404)
    assert not bench.machine.is_over
    (start,) = at(bench, MIRROR) or [one for one in bench.wait(0.5) if isinstance(one, m.StartExchange)]
    bench.answer(start)
    assert bench.one(m.AcceptBody).start == 0
    assert bench.machine.digests == (RIGHT,)


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

    assert any(start.request.url == MIRROR for start in asked(bench.wait(20.0)))
