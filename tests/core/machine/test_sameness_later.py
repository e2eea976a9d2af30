"""Bytes of two representations never meet: after an earlier run, with mirrors, and when events come late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.errors import RepresentationChangedError
from tests.core.machine.bench import LENGTH, MIB, RIGHT, WRONG, Bench, kept
from tests.core.machine.comparing import MD5, MIRROR, broken_off, compared, flowing, next_request

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest

# What an earlier run left -------------------------------------------------------------------------------------


def test_the_first_answer_waits_for_the_comparison_and_is_used() -> None:
    bench = Bench()
    first = bench.open(kept=kept(Span(0, 16 * MIB), tag=None))
    bench.answer(first, tag=None)
    samples = bench.all(m.StartExchange)
    asked = SpanSet.of(*(start.request.span for start in samples if start.request.span))
    assert asked.total == 3 * MIB
    for start in samples:
        assert not [accepted for accepted in bench.all(m.AcceptBody) if accepted.exchange == first.exchange]
        compared(bench, start)
    accepted = bench.all(m.AcceptBody)
    assert [(one.exchange, one.start) for one in accepted] == [(first.exchange, 16 * MIB)]
    assert not any(cancelled.exchange == first.exchange for cancelled in bench.all(m.CancelExchange))
    spans = [start.request.span for start in bench.all(m.StartExchange)]
    assert all(first.request.span and span and span.start >= first.request.span.stop for span in spans)


def test_a_single_connection_compares_before_it_downloads() -> None:
    bench = Bench(connections=1)
    start = bench.open(kept=kept(Span(0, 16 * MIB), tag=None))
    for span in (Span(0, MIB), Span(7 * MIB, 8 * MIB), Span(15 * MIB, 16 * MIB)):
        assert start.request.span == span
        compared(bench, start)
        start = next_request(bench)
    assert start.request.span is not None
    assert start.request.span.start == 16 * MIB


def test_a_waiting_response_is_dropped_if_the_comparison_is_refused() -> None:
    bench = Bench(connections=2)
    first = bench.open(kept=kept(Span(0, 16 * MIB), tag=None))
    bench.answer(first, tag=None)
    sample = next_request(bench)
    bench.send(m.ExchangeFailed(sample.exchange, Failure(FailureKind.CONNECT)))
    assert m.CancelExchange(first.exchange) in bench.commands


def test_a_waiting_response_is_judged_again_after_the_comparison() -> None:
    bench = Bench(connections=2)
    first = bench.open(kept=kept(Span(0, MIB), tag=None))
    bench.answer(first, tag='W/"old"')
    compared(bench, next_request(bench), tag='W/"new"')
    assert m.CancelExchange(first.exchange) in bench.commands


def test_other_content_drops_the_answer_that_waits() -> None:
    bench = Bench(connections=2)
    first = bench.open(kept=kept(Span(0, MIB), tag=None))
    bench.answer(first, tag=None)
    compared(bench, next_request(bench), equal=False)
    assert isinstance(bench.failure(), RepresentationChangedError)
    assert m.CancelExchange(first.exchange) in bench.commands


def test_a_length_that_an_earlier_run_has_exceeded_is_other_content() -> None:
    bench = Bench(connections=1)
    left = m.KeptBlocks(SpanSet.of(Span(0, 16 * MIB)), m.Identity(None, Validator()))
    start = bench.open(kept=left)
    for _ in range(3):
        bench.status(start, 200, ("Content-Length", str(MIB)))
        if bench.machine.is_over:
            break
        start = next_request(bench)
    assert isinstance(bench.failure(), RepresentationChangedError)


# Other places -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("digests", "asked"), [((RIGHT,), True), ((), False), ((MD5,), False)])
def test_mirrors_are_used_only_with_a_digest(digests: tuple[Digest, ...], *, asked: bool) -> None:
    bench = Bench(connections=1, mirrors=(MIRROR,), digests=digests)
    start = flowing(bench)
    commands = list(bench.commands)
    bench.bring(start.exchange, Span(0, 2 * MIB))
    commands += bench.commands + bench.wait(5.0)
    origins = {command.request.url.origin for command in commands if isinstance(command, m.StartExchange)}
    assert (MIRROR.origin in origins) is asked


def test_a_replacing_mirror_is_compared_first() -> None:
    bench = Bench(connections=1, mirrors=(MIRROR,))
    start = broken_off(bench, 3 * MIB)
    while start.request.url != MIRROR:
        bench.status(start, 404)
        start = next_request(bench)
    assert start.request.span == Span(0, 3 * MIB)
    compared(bench, start)


# Events that come too late ------------------------------------------------------------------------------------


def test_a_late_difference_in_a_forgotten_block_is_ignored() -> None:
    bench = Bench(connections=2, overwrite=True)
    first = bench.open(kept=kept(Span(0, 16 * MIB), tag=None))
    bench.answer(first, tag=None)
    bench.send(m.BlockCompared(Span(0, MIB), equal=False))
    bench.send(m.BlockCompared(Span(7 * MIB, 8 * MIB), equal=False))
    assert not bench.all(m.Fail)
    start = next_request(bench)
    bench.answer(start, tag=None)
    assert bench.one(m.AcceptBody).start == 0


def test_a_late_proof_of_a_forgotten_block_is_ignored() -> None:
    bench = Bench(connections=1)
    start = bench.open()
    bench.answer(start, length=2 * MIB)
    bench.bring(start.exchange, Span(0, 2 * MIB))
    assert bench.all(m.Verify)
    bench.send(m.BlocksProved(SpanSet.of(Span(0, MIB)), SpanSet()))
    assert bench.commands == []
    assert bench.machine.phase is MachinePhase.VERIFYING
    bench.send(m.Verified((RIGHT,)))
    assert bench.all(m.Publish)


def test_a_bad_block_is_requested_again_even_during_the_digest_request() -> None:
    bench = Bench(connections=1, digests=(RIGHT,))
    start = bench.open()
    bench.answer(start, length=2 * MIB)
    bench.bring(start.exchange, Span(0, 2 * MIB))
    bench.send(m.BlocksProved(SpanSet(), SpanSet.of(Span(MIB, 2 * MIB))))
    again = next_request(bench)
    assert again.request.span == Span(MIB, 2 * MIB)
    bench.send(m.Verified((WRONG,)))
    assert not bench.machine.is_over, "that was asked before"


def test_an_ended_machine_sends_no_commands() -> None:
    bench = Bench(connections=1)
    start = flowing(bench)
    bench.send(m.CancelRequested())
    for event in (
        m.BodyStored(start.exchange, Span(0, MIB)),
        m.BodyEnded(start.exchange),
        m.BlockCompared(Span(0, MIB), equal=False),
        m.BlocksProved(SpanSet.of(Span(0, MIB)), SpanSet()),
        m.Verified((RIGHT,)),
        m.Published(),
        m.Tick(),
    ):
        assert bench.send(event) == []


# A part file that somebody has cut ----------------------------------------------------------------------------


def test_a_part_file_that_was_cut_is_proved_again_and_pieces_come_again() -> None:
    bench = Bench(connections=1)
    start = flowing(bench)
    bench.bring(start.exchange, Span(0, 3 * MIB + 5))
    bench.send(m.PartShortened())
    assert bench.all(m.CancelExchange) == [m.CancelExchange(start.exchange)]
    assert bench.one(m.ForgetBlocks).blocks == SpanSet.of(Span(3 * MIB, LENGTH))
    assert bench.one(m.ProveBlocks).blocks == SpanSet.of(Span(0, 3 * MIB))
    bench.send(m.BodyStored(start.exchange, Span(3 * MIB + 5, 4 * MIB)))
    bench.send(m.BlocksProved(SpanSet.of(Span(0, MIB)), SpanSet.of(Span(MIB, 3 * MIB))))
    assert bench.machine.coverage.stored == SpanSet.of(Span(0, MIB))
    assert bench.machine.account.bytes_resumed == 0


@pytest.mark.parametrize("phase", [MachinePhase.VERIFYING, MachinePhase.PUBLISHING])
def test_a_complete_part_file_that_was_cut_is_proved_again(phase: MachinePhase) -> None:
    bench = Bench(connections=1)
    start = bench.open()
    bench.answer(start, length=2 * MIB)
    bench.bring(start.exchange, Span(0, 2 * MIB))
    if phase is MachinePhase.PUBLISHING:
        bench.send(m.Verified((RIGHT,)))
    assert bench.machine.phase is phase
    bench.send(m.PartShortened())
    assert bench.one(m.ProveBlocks).blocks == SpanSet.whole(2 * MIB)
    bench.send(m.BlocksProved(SpanSet.of(Span(0, MIB)), SpanSet.of(Span(MIB, 2 * MIB))))
    again = next_request(bench)
    assert again.request.span == Span(MIB, 2 * MIB)
    bench.answer(again, length=2 * MIB)
    bench.bring(again.exchange, Span(MIB, 2 * MIB))
    bench.send(m.Verified((RIGHT,)))
    assert bench.all(m.Publish)
