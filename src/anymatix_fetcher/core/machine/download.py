"""THE state machine: one download, from its first request to the published file.

Theory of operation
-------------------

``commands = download.receive(event, now)`` is the only way in. One thread owns a machine, so it has no lock; it reads
no clock, so a test runs an hour in a millisecond; it holds no byte, only lengths. Every event is handled by one method,
then ``_advance`` looks at the whole and asks for what is missing: handlers change facts, ``_advance`` draws
conclusions.

::

    OPENING --> TRANSFERRING --> VERIFYING --> PUBLISHING --> DONE        from any but DONE: --> FAILED, CANCELLED
                     ^-------------'------------'   a digest that doesn't match, or a part file that somebody
                                                    has cut, sends it back for the blocks in question

**Opening.** The first request is a ranged GET that is already payload; only hosts that sign their redirects for one
range, the Hugging Face hub first of all, are asked for none on the way (``range_signers``). It walks from the
resource's own address along the redirects, one exchange a hop, so that each hop's facts are seen and credentials stay
at their origin. The first accepted head settles the target, and all further exchanges share it. While it isn't settled
there is one exchange only.

**Judging.** No body flows before ``judge`` has accepted its head. What a refusal means depends on where it came from:
the same 403 is a missing token at the origin, an expired signature at a target that served a minute ago, and a limit
where other connections go on.

**Renewing** isn't a phase: the target is forgotten, one exchange walks from the origin, the others go on meanwhile.

**Sameness.** Bytes of two representations are never combined: see ``matching``.

**A digest that doesn't match** destroys nothing: see ``proof`` for who is suspected, and in which order.

**Late events** of dropped exchanges are normal: an unknown exchange id is ignored. Ids are never used twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.answers.address import MAX_HOPS
from anymatix_fetcher.core.answers.explain import KEPT
from anymatix_fetcher.core.answers.judge import Accepted, Redirected
from anymatix_fetcher.core.machine.exchange import Exchange, ExchangeState, Purpose
from anymatix_fetcher.core.machine.matching import Admission
from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.machine.proof import contradiction
from anymatix_fetcher.core.machine.setbacks import Setbacks
from anymatix_fetcher.core.pace.meter import Meter
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.refusals import Refused
from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.errors import DownloadCancelled, UnexpectedAnswerError

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Url

LOOKING_SECONDS = 1.5
"""Who is looked at more rarely may have been silent for our own sake."""
GAP_SECONDS = 5.0
"""When nobody has looked for so long, the machine slept or we were writing: the peers aren't to blame."""


