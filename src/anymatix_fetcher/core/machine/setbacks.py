"""What happens when an exchange comes to nothing: refused, lost, silent, or at its end before the file is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.reaction import Reaction, react
from anymatix_fetcher.core.machine.comparison import whole_blocks
from anymatix_fetcher.core.machine.ending import Ending
from anymatix_fetcher.core.machine.exchange import ExchangeState, Purpose
from anymatix_fetcher.core.machine.matching import EVERYTHING
from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.machine.situation import situation_of
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Validator
from anymatix_fetcher.core.values.refusals import Refusal, Refused
from anymatix_fetcher.core.values.spans import Span, SpanSet

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.judge import Accepted
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.values.http import ResponseHead


class Setbacks(Ending):
    """The part of the machine that asks again, waits, turns to another place, or gives up."""

    def _refused(self, exchange: Exchange, refused: Refused, now: float) -> None:
        asking = self._asking
        known, digests = self._matching.identity is not None, bool(self.digests)
        situation = situation_of(
            exchange,
            refused,
            asking,
            self.coverage,
            self._matching.known_length,
            now,
            is_known=known,
            has_digest=digests,
        )
        reaction = react(refused, situation)
        if reaction is Reaction.WAIT:
            self._distrust(exchange)
        if reaction is Reaction.RETRY:
            self._tried_in_vain(exchange, refused, now)
        elif reaction is Reaction.EMPTY:
            self._empty(exchange)
        elif reaction is Reaction.FORGET_IDENTITY:
            self._matching.start_over()
        elif reaction is Reaction.CHANGED:
            self._changed(asking.address.error(replace(refused, kind=Refusal.CHANGED), exchange.request))
        elif not asking.cope(reaction, exchange, refused, now, nothing_stored=not self.coverage.stored):
            self._fail_here(asking.error(refused, exchange.request))

    def _beginning_seen(self, event: m.BeginningSeen, now: float) -> None:
        exchange = self._labels.seen(is_unwanted=event.is_unwanted)
        if event.is_unwanted and exchange.doubt is not None:
            self._refused(exchange, exchange.doubt, now)
            return
        length = exchange.head.complete_length if exchange.head is not None else None
        if self._matching.known_length is None and length is not None:
            self._matching.state_length(length)
        self._asking.settle(exchange, now)  # it is asked for again, for good this time

    def _empty(self, exchange: Exchange) -> None:
        self._asking.address.settle(exchange.request.url)
        self._matching.set_identity(m.Identity(0, Validator(), exchange.request.url.origin))
        if exchange.head is not None:
            self._open_storage(exchange.head)

    def _open_storage(self, head: ResponseHead) -> None:
        if not self._matching.storage_is_open and not self._storage_asked:
            self._storage_asked = True
            self._out.append(m.OpenStorage(head, self._asking.address.origin_url))

    def _exchange_failed(self, event: m.ExchangeFailed, now: float) -> None:
        exchange, failure = self._asking.exchanges.end(event.exchange), event.failure
        if exchange is None:
            return
        self._compared_so_far(exchange)
        if failure.kind in (FailureKind.STORAGE, FailureKind.BUG):
            self._fail(self._asking.address.error(failure, exchange.request))
        elif exchange.mirror is not None:
            self._mirrors.failed(exchange.mirror, exchange, now)
        elif exchange.purpose is Purpose.PEEK and exchange.has_all:
            self._peeked(exchange)
        elif exchange.flowing and exchange.has_all:
            self._distrust(exchange)  # nothing is missing of it but its end
        elif self._asking.manners.another_version(failure.kind, exchange.request, answered=exchange.head is not None):
            self._distrust(exchange)  # it is asked for again at once
        elif failure.kind in (FailureKind.TLS, FailureKind.UNUSABLE):
            self._fail_here(self._asking.address.error(failure, exchange.request))
        else:
            self._tried_in_vain(exchange, failure, now)

    def _replace_stuck(self, now: float) -> None:
        for exchange in self._asking.exchanges:
            if exchange.is_stuck(now) and not self.is_over:
                self._asking.drop(exchange)
                self._compared_so_far(exchange)
                if exchange.mirror is not None:
                    self._mirrors.failed(exchange.mirror, exchange, now)
                elif not (exchange.flowing and exchange.has_all):  # then nothing is missing of it but its end
                    self._tried_in_vain(exchange, Failure(FailureKind.SILENT, "too little came for too long"), now)
        if not self.is_over and self._asking.may_be_silent:
            for exchange in self._silence.fallen(self._asking.exchanges.of(None), self._watched_since, now):
                self._asking.drop(exchange)
                self._tried_in_vain(exchange, Failure(FailureKind.SILENT, "nothing came any more"), now)

    def _open_end(self, exchange: Exchange, now: float, *, goes_on: bool) -> None:
        """A body ended that hadn't stated its end: that is held against the length that is known."""
        matching = self._matching
        known = matching.known_length
        if known is None and exchange.purpose is Purpose.COMPARE:
            self._compared_to_its_end(exchange, now)
        elif known is None and self.coverage.held.stop > exchange.position:
            self._changed(self._other_content())  # it ended before the pieces that are here do
        elif known is None:
            matching.ends_at(exchange.position)  # where its framing said that it ended
        elif goes_on and exchange.position >= known:
            matching.take_back(exchange.fresh)  # it belongs to something longer
            what = f"{exchange.request.url.host} sends more than the {known:,} bytes that the file has"
            self._refused(exchange, Refused(Refusal.CHANGED, what, exchange.head.status if exchange.head else 0), now)
        elif exchange.rest:
            self._ended_early(exchange, now)

    def _compared_to_its_end(self, exchange: Exchange, now: float) -> None:
        """A body of unstated length came a second time: the longer one is the whole."""
        end = self._matching.length
        if end is not None and exchange.position > end:
            self._matching.goes_on()
        elif end is not None and exchange.position < end:
            self._ended_early(exchange, now)

    def _compared_so_far(self, exchange: Exchange) -> None:
        """One that was to bring blocks for comparison is over: the next one goes on from where it has come to."""
        comparison = self._matching.comparison
        is_for_it = exchange.purpose is Purpose.COMPARE and exchange.mirror is None and not exchange.is_spent
        if comparison is not None and is_for_it:
            comparison.ended(Span(exchange.start, exchange.position), self._matching.block_size)

    def _ended_early(self, exchange: Exchange, now: float) -> None:
        what = "the body was empty" if exchange.position == exchange.start else "the body ended before the file does"
        self._tried_in_vain(exchange, Failure(FailureKind.LOST, what), now)

    def _misfit(self, exchange: Exchange, head: ResponseHead, verdict: Accepted) -> Refused | None:
        """Why an answer that is right in itself isn't wanted here; ``None`` where it is."""
        if exchange.request.span is not None and not verdict.ranged and self._asking.manners.range_proved:
            return Refused(Refusal.RANGE_IGNORED, "a replica ignores ranges", head.status)
        if verdict.length is not None and verdict.length < self.coverage.held.stop:  # of what had no stated length
            return Refused(Refusal.CHANGED, f"{exchange.request.url.host} now has other content", head.status)
        return None

    def _part_shortened(self) -> None:
        """Somebody has cut the part file: whole blocks are proved again, and all the rest comes again."""
        matching, coverage = self._matching, self.coverage
        self._asking.drop_all()  # what they have written and not told of isn't there, either
        whole = whole_blocks(coverage.stored, length=matching.length, block_size=matching.block_size)
        everything = EVERYTHING if matching.length is None else SpanSet.whole(matching.length)
        matching.lose(everything - whole - coverage.claimed)
        matching.comparison = None
        self._resuming = False
        if self._phase is not MachinePhase.OPENING and self._phase is not MachinePhase.TRANSFERRING:
            self._enter(MachinePhase.TRANSFERRING)
        if whole:
            coverage.lose(whole)
            coverage.claim(whole | coverage.claimed)
            self._out.append(m.ProveBlocks(whole))

    def _block_compared(self, event: m.BlockCompared, now: float) -> None:
        span = event.span
        if not self.coverage.held.count_in(span) and not self._asking.exchanges.over(span):
            return  # it was forgotten since
        if event.filling and not event.equal and self._matching.is_searching:
            self._came_differently(span, now)
            return
        if self._matching.advances(event):
            self._asking.patience.progressed(len(span))
        of_mirror = not event.filling and self._mirrors.compared(event)
        if not of_mirror and not self._matching.compared(event):
            self._changed(self._other_content())

    def _came_differently(self, span: Span, now: float) -> None:
        """Bytes that don't match are on their way to blocks that a search has parted with: nothing of these counts."""
        for exchange in self._asking.exchanges.over(span):
            if exchange.purpose is Purpose.FILL and not self.is_over:
                self._asking.drop(exchange)
                self._tried_in_vain(exchange, Failure(FailureKind.LOST, "it sends other bytes each time"), now)
        if not self.is_over:
            self._matching.lose(SpanSet.of(span))

    def _distrust(self, exchange: Exchange) -> None:
        """Something else may answer from now on; not so where only one more wasn't let in while others go on."""
        if exchange.state is not ExchangeState.ASKED or not self._asking.exchanges.first_flowing:
            self._matching.distrust(exchange)
        if exchange.purpose is Purpose.COMPARE and exchange.mirror is None:
            self._asking.drop_waiting()  # what waits for the comparison may be what keeps it from being let in

    def _tried_in_vain(self, exchange: Exchange, why: Failure | Refused, now: float) -> None:
        self._distrust(exchange)
        # Who hasn't brought anything yet isn't waited for as long where others may have it.
        elsewhere = self._matching.identity is None and self._mirrors.any
        patient = self._asking.may_retry(exchange, now) and not (elsewhere and self._asking.patience.failures > 1)
        if not patient and not self._asking.leave_out_range(exchange, why):
            self._fail_here(self._asking.error(why, exchange.request))
