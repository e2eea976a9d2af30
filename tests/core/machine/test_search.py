"""The search for what spoils a digest: two independent answers have to agree, and only then the digest is suspected."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.machine.search import OPINIONS, PASSES, CulpritSearch
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import ResponseHead
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.errors import DigestMismatchError
from tests.core.machine.bench import LENGTH, MIB, ORIGIN, RIGHT, TAG, TARGET, WRONG, Bench

WHOLE = SpanSet.whole(LENGTH)
NONE = SpanSet()
BAD = SpanSet.of(Span(MIB, 2 * MIB))
OTHER = SpanSet.of(Span(7 * MIB, 9 * MIB))


def test_where_nothing_differs_it_is_at_its_end() -> None:
    search = CulpritSearch(NONE, WHOLE)
    assert search.blocks == WHOLE
    search.heard(NONE)
    assert (search.blocks, search.fickle) == (NONE, NONE)


def test_what_differed_is_asked_for_until_two_answers_agree_and_then_everything_once_more() -> None:
    search = CulpritSearch(NONE, WHOLE)
    search.heard(BAD | OTHER)
    assert search.blocks == BAD | OTHER
    search.heard(BAD)
    assert search.blocks == BAD
    assert search.fickle == BAD | OTHER
    search.heard(NONE)
    assert (search.blocks, search.fickle) == (WHOLE, NONE)
    search.heard(NONE)
    assert search.blocks == NONE


def test_it_is_bounded_whatever_comes() -> None:
    for differing, most in ((BAD, OPINIONS + 1), (NONE, 1)):
        search, asked = CulpritSearch(NONE, WHOLE), 0
        while search.blocks:
            search.heard(differing)
            asked += 1
        assert asked <= most
    search, passes = CulpritSearch(NONE, WHOLE), 0
    while search.blocks:
        passes += search.blocks == WHOLE
        search.heard(BAD if search.blocks == WHOLE else NONE)
    assert passes == PASSES


def test_a_file_that_ends_elsewhere_each_time_is_looked_at_a_few_times() -> None:
    search, lengths = CulpritSearch(NONE, WHOLE), 0
    while search.blocks:
        lengths += 1
        search.turn_to(SpanSet.whole(LENGTH - lengths))
    assert lengths == PASSES


def test_what_is_suspected_comes_first_and_nothing_is_compared_twice_without_a_reason() -> None:
    search = CulpritSearch(BAD, WHOLE)
    assert search.blocks == BAD
    search.heard(NONE)
    assert search.blocks == NONE, "another place is asked first"
    search.go_on()
    assert search.blocks == WHOLE - BAD
    search = CulpritSearch(BAD, WHOLE)
    search.heard(BAD)
    search.go_on()
    assert search.blocks == WHOLE


class Spoiling(Bench):
    """A server that spoils one block of every so many answers, another one each time."""

    size = 16 * MIB

    def __init__(self, every: int, *, digest_is_right: bool = True) -> None:
        super().__init__(digests=(RIGHT,), connections=1)
        self.every, self.answers, self.digest_is_right = every, 0, digest_is_right
        self.stored: dict[int, int] = {}
        """What each block holds: 0 for its right bytes, else the number of the answer that spoiled it."""

    def sent(self, span: Span) -> dict[int, int]:
        """What an answer brings."""
        self.answers += 1
        blocks = dict.fromkeys(range(span.start // MIB, span.stop // MIB), 0)
        if self.answers % self.every == 0:
            blocks[span.start // MIB + self.answers % len(blocks)] = self.answers
        return blocks

    def play(self) -> m.Publish | m.Fail:
        """What comes of it."""
        waiting = list(self.send(m.Begin(storage_is_open=True)))
        while True:
            if not waiting:
                self.now += 0.25
                waiting += self.send(m.Tick())
                assert self.now < 2000
                continue
            match waiting.pop(0):
                case m.StartExchange() as start:
                    waiting += self.answer(start, length=self.size)
                case m.AcceptBody() as body:
                    waiting += self.bring_all(body)
                case m.ProveBlocks(blocks):
                    waiting += self.send(m.BlocksProved(blocks, SpanSet()))
                case m.Renew():
                    waiting += self.send(m.Renewed(self.resource))
                case m.Verify():
                    is_right = self.digest_is_right and not any(self.stored.values())
                    waiting += self.send(m.Verified((RIGHT if is_right else WRONG,)))
                case m.Publish() | m.Fail() as end:
                    return end

    def bring_all(self, body: m.AcceptBody) -> list[m.Command]:
        span = Span(body.start, body.stop or self.size)
        sent = self.sent(span)
        commands = []
        if not body.compare:
            self.stored.update(sent)
        commands += self.send(m.BodyStored(body.exchange, span))
        for index, bytes_ in sent.items() if body.compare else ():
            block = Span(index * MIB, (index + 1) * MIB)
            commands += self.send(m.BlockCompared(block, equal=self.stored[index] == bytes_))
        return commands + self.send(m.BodyEnded(body.exchange))


@pytest.mark.parametrize("every", [3, 4, 5, 7])
def test_a_server_that_spoils_some_answers_is_borne(every: int) -> None:
    spoiling = Spoiling(every)
    assert isinstance(spoiling.play(), m.Publish)
    assert not any(spoiling.stored.values())


def test_one_that_spoils_all_isnt_said_to_send_the_same() -> None:
    end = Spoiling(1).play()
    assert isinstance(end, m.Fail)
    assert isinstance(end.error, DigestMismatchError)
    assert "of 16 blocks came differently each time" in end.error.message
    assert "same" not in end.error.message


def test_a_wrong_digest_is_what_is_left_where_the_server_is_sound() -> None:
    end = Spoiling(1000, digest_is_right=False).play()
    assert isinstance(end, m.Fail)
    assert "the server sends the same again" in end.error.message


def test_beside_a_server_that_spoils_it_isnt_called_wrong() -> None:
    end = Spoiling(2, digest_is_right=False).play()
    assert isinstance(end, m.Fail)
    assert "came differently" in end.error.message


class Expiring(Spoiling):
    """One that gives an address for each answer: the next request there is refused, since it has expired."""

    size = LENGTH
    used = 0

    def answer(self, start: m.StartExchange, *, tag: str | None = TAG, length: int = LENGTH) -> list[m.Command]:
        if start.request.url == ORIGIN:
            self.used = 0
            return self.status(start, 307, ("Location", TARGET.reveal()))
        self.used += 1
        if self.used == 1:
            return super().answer(start, tag=tag, length=length)
        expired = "<Code>AccessDenied</Code><Message>Request has expired</Message>"
        return self.send(m.HeadArrived(start.exchange, ResponseHead(403), expired))


def test_a_search_that_outlasts_the_servers_addresses_gets_as_many_as_it_needs() -> None:
    expiring = Expiring(1000, digest_is_right=False)
    end = expiring.play()
    assert isinstance(end, m.Fail)
    assert isinstance(end.error, DigestMismatchError), end.error
    assert expiring.machine.account.renewals > 10