class Download(Setbacks):
    """One resource on its way to the disk.

    ``Standing`` says what it is made from, ``Ending`` how it may end, ``Setbacks`` what happens when something fails.
    """

    # The only way in --------------------------------------------------------------------------------------

    def receive(self, event: m.Event, now: float) -> list[m.Command]:
        """What to do about ``event``. ``now`` is in seconds of a clock that never goes back."""
        self._notice_gap(now)
        if not self.is_over:
            self._handle(event, now)
        if not self.is_over and self._begun:
            self._advance(now)
        if self._phase in (MachinePhase.OPENING, MachinePhase.TRANSFERRING):
            self._asking.declare(now)
        else:
            self._asking.pace.want(0, 0)
            self._mirrors.rest()
        commands = list(self._out)
        self._out.clear()
        return commands

    def _handle(self, event: m.Event, now: float) -> None:  # noqa: C901, PLR0912 - one branch for each event
        match event:
            case m.Begin():
                self._begun = True
                self._matching.storage_is_open = event.storage_is_open
                self._take_over(event.kept)
            case m.StorageOpened():
                self._storage_opened(event, now)
            case m.HeadArrived():
                self._head_arrived(event, now)
            case m.BodyStored():
                self._body_stored(event, now)
            case m.BodyEnded():
                self._body_ended(event, now)
            case m.ExchangeFailed():
                self._exchange_failed(event, now)
            case m.BlocksProved():
                self._blocks_proved(event)
            case m.BlockCompared():
                self._block_compared(event, now)
            case m.PartShortened():
                self._part_shortened()
            case m.Verified():
                self._judge_whole(event)
            case m.Published():
                self._enter(MachinePhase.DONE)
                self._out.append(m.Finish(self._verified))
            case m.Renewed():
                self._renewed(event.resource, now)
            case m.BeginningSeen():
                self._beginning_seen(event, now)
            case m.StorageFailed() | m.RenewalFailed() | m.ContentRefused():
                self._fail(event.error)
            case m.CancelRequested():
                self._stop(MachinePhase.CANCELLED, DownloadCancelled("the download was stopped", hint=KEPT))
            case m.Tick():
                self._asking.notice_limit(now, binds=event.limited)
            case _:
                assert_never(event)

    def _renewed(self, resource: Resource, now: float) -> None:
        """The source gave the address anew. What it doesn't say any more of the file is known all the same."""
        address, known = self._asking.address, self._matching.known_length
        self._asking.renewing = False
        if not self._learn(resource.digests, resource.url.host):
            return
        digests = tuple(dict.fromkeys((*resource.digests, *address.resource.digests)))
        length = address.resource.length if resource.length is None else resource.length
        address.resource = replace(resource, length=length, digests=digests)
        if known is None and length is not None:
            self._matching.state_length(length)
        elif length not in (known, None):
            self._changed(self._other_content())
        self._asking.declare(now)

    # Conclusions ------------------------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        self.account.bytes_resumed -= self._matching.take_parted_bytes()
        if self._phase in (MachinePhase.OPENING, MachinePhase.TRANSFERRING):
            self._conclude(now)
        if self._phase not in (MachinePhase.OPENING, MachinePhase.TRANSFERRING):
            return
        length, comparing = self._matching.length, self._matching.comparison is not None
        divisible = length is not None and self._matching.storage_is_open
        is_flat = self._matching.identity is not None and not comparing
        if length is not None and divisible and is_flat and self.coverage.complete(length) and self._has_seen_the_end:
            self._asking.drop_all()
            self._enter(MachinePhase.VERIFYING)
            self._out.append(m.Verify(length))
            return
        if self._matching.storage_is_open and not comparing:  # before that nothing flows whose pace could be seen
            self._asking.adapt(self.coverage, length, now)
        if self._labels.doubted is not None:
            return
        if comparing:
            self._asking.make_room()
        self._asking.look_ahead(now)
        self._start_more(length, now, divisible=divisible)
        if length is not None and divisible and is_flat and self._mirrors.any:
            self._mirrors.advance(length, now, bytes_per_second=self.rate(now))

    def _start_more(self, length: int | None, now: float, *, divisible: bool) -> None:
        may_start = self._asking.may_start(now, divisible=divisible)
        if may_start and self._asking.renew_in_time(self.coverage, length, now):
            may_start = self._asking.may_start(now, divisible=divisible)
        while may_start and self._asking.start_next(
            self._matching, self.coverage, now, bytes_per_second=self.rate(now)
        ):
            may_start = self._asking.may_start(now, divisible=divisible)
        if not self._asking.exchanges.of(None):
            self._matching.distrust()  # while nothing is asked for, the server may get new content unseen

    def _conclude(self, now: float) -> None:
        self._replace_stuck(now)
        comparison = self._matching.comparison
        if not self.is_over and not self._matching.conclude():
            self._fail(self._mismatch())
        if self._matching.comparison is not comparison:
            self._asking.exchanges.spend()
        if self._matching.storage_is_open and self._matching.comparison is None:
            self._release(now)

    @property
    def _has_seen_the_end(self) -> bool:
        """Whether no body is under way whose end matters; a digest would find the same."""
        return self._proof.settles or not any(exchange.has_to_be_seen for exchange in self._asking.exchanges)

    def _notice_gap(self, now: float) -> None:
        if self._seen_at is not None and now - self._seen_at > GAP_SECONDS:
            self._asking.exchanges.skip(now - self._seen_at)
        if self._seen_at is None or now - self._seen_at > LOOKING_SECONDS:
            self._watched_since = now
        self._seen_at = now
        self._meter = self._meter or Meter(now)

    # Storage ----------------------------------------------------------------------------------------------

    def _storage_opened(self, event: m.StorageOpened, now: float) -> None:
        if self._take_over(event.kept):
            return  # whether the answer that waits fits what an earlier run left is judged as any other answer is
        self._matching.write_down()
        for exchange in self._asking.exchanges.held:
            self._let_flow(exchange, now)

    def _take_over(self, kept: m.KeptBlocks | None) -> bool:
        """Goes on with what an earlier run left; False where that is nothing."""
        if kept is None or not kept.blocks:
            return False
        self._matching.take_over(kept)
        self._resuming = True
        return True

    def _blocks_proved(self, event: m.BlocksProved) -> None:
        good, spoiled = event.good & self.coverage.claimed, event.bad & self.coverage.stored
        if not good and not spoiled and not event.bad & self.coverage.claimed:
            return  # they were forgotten since
        self.coverage.prove(event.good, event.bad)
        self.coverage.lose(spoiled)
        if self._resuming:
            self.account.bytes_resumed += good.total
            self._resuming = bool(self.coverage.claimed)
        elif self._phase is MachinePhase.VERIFYING and not self.coverage.claimed and self.length:
            if self.coverage.complete(self.length):
                self._proof.acquit()
                self._search_culprit()
            else:
                self._enter(MachinePhase.TRANSFERRING)

    # Heads ------------------------------------------------------------------------------------------------

    def _head_arrived(self, event: m.HeadArrived, now: float) -> None:
        exchange = self._asking.exchanges.get(event.exchange)
        if exchange is None or exchange.state is not ExchangeState.ASKED:
            return
        exchange.head = event.head
        exchange.last_byte_at = now
        if exchange.mirror is not None:
            self._mirrors.head_arrived(exchange.mirror, exchange, event.head, now)
            return
        self._asking.pace.answered(now - exchange.started_at)
        self._asking.pace.heed(exchange.request.url, event.head, now)
        self.account.http_version = event.head.http_version
        self._asking.patience.answered = True
        self._judge_head(exchange, event.head, event.excerpt, now)

    def _judge_head(self, exchange: Exchange, head: ResponseHead, excerpt: str, now: float) -> None:
        self._matching.expect_digest(settles=self._proof.settles)
        known = self._matching.known(exchange.request.url.origin, self._name)
        known = self._labels.weigh(known, is_fresh=self._matching.identity is None)
        verdict = self._judge(exchange.request, head, known, excerpt)
        match verdict:
            case Accepted(doubt=None):
                self._accepted(exchange, head, verdict, now)
            case Accepted():
                if self._heard(exchange, head):
                    self._peek(exchange, verdict, now)
            case Redirected():
                self._redirected(exchange, verdict.url, now)
            case Refused():
                self._asking.drop(exchange)
                self._refused(exchange, verdict, now)
            case _:
                assert_never(verdict)

    def _heard(self, exchange: Exchange, head: ResponseHead) -> bool:
        """Takes up what the service says of the whole file; False where that can't be, and the download is over."""
        stated = self._asking.address.stated(exchange.request, head)
        if self._matching.known_length is None and stated.length is not None:
            self._matching.state_length(stated.length)
        return self._learn(stated.digests, exchange.request.url.host)

    def _learn(self, digests: tuple[Digest, ...], host: str) -> bool:
        """Takes up what ``host`` says of the whole file; False where that can't be, and the download is over."""
        wrong = self._proof.contradicts(digests)
        if wrong is not None:
            self._fail(contradiction(wrong, host))
            return False
        self._proof.add(digests)
        return True

    def _redirected(self, exchange: Exchange, url: Url, now: float) -> None:
        self._asking.drop(exchange)
        if exchange.head is not None and not self._heard(exchange, exchange.head):
            return
        if not self._asking.follow(exchange, url, now, self._matching.identity):
            host = self._asking.address.origin_url.host
            self._fail(UnexpectedAnswerError(f"{host} redirects more than {MAX_HOPS} times", hint="Check the address."))

    def _accepted(self, exchange: Exchange, head: ResponseHead, verdict: Accepted, now: float) -> None:
        asked_for_range = exchange.request.span is not None
        if verdict.ranged and verdict.length is None:
            self._asking.drop(exchange)  # "bytes 0-9/*": without the whole there is nothing to divide
            self._asking.manners.ranged = False
            return
        misfit = self._misfit(exchange, head, verdict)
        if misfit is not None:
            self._asking.drop(exchange)
            self._refused(exchange, misfit, now)
            return
        if not self._heard(exchange, head):
            return
        self._asking.manners.accepted = True
        if asked_for_range:
            self._asking.manners.range_answered(ranged=verdict.ranged)
        self._proof.learn(head)
        if self._proof.settles:
            from anymatix_fetcher.core.values.links import duplicates  # noqa: PLC0415 - costs start-up time, rarely needed

            self._mirrors.discover(duplicate.url for duplicate in duplicates(head.headers, exchange.request.url))
        self._asking.settle(exchange, now)
        on_the_way = exchange.wanted is not None and not asked_for_range
        exchange.start = exchange.position = verdict.start
        exchange.open_ended = verdict.stop is None
        exchange.stop = self._matching.known_length if exchange.open_ended else verdict.stop
        if on_the_way and verdict.length is not None:
            self._asking.take_whole(exchange, head, verdict.length)
        if exchange.start == 0 and exchange.stop is not None and exchange.stop == verdict.length:
            self._asking.pace.turned_out_small()
        self._admit(exchange, head, verdict, now)

    def _admit(self, exchange: Exchange, head: ResponseHead, verdict: Accepted, now: float) -> None:
        """Lets an accepted body flow, wait or go."""
        if not self.coverage.held and not self._asking.address.trusted:
            self._asking.drop_others(exchange)  # they may be of what was there before
        admission = self._matching.admit(exchange, verdict)
        if admission is Admission.UNNEEDED:
            self._asking.drop(exchange)
        elif admission is Admission.WAITS or not self._matching.storage_is_open:
            exchange.state = ExchangeState.HELD
            self._open_storage(head)
        else:
            self._let_flow(exchange, now)

    def _release(self, now: float) -> None:
        """Those that have waited for a comparison go on, where what came meanwhile leaves them something to bring."""
        for exchange in self._asking.exchanges.held:
            if exchange.head is not None and not self.is_over:
                exchange.state = ExchangeState.ASKED
                self._judge_head(exchange, exchange.head, "", now)

    def _let_flow(self, exchange: Exchange, now: float) -> None:
        if self._phase is MachinePhase.OPENING:
            self._enter(MachinePhase.TRANSFERRING)
        exchange.flow(now)
        compare = exchange.purpose is Purpose.COMPARE
        self._out.append(m.AcceptBody(exchange.id, exchange.start, exchange.stop, compare=compare))
        self.account.connections_peak = max(self.account.connections_peak, self.flowing)

    # Bodies -----------------------------------------------------------------------------------------------

    def _body_stored(self, event: m.BodyStored, now: float) -> None:
        exchange = self._asking.exchanges.get(event.exchange)
        if exchange is None or not exchange.flowing:
            return
        count = len(event.span)
        exchange.advance(event.span.stop, now)
        if exchange.open_ended and exchange.purpose is Purpose.FILL:
            exchange.fresh |= SpanSet.of(event.span) - self.coverage.held
        gained = self.coverage.store(event.span) if exchange.purpose is Purpose.FILL else 0
        if exchange.mirror is not None:
            self._mirrors.stored(exchange.mirror, count, gained)
        else:
            self._asking.served(gained, now)
        self.account.bytes_downloaded += count
        if self._meter is not None:
            self._meter.add(count, now)

    def _body_ended(self, event: m.BodyEnded, now: float) -> None:
        exchange = self._asking.exchanges.end(event.exchange)
        if exchange is None:
            return
        if exchange.purpose is Purpose.PEEK:
            self._peeked(exchange)
            return
        self._asking.exchanges.finish(exchange, now)
        if exchange.mirror is not None:
            self._mirrors.ended(exchange.mirror, exchange)
            return
        self._compared_so_far(exchange)
        self._matching.stream_ended(exchange)
        if exchange.open_ended:
            self._open_end(exchange, now, goes_on=event.goes_on)
        elif exchange.rest:
            self._ended_early(exchange, now)
