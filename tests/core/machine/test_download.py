"""The machine, fed by hand: what it commands after which events. Its large behaviour is the simulation's to prove."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.machine.exchange import SILENCE_SECONDS
from anymatix_fetcher.core.machine.phase import TRANSITIONS, MachinePhase
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import ResponseHead
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DigestMismatchError,
    DownloadCancelled,
    NotAModelError,
    RepresentationChangedError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from tests.core.machine.bench import LENGTH, MIB, ORIGIN, OTHER_TARGET, RIGHT, TAG, TARGET, WRONG, Bench, kept

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest


def test_it_opens_with_one_ranged_get_that_is_payload() -> None:
    bench = Bench()
    start = bench.open()
    assert start.request.span == Span(0, 8 * MIB)
    bench.answer(start)
    accepted = bench.one(m.AcceptBody)
    assert (accepted.exchange, accepted.start, accepted.stop) == (start.exchange, 0, 8 * MIB)
    assert len(bench.all(m.StartExchange)) == 3, "and goes parallel as soon as that head says that it can"


def test_what_a_lone_connection_asks_for_next_is_as_large_as_it_is_fast() -> None:
    bench = Bench(connections=1)
    start = bench.open()
    bench.answer(start)
    for piece in range(4):
        bench.now += 0.2
        bench.bring(start.exchange, Span(2 * piece * MIB, 2 * (piece + 1) * MIB))
    bench.send(m.BodyEnded(start.exchange))
    assert bench.one(m.StartExchange).request.span == Span(8 * MIB, 36 * MIB), "half of what is left, and not 8 MiB"


def test_nothing_is_accepted_before_the_part_file_is_open() -> None:
    bench = Bench()
    bench.send(m.Begin(storage_is_open=False))
    bench.answer(bench.one(m.StartExchange))
    assert not bench.all(m.AcceptBody)
    assert bench.one(m.OpenStorage).head.status == 206
    bench.send(m.StorageOpened())
    assert bench.one(m.SetIdentity).identity.length == LENGTH
    assert bench.one(m.AcceptBody).start == 0


def test_redirects_are_walked_hop_by_hop_and_credentials_stay_behind() -> None:
    bench = Bench()
    first = bench.open()
    assert first.request.headers.get("Authorization") == "Bearer secret"
    bench.status(first, 302, ("Location", TARGET.reveal()))
    second = bench.one(m.StartExchange)
    assert second.request.url == TARGET
    assert second.request.span == first.request.span
    assert second.request.headers.get("Authorization") is None
    assert bench.all(m.CancelExchange) == [m.CancelExchange(first.exchange)]


def test_too_many_redirects_end_it() -> None:
    bench = Bench()
    start = bench.open()
    for hop in range(11):
        bench.status(start, 302, ("Location", f"/{hop}"))
        if bench.all(m.Fail):
            break
        start = bench.one(m.StartExchange)
    assert isinstance(bench.failure(), UnexpectedAnswerError)
    assert hop == 10


def test_a_redirects_digest_is_of_the_redirect_and_no_concern_of_ours() -> None:
    bench = Bench()
    own = ("Repr-Digest", "sha-256=:" + "A" * 43 + "=:")
    bench.status(bench.open(), 302, ("Location", TARGET.reveal()), own)
    assert bench.machine.digests == ()


def test_late_events_of_dropped_exchanges_change_nothing() -> None:
    bench = Bench()
    first = bench.open()
    bench.status(first, 302, ("Location", TARGET.reveal()))
    for late in (
        m.HeadArrived(first.exchange, ResponseHead(200)),
        m.BodyStored(first.exchange, Span(0, MIB)),
        m.BodyEnded(first.exchange),
        m.ExchangeFailed(first.exchange, Failure(FailureKind.LOST)),
    ):
        assert bench.send(late) == []
    assert not bench.machine.coverage.stored


def test_an_expired_address_is_renewed_once_while_the_others_go_on() -> None:
    bench = Bench()
    first, second, third = bench.opened_at_target()
    bench.answer(third)
    bench.now += 3600
    bench.send(m.Tick())
    bench.status(first, 403)
    assert bench.all(m.Renew)
    assert not bench.all(m.CancelExchange) or bench.all(m.CancelExchange) == [m.CancelExchange(first.exchange)]
    assert not bench.status(second, 403) or not bench.all(m.Renew), "single flight: one renewal for all"
    bench.send(m.Renewed(bench.resource))
    walk = bench.one(m.StartExchange)
    assert walk.request.url == ORIGIN
    assert bench.machine.account.renewals == 1


def test_an_address_that_the_source_has_signed_is_renewed_by_the_source() -> None:
    bench = Bench(renewed_by_source=True)
    bench.answer(bench.open())
    second = bench.all(m.StartExchange)[0]
    bench.now += 3600
    bench.send(m.Tick())
    bench.status(second, 403)
    assert bench.all(m.Renew)
    fresh = Url.parse("https://models.example/model.safetensors?token=fresh")
    bench.send(m.Renewed(replace(bench.resource, url=fresh)))
    assert bench.one(m.StartExchange).request.url == fresh


def test_a_403_on_a_fresh_address_is_asked_once_more_and_once_without_a_range_and_then_believed() -> None:
    bench = Bench()
    start, spans = bench.open(), []
    for turn in range(3):
        bench.status(start, 307, ("Location", TARGET.reveal()))
        asked = bench.one(m.StartExchange)
        spans.append(asked.request.span)
        bench.status(asked, 403)
        if turn == 0:
            assert not bench.all(m.Fail)
            bench.wait(1.5)
        if turn < 2:
            start = bench.one(m.StartExchange)
    assert spans == [Span(0, 8 * MIB), Span(0, 8 * MIB), None]
    assert isinstance(bench.failure(), AccessDeniedError)
    assert bench.machine.account.renewals == 0


def test_a_web_page_is_no_model_and_no_byte_of_it_is_stored() -> None:
    bench = Bench()
    bench.status(bench.open(), 200, ("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "512"))
    peek = bench.one(m.PeekBody)
    bench.bring(peek.exchange, Span(0, 512))
    bench.send(m.BodyEnded(peek.exchange))
    assert bench.one(m.LookAtBeginning) == m.LookAtBeginning("", is_whole=True)
    bench.send(m.BeginningSeen(is_unwanted=True))
    assert not bench.all(m.AcceptBody)
    assert not bench.machine.coverage.stored
    assert isinstance(bench.failure(), NotAModelError)
    assert "secret" not in bench.failure().message


def test_a_label_that_was_disproved_says_nothing_of_others() -> None:
    bench = Bench()
    total = ("Content-Range", f"bytes 0-{8 * MIB - 1}/{64 * MIB}")
    bench.status(bench.open(), 206, ("Content-Encoding", "gzip"), total)
    peek = bench.one(m.PeekBody)
    bench.bring(peek.exchange, Span(0, peek.stop))
    bench.send(m.BodyEnded(peek.exchange))
    bench.send(m.BeginningSeen(is_unwanted=False))
    bench.status(bench.one(m.StartExchange), 200, ("Content-Type", "text/html"), ("Content-Length", "512"))
    assert not bench.all(m.AcceptBody)
    assert isinstance(bench.failure(), NotAModelError)


def test_a_length_that_stood_in_a_doubted_answer_holds() -> None:
    bench = Bench()
    total = ("Content-Range", f"bytes 0-{8 * MIB - 1}/{64 * MIB}")
    bench.status(bench.open(), 206, ("Content-Encoding", "gzip"), total)
    peek = bench.one(m.PeekBody)
    bench.bring(peek.exchange, Span(0, peek.stop))
    bench.send(m.BodyEnded(peek.exchange))
    bench.send(m.BeginningSeen(is_unwanted=False))
    assert bench.machine.length == 64 * MIB
    bench.status(bench.one(m.StartExchange), 200, ("Content-Length", "512"))
    assert not bench.all(m.AcceptBody)


def test_kept_blocks_are_proved_while_the_missing_ones_come() -> None:
    bench = Bench()
    start = bench.open(kept=kept(Span(0, 16 * MIB)))
    assert bench.one(m.ProveBlocks).blocks == SpanSet.of(Span(0, 16 * MIB))
    assert start.request.span is not None
    assert start.request.span.start == 16 * MIB
    assert start.request.headers.get("If-Range") == TAG
    bench.answer(start)
    assert bench.one(m.AcceptBody).start == 16 * MIB
    bench.send(m.BlocksProved(SpanSet.of(Span(0, 15 * MIB)), SpanSet.of(Span(15 * MIB, 16 * MIB))))
    assert bench.machine.account.bytes_resumed == 15 * MIB
    assert Span(15 * MIB, 16 * MIB).start not in bench.machine.coverage.held, "a bad block comes again"


def test_without_a_strong_validator_blocks_are_compared_before_anything_is_stored() -> None:
    bench = Bench()
    bench.answer(bench.open(kept=kept(Span(0, 16 * MIB), tag=None)), tag=None)
    assert not bench.all(m.AcceptBody)
    samples = bench.all(m.StartExchange)
    assert [start.request.span for start in samples] == [
        Span(0, MIB),
        Span(7 * MIB, 8 * MIB),
        Span(15 * MIB, 16 * MIB),
    ]
    for start in samples:
        bench.answer(start, tag=None)
        assert bench.one(m.AcceptBody).compare
        span = start.request.span
        assert span is not None
        bench.send(m.BodyStored(start.exchange, span))
        bench.send(m.BlockCompared(span, equal=True))
        bench.send(m.BodyEnded(start.exchange))
    fills = bench.all(m.StartExchange)
    assert fills
    assert all(start.request.span and start.request.span.start >= 16 * MIB for start in fills)


def test_a_block_that_differs_shows_that_the_content_has_changed() -> None:
    bench = Bench()
    bench.answer(bench.open(kept=kept(Span(0, 16 * MIB), tag=None)), tag=None)
    bench.answer(bench.all(m.StartExchange)[0], tag=None)
    bench.send(m.BlockCompared(Span(0, MIB), equal=False))
    assert isinstance(bench.failure(), RepresentationChangedError)


def test_another_hosts_answer_after_a_renewal_is_compared_too() -> None:
    bench = Bench()
    others = bench.opened_at_target()
    exchange = bench.one(m.AcceptBody).exchange
    bench.bring(exchange, Span(0, 8 * MIB))
    bench.now += 3600
    bench.send(m.Tick())
    bench.status(others[0], 403)
    bench.send(m.Renewed(bench.resource))
    bench.status(bench.all(m.StartExchange)[-1], 307, ("Location", OTHER_TARGET.reveal()))
    bench.answer(bench.one(m.StartExchange), tag='"quite another tag"')
    assert not bench.all(m.AcceptBody)
    assert bench.all(m.StartExchange)[0].request.span == Span(0, MIB)


def test_changed_content_is_believed_only_when_several_answers_say_so() -> None:
    bench = Bench()
    bench.answer(bench.open())
    answers = 0
    while not bench.all(m.Fail):
        answers += 1
        bench.answer(bench.all(m.StartExchange)[0], tag='"v2"')
        bench.commands += bench.machine.receive(m.Tick(), bench.now)
    assert answers == 3
    assert isinstance(bench.failure(), RepresentationChangedError)


def test_silence_is_not_waited_out_for_ever() -> None:
    bench = Bench(connections=1)
    start = bench.open()
    commands = bench.wait(SILENCE_SECONDS + 1)
    assert m.CancelExchange(start.exchange) in commands
    assert [command for command in commands if isinstance(command, m.StartExchange)], "another one takes its place"
    for _ in range(2000):
        if any(isinstance(command, m.Fail) for command in bench.wait(1.0)):
            break
    assert isinstance(bench.failure(), RetriesExhaustedError)


def test_a_machine_that_slept_blames_nobody() -> None:
    bench = Bench(connections=1)
    bench.open()
    bench.wait(1.0)
    bench.now += 8 * 3600
    assert bench.send(m.Tick()) == []


def finish(bench: Bench, *digests: Digest) -> None:
    """Brings a small file whole, and answers ``Verify``."""
    start = bench.open()
    bench.answer(start, length=2 * MIB)
    bench.bring(start.exchange, Span(0, 2 * MIB))
    assert bench.one(m.Verify).length == 2 * MIB
    bench.send(m.Verified(digests))


def test_nothing_is_published_before_it_is_proved() -> None:
    bench = Bench(digests=(RIGHT,))
    finish(bench, RIGHT)
    assert bench.all(m.Publish)
    bench.send(m.Published())
    assert bench.one(m.Finish).verified == "sha256"
    assert bench.machine.phase is MachinePhase.DONE


def test_without_a_digest_the_stated_length_is_all_that_is_claimed() -> None:
    bench = Bench()
    finish(bench, RIGHT)
    bench.send(m.Published())
    assert bench.one(m.Finish).verified == "length"


def test_a_wrong_digest_makes_the_disk_the_network_and_itself_suspects_in_turn() -> None:
    bench = Bench(digests=(WRONG,))
    whole = SpanSet.whole(2 * MIB)
    finish(bench, RIGHT)
    assert bench.one(m.ProveBlocks).blocks == whole
    bench.send(m.BlocksProved(whole, SpanSet()))
    again = bench.one(m.StartExchange)
    assert again.request.fresh_connection
    bench.answer(again, length=2 * MIB)
    assert bench.one(m.AcceptBody).compare
    bench.send(m.BodyStored(again.exchange, Span(0, 2 * MIB)))
    bench.send(m.BlockCompared(Span(0, MIB), equal=True))
    bench.send(m.BlockCompared(Span(MIB, 2 * MIB), equal=True))
    assert isinstance(bench.failure(), DigestMismatchError)
    assert RIGHT.hex in bench.failure().message


def test_a_block_that_spoils_the_digest_comes_a_third_time() -> None:
    bench = Bench(digests=(RIGHT,))
    whole = SpanSet.whole(2 * MIB)
    finish(bench, WRONG)
    bench.send(m.BlocksProved(whole, SpanSet()))
    again = bench.one(m.StartExchange)
    bench.answer(again, length=2 * MIB)
    bench.send(m.BodyStored(again.exchange, Span(0, 2 * MIB)))
    bench.send(m.BlockCompared(Span(0, MIB), equal=True))
    bench.send(m.BlockCompared(Span(MIB, 2 * MIB), equal=False))
    assert bench.one(m.ForgetBlocks).blocks == SpanSet.of(Span(MIB, 2 * MIB))
    third = bench.one(m.StartExchange)
    assert third.request.span == Span(MIB, 2 * MIB)
    bench.answer(third, length=2 * MIB)
    bench.bring(third.exchange, Span(MIB, 2 * MIB))
    bench.send(m.Verified((RIGHT,)))
    assert bench.all(m.Publish)


def test_cancelling_drops_everything_and_says_that_it_is_kept() -> None:
    bench = Bench()
    start = bench.open()
    bench.answer(start)
    bench.send(m.CancelRequested())
    assert len(bench.all(m.CancelExchange)) == 4
    assert isinstance(bench.failure(), DownloadCancelled)
    assert "again" in bench.failure().hint
    assert bench.send(m.Tick()) == []


@pytest.mark.parametrize("phase", MachinePhase)
def test_every_phase_can_be_left_for_an_end_but_ends_cannot(phase: MachinePhase) -> None:
    following = TRANSITIONS[phase]
    if phase in (MachinePhase.DONE, MachinePhase.FAILED, MachinePhase.CANCELLED):
        assert not following
    else:
        assert {MachinePhase.FAILED, MachinePhase.CANCELLED} <= following


def test_a_429_that_asks_to_wait_is_obeyed_by_all() -> None:
    bench = Bench()
    start = bench.open()
    bench.answer(start)
    second = bench.all(m.StartExchange)[0]
    bench.status(second, 429, ("Retry-After", "5"))
    bench.bring(start.exchange, Span(0, 8 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    assert not bench.all(m.StartExchange)


def test_while_the_part_file_waits_for_another_process_nothing_is_requested() -> None:
    bench = Bench()
    bench.send(m.Begin(storage_is_open=False))
    first = bench.one(m.StartExchange)
    bench.answer(first)
    assert bench.all(m.OpenStorage)

    bench.send(m.StorageAwaited())

    assert bench.one(m.CancelExchange).exchange == first.exchange
    assert not any(isinstance(one, m.StartExchange) for one in bench.wait(30.0))
    bench.send(m.StorageOpened())
    again = bench.all(m.StartExchange)
    assert again
    bench.answer(again[0])
    assert bench.one(m.AcceptBody).start == 0
