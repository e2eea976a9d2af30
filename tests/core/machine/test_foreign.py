"""What another program has left, as the machine sees it: compared first, parted with where it differs."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.errors import DigestMismatchError
from tests.core.machine.bench import LENGTH, MIB, RIGHT, WRONG, Bench

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest

HELD = SpanSet.of(Span(0, 40 * MIB))
WHOLE = SpanSet.whole(LENGTH)


def left(*spans: Span) -> m.KeptBlocks:
    return m.KeptBlocks(SpanSet.of(*spans), m.Identity(LENGTH, Validator(), m.FOREIGN))


class Played(Bench):
    """A machine whose server is honest, and sends other bytes than those of the blocks ``differing``."""

    def __init__(self, digests: tuple[Digest, ...], differing: set[int] | None = None) -> None:
        super().__init__(digests=digests, connections=1)
        self.differing = differing or set()
        self.compared: list[int] = []
        self.forgotten = SpanSet()
        self.stopped_by: m.Verify | m.Fail | None = None
        self._waiting: deque[m.Command] = deque()

    def send(self, event: m.Event) -> list[m.Command]:
        self._waiting += super().send(event)
        return self.commands

    def play(self) -> None:
        """Lets everything happen that is asked for, up to the end or to the question for the digest."""
        self.stopped_by = None
        while self.stopped_by is None:
            if not self._waiting:
                self.now += 0.25
                self.send(m.Tick())
                assert self.now < 1000, "nothing happens any more"
                continue
            match self._waiting.popleft():
                case m.StartExchange() as start:
                    self.answer(start)
                case m.AcceptBody() as body:
                    self._bring(body)
                case m.ForgetBlocks(blocks):
                    self.forgotten |= blocks
                    self.differing -= {span.start // MIB for span in cut(blocks)}
                case m.ProveBlocks(blocks):
                    self.send(m.BlocksProved(blocks, SpanSet()))
                case m.Verify() | m.Fail() as end:
                    self.stopped_by = end

    def _bring(self, body: m.AcceptBody) -> None:
        span = Span(body.start, body.stop or LENGTH)
        self.send(m.BodyStored(body.exchange, span))
        for block in cut(SpanSet.of(span)) if body.compare else ():
            index = block.start // MIB
            self.compared.append(index)
            self.send(m.BlockCompared(block, equal=index not in self.differing))
        self.send(m.BodyEnded(body.exchange))


def stopped(played: Played) -> m.Verify | m.Fail | None:
    """What ends or interrupts it next."""
    played.play()
    return played.stopped_by


def cut(spans: SpanSet) -> list[Span]:
    return [Span(start, start + MIB) for span in spans for start in range(span.start, span.stop, MIB)]


def adopted(*digests: Digest, differing: set[int] | None = None) -> Played:
    """A download that another program has begun, played as far as to the question for the digest."""
    played = Played(digests, differing)
    played.send(m.Begin(storage_is_open=False))
    while not played.all(m.OpenStorage):
        played.answer(played.one(m.StartExchange))
    played.send(m.StorageOpened(left(*HELD)))
    assert not played.all(m.AcceptBody)
    played.play()
    assert isinstance(played.stopped_by, m.Verify)
    return played


@pytest.mark.parametrize(("digests", "count"), [((RIGHT,), 3), ((), 16)])
def test_samples_are_compared_before_anything_is_stored(digests: tuple[Digest, ...], count: int) -> None:
    played = adopted(*digests)
    assert len(played.compared) == len(set(played.compared)) == count
    assert (played.compared[0], played.compared[-1]) == (0, 39)
    assert not played.forgotten
    assert played.machine.account.bytes_resumed == HELD.total


@pytest.mark.parametrize("digests", [(RIGHT,), ()])
def test_where_most_differ_all_of_it_comes_again_and_nothing_counts_as_resumed(digests: tuple[Digest, ...]) -> None:
    played = adopted(*digests, differing=set(range(40)))
    assert played.forgotten == HELD
    assert played.machine.account.bytes_resumed == 0


def test_beside_a_digest_only_a_sample_that_differs_comes_again() -> None:
    played = adopted(RIGHT, differing={0})
    assert played.forgotten == SpanSet.of(Span(0, MIB))
    assert played.machine.account.bytes_resumed == HELD.total - MIB


def test_without_a_digest_one_sample_that_differs_spoils_all() -> None:
    assert adopted(differing={39}).forgotten == HELD


def test_a_wrong_block_between_the_samples_is_found_by_the_digest_and_nothing_else_compared() -> None:
    played = adopted(RIGHT, differing={17})
    assert not played.forgotten
    played.compared.clear()
    played.send(m.Verified((WRONG,)))
    played.play()
    assert isinstance(played.stopped_by, m.Verify)
    assert sorted(played.compared) == list(range(40))
    assert played.forgotten == SpanSet.of(Span(17 * MIB, 18 * MIB))
    played.send(m.Verified((RIGHT,)))
    assert played.all(m.Publish)


def test_where_it_is_innocent_the_rest_is_compared_and_then_the_digest_is_wrong() -> None:
    played = adopted(RIGHT)
    played.compared.clear()
    played.send(m.Verified((WRONG,)))
    played.play()
    assert isinstance(played.stopped_by, m.Fail)
    assert isinstance(played.stopped_by.error, DigestMismatchError)
    assert sorted(played.compared) == list(range(64)), "each once"
    assert sorted(played.compared[:40]) == list(range(40)), "what another program has left comes first"


def test_wrong_blocks_on_both_sides_are_found_one_after_the_other() -> None:
    played = adopted(RIGHT, differing={17})
    played.send(m.Verified((WRONG,)))
    played.play()
    played.differing = {50}
    played.compared.clear()
    played.send(m.Verified((WRONG,)))
    played.play()
    assert isinstance(played.stopped_by, m.Verify)
    assert sorted(played.compared) == list(range(64))
    assert played.forgotten == SpanSet.of(Span(17 * MIB, 18 * MIB), Span(50 * MIB, 51 * MIB))
    played.send(m.Verified((WRONG,)))
    end = stopped(played)
    assert isinstance(end, m.Fail), "a pass that finds nothing is the end"
    assert isinstance(end.error, DigestMismatchError)
