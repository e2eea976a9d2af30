"""The state machine of one download, from its first request to the published file.

Theory of operation
-------------------

``commands = download.receive(event, now)`` is the only entry point. One thread owns a machine, so it needs no lock. It
reads no clock, so a test runs an hour in a millisecond. It holds no bytes of the file, only lengths. One method handles
each event and updates facts; then ``_advance`` decides what follows from them, and requests what is missing.

::

    OPENING --> TRANSFERRING --> VERIFYING --> PUBLISHING --> DONE        from any but DONE: --> FAILED, CANCELLED
                     ^-------------'------------'   a digest that doesn't match, or a part file that another
                                                    program has shortened, returns to fetch the affected blocks

**Opening.** The first request is a ranged GET; its response is already payload. Only hosts that sign their redirects
for one range, such as the Hugging Face hub, are asked without a range (``range_signers``). Redirects are followed from
the resource's own URL with one exchange per hop, so that the facts of each hop are seen, and credentials stay at their
origin. The first accepted head settles the target, which all further exchanges share. Until then there is only one
exchange.

**Judging.** No body flows before ``judge`` has accepted its head. The meaning of a refusal depends on its source: the
same 403 is a missing token at the origin, an expired signature at a target that has served before, and a limit if other
connections continue.

**Renewing** isn't a phase: the target is dropped, and one exchange starts from the origin while the others continue.

**Matching.** Bytes of two representations are never combined: see ``matching``.

**A digest that doesn't match** destroys nothing: ``proof`` defines what is suspected, and in which order.

**Late events** of dropped exchanges are normal: an unknown exchange id is ignored. Ids are never used twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.answers.explain import KEPT
from anymatix_fetcher.core.answers.judge import judge
from anymatix_fetcher.core.machine.bodies import Bodies
from anymatix_fetcher.core.machine.comparison import Question
from anymatix_fetcher.core.machine.conclusions import Conclusions
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.heads import Heads
from anymatix_fetcher.core.machine.parts import parts_of
from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.machine.segments import SIZES, Sizes
from anymatix_fetcher.core.machine.setbacks import Setbacks
from anymatix_fetcher.core.machine.silence import Watch
from anymatix_fetcher.core.machine.storage import Storage
from anymatix_fetcher.core.pace.pause import countdown
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.messages import FOREIGN
from anymatix_fetcher.core.values.spans import SpanSet, union
from anymatix_fetcher.errors import DownloadCancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.counters import Counters
    from anymatix_fetcher.core.machine.coverage import Coverage
    from anymatix_fetcher.core.machine.heads import Judge
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Origin


class Download:
    """The download of one resource.

    It owns its ``parts``, and four handlers that act on them: ``Heads`` and ``Bodies`` for responses, ``Storage`` for
    the part file, ``Setbacks`` for failures. ``Conclusions`` ends the download.

    Args:
        resource: The resource.
        share: The share of its host's connections.
        number: The download's number within its session, which is part of its exchange ids.
        random: Returns numbers in [0, 1) for jitter.
        one_stream: Whether to use one connection without dividing the file.
        block_size: The journal's block size, updated when the part file is opened.
        judge: The judge of response heads.
        sizes: The limits on segment sizes.
        join: Returns a share of an origin's connections, for mirrors; ``None`` to use no other places.
        overwrite: Whether to drop the stored bytes, once, if the server has other content, instead of failing.
        as_is: Whether to accept any media type and content coding.
    """

    def __init__(
        self,
        resource: Resource,
        share: Share,
        *,
        number: int = 0,
        random: Callable[[], float],
        one_stream: bool = False,
        block_size: int = 1 << 20,
        judge: Judge = judge,
        sizes: Sizes = SIZES,
        join: Callable[[Origin], Share] | None = None,
        overwrite: bool = False,
        as_is: bool = False,
    ) -> None:
        self._parts = parts_of(
            resource,
            share,
            number=number,
            random=random,
            one_stream=one_stream,
            block_size=block_size,
            sizes=sizes,
            join=join,
            as_is=as_is,
        )
        self._conclusions = Conclusions(self._parts, overwrite=overwrite)
        self._storage = Storage(self._parts, self._conclusions)
        self._setbacks = Setbacks(self._parts, self._conclusions, self._storage)
        self._heads = Heads(self._parts, self._conclusions, self._setbacks, self._storage, judge, resource.name or "")
        self._bodies = Bodies(self._parts, self._conclusions, self._setbacks)
        self._watch = Watch()
        self._has_begun = self._awaits_storage = False

    # What others may see of it ----------------------------------------------------------------------------

    @property
    def phase(self) -> MachinePhase:
        """The current phase."""
        return self._parts.stage.phase

    @property
    def is_over(self) -> bool:
        """Whether the download has ended."""
        return self._parts.stage.is_over

    @property
    def coverage(self) -> Coverage:
        """Which bytes are stored."""
        return self._parts.coverage

    @property
    def account(self) -> Counters:
        """The costs so far."""
        return self._parts.requests.account

    @property
    def length(self) -> int | None:
        """The file's length in bytes; ``None`` if unknown."""
        return self._parts.matching.length

    @property
    def digests(self) -> tuple[Digest, ...]:
        """The expected digests of the whole file."""
        return self._parts.proof.digests

    @property
    def flowing(self) -> int:
        """The number of bodies in transfer."""
        return self._parts.requests.exchanges.flowing

    @property
    def in_flight(self) -> SpanSet:
        """The missing bytes that are requested."""
        exchanges = self._parts.requests.exchanges
        return union(exchanges.rests(Purpose.FILL)) - self.coverage.held if exchanges else SpanSet()

    @property
    def is_in_doubt(self) -> bool:
        """Whether the stored bytes may belong to another file, because they weren't compared with the server's yet."""
        matching = self._parts.matching
        return matching.comparison is not None or (
            matching.identity is not None and matching.identity.origin == FOREIGN
        )

    def rate(self, now: float) -> float:
        """The throughput over the last seconds, in bytes per second."""
        return self._bodies.rate(now)

    def waiting_for(self, now: float) -> str:
        """Why nothing is requested, or one stream only, for people; otherwise empty."""
        requests, comparison = self._parts.requests, self._parts.matching.comparison
        if comparison and comparison.question is Question.CULPRITS:
            return "the digest doesn't match: fetching again to find out why"
        if self.flowing or self.is_over:
            return "" if self.is_over else requests.abilities.why_one_stream
        patience, pause = requests.patience, requests.pause(now)
        if pause is not None and pause.until > patience.not_before:
            return pause.told(now)
        if patience.not_before > now:
            return countdown(patience.reason, patience.not_before, now)
        is_asking = self._has_begun and self.phase in {MachinePhase.OPENING, MachinePhase.TRANSFERRING}
        waits_its_turn = is_asking and not requests.exchanges and not requests.share.connections
        return f"waiting for its turn at {requests.address.origin_url.host}" if waits_its_turn else ""

    def lay_out(self, block_size: int) -> None:
        """Sets the block size of the part file."""
        self._parts.matching.lay_out(block_size)

    # The only way in --------------------------------------------------------------------------------------

    def receive(self, event: m.Event, now: float) -> list[m.Command]:
        """Handles ``event``; returns the commands. ``now`` is in seconds of a monotonic clock."""
        parts = self._parts
        self._notice_gap(now)
        if not self.is_over:
            self._handle(event, now)
        if not self.is_over and self._has_begun and not self._awaits_storage:
            self._advance(now)
        if parts.stage.is_fetching and not self._awaits_storage:
            parts.scheduler.declare(now)
        else:
            parts.requests.share.want(0, 0)
            parts.mirrors.rest()
        commands = list(parts.out)
        parts.out.clear()
        return commands

    def _handle(self, event: m.Event, now: float) -> None:  # noqa: C901, PLR0912 - one branch for each event
        match event:
            case m.Begin():
                self._has_begun = True
                self._parts.peers.join(self.digests, may_lead=True)
                self._parts.matching.begin(storage_is_open=event.storage_is_open)
                self._storage.resume(event.kept)
            case m.StorageOpened():
                self._storage_opened(event, now)
            case m.StorageAwaited():
                self._awaits_storage = True
                self._parts.requests.drop_all()  # no server keeps a response open for minutes
            case m.HeadArrived():
                self._heads.arrived(event, now)
            case m.BodyStored():
                self._bodies.stored(event, now)
            case m.BodyEnded():
                self._bodies.ended(event, now)
            case m.ExchangeFailed():
                self._setbacks.failed(event, now)
            case m.BlocksProved():
                self._storage.blocks_proved(event)
            case m.BlockCompared():
                self._bodies.compared(event, now)
            case m.PartShortened():
                self._storage.part_shortened()
            case m.Verified():
                self._conclusions.judge_whole(event)
            case m.Published():
                self._conclusions.published()
            case m.Renewed():
                self._heads.renewed(event.resource, now)
            case m.BeginningSeen():
                self._setbacks.beginning_seen(event, now)
            case m.ContentRefused() if self._conclusions.blames_peers():
                pass
            case m.StorageFailed() | m.RenewalFailed() | m.ContentRefused():
                self._conclusions.fail(event.error)
            case m.CancelRequested():
                stopped = DownloadCancelled("the download was stopped", hint=KEPT)
                self._conclusions.stop(MachinePhase.CANCELLED, stopped)
            case m.Tick():
                self._parts.scheduler.notice_limit(now, binds=event.limited)
                self._parts.mirrors.notice_limit(now, binds=event.limited)
                self._setbacks.look_at_first(now, limited=event.limited)
                self._setbacks.look_at_peer(now, rate=self.rate(now), limited=event.limited)
            case _:
                assert_never(event)

    def _storage_opened(self, event: m.StorageOpened, now: float) -> None:
        self._awaits_storage = False
        if self._storage.resume(event.kept):
            return  # the waiting response is compared with the earlier run's blocks like any other
        self._parts.matching.write_down()
        self._heads.let_held_flow(now)

    def _notice_gap(self, now: float) -> None:
        gap_seconds = self._watch.look(now)
        if gap_seconds:
            self._parts.requests.exchanges.skip(gap_seconds)
        self._bodies.measure_from(now)

    # Conclusions ------------------------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        parts, matching = self._parts, self._parts.matching
        self.account.resumed(-matching.take_parted_bytes())
        if parts.stage.is_fetching:
            self._conclude(now)
        if not parts.stage.is_fetching:
            return
        length, comparing = matching.length, matching.comparison is not None
        divisible = length is not None and matching.storage_is_open
        is_flat = matching.identity is not None and not comparing
        if length is not None and divisible and is_flat and self.coverage.complete(length) and self._has_seen_the_end:
            parts.requests.drop_all()
            parts.stage.enter(MachinePhase.VERIFYING)
            parts.out.append(m.Verify(length))
            return
        is_paced = not comparing or matching.culprits.are_sought  # a few samples aren't worth it
        if matching.storage_is_open and is_paced:
            parts.scheduler.adapt(matching, now)
        if parts.labels.doubted is not None:
            return
        if comparing:
            parts.scheduler.make_room()
        parts.scheduler.look_ahead(now)
        self._start_more(length, now, divisible=divisible)
        is_open = is_flat or (parts.mirrors.checks.examines and matching.culprits.are_sought)
        if length is not None and divisible and is_open and parts.mirrors.any:
            parts.mirrors.advance(length, now, bytes_per_second=self.rate(now))

    def _start_more(self, length: int | None, now: float, *, divisible: bool) -> None:
        requests, scheduler, matching = self._parts.requests, self._parts.scheduler, self._parts.matching
        may_start = requests.may_start(now, divisible=divisible)
        if may_start and scheduler.renew_in_time(length, now):
            may_start = requests.may_start(now, divisible=divisible)
        while may_start and scheduler.start_next(matching, now, bytes_per_second=self.rate(now)):
            may_start = requests.may_start(now, divisible=divisible)
        if not requests.exchanges.of(None):
            matching.distrust()  # the server's content may change unnoticed while nothing is requested

    def _conclude(self, now: float) -> None:
        matching = self._parts.matching
        self._setbacks.replace_stuck(self._watch.since, now)
        comparison = matching.comparison
        if not self.is_over and self._parts.mirrors.checks.opponent is not None:
            self._conclusions.opinions.hear_another()
        if not self.is_over and not matching.conclude():
            self._conclusions.mismatched()
        if matching.comparison is not comparison:
            self._parts.requests.end_comparison()
        if matching.storage_is_open and matching.comparison is None:
            self._heads.release_held(now)

    @property
    def _has_seen_the_end(self) -> bool:
        """Whether every body that has to be seen to its end has ended. A digest verifies the same."""
        parts = self._parts
        return parts.proof.settles or not any(exchange.has_to_be_seen for exchange in parts.requests.exchanges)
