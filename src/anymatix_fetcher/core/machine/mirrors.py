"""Mirrors: other places with the same bytes. Together with the first place they are one pool.

Theory of operation
-------------------

A mirror is never believed. It is used only where a digest will prove the whole file; without one, its wrong bytes could
be told from right ones only by asking the first place for the same bytes.

**From the first second.** As soon as the length is known a mirror takes segments, as many at a time as its own host's
pace allows. An idle connection takes the next segment, so a fast place brings more than a slow one; at the end it takes
over what flows from a slower place.

**Checked in the background.** Blocks that other places have brought are fetched from the mirror too and compared with
the journal, before it is asked for more: 20 MiB in all, or a twenty-fifth of the file where that is less. Until the
first block has agreed a mirror may bring 32 MiB. A mirror is dropped when a block differs, and all that it has brought
is fetched again.

**Dropped for good** is also a mirror with an answer that doesn't fit, or with several failures in a row: the download
doesn't depend on it. When the first place can't go on, the best mirror takes its part, and its server's abilities have
to be found out anew. When the digest doesn't match, what mirrors have brought is suspected first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.address import MAX_HOPS, Address
from anymatix_fetcher.core.answers.judge import Accepted, Known, Redirected, judge
from anymatix_fetcher.core.machine.comparison import blocks_around, run_of_blocks
from anymatix_fetcher.core.machine.exchange import ExchangeState, Purpose
from anymatix_fetcher.core.machine.mirror import Mirror
from anymatix_fetcher.core.pace.pause import LONGEST_RETRY_AFTER_SECONDS
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Headers, Refused
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.validators import Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from anymatix_fetcher.core.machine.coverage import Coverage
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.matching import Matching
    from anymatix_fetcher.core.machine.requests import Requests
    from anymatix_fetcher.core.machine.scheduler import Scheduler
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.urls import Origin, Url

_PASSING = frozenset({Refusal.UNAVAILABLE, Refusal.THROTTLED})

STRIKES = 3
"""So many failures without a byte in between, and a mirror is dropped."""
CRAWLS = 2
"""After so many connections that crawl, a mirror isn't worth asking."""
UNPROVED_BYTES = 32 << 20
"""What a mirror may bring before one of its blocks has agreed with another place's."""
UNPROVED_SEGMENT = 4 << 20
"""The most that it is asked for at once until then."""
CHECKED_BYTES = 20 << 20
"""So much is fetched from each mirror only to be compared: a server that spoils one MiB in twenty is found out."""
CHECKED_SHARE = 25
"""At most one byte in so many of the file, and one block at least."""
CHECKED_AT_ONCE = 4 << 20
FIRST_WAIT_SECONDS = 1.0
WORTHWHILE_BYTES = 16 << 20
"""With less to go, a mirror isn't worth its handshakes."""
MOST_DISCOVERED = 4
"""So many places that servers name are tried at most: one that always names another would be asked for ever."""
ADAPTING_SECONDS = 0.05


class Mirrors:
    """The mirrors of one download.

    Args:
        requests: Those of the download; those to mirrors are among them.
        scheduler: Says what to ask a mirror for.
        matching: What the file is.
        coverage: What is here.
        out: Where commands go.
        join: Gives a share of an origin's connections; ``None`` where no other place is asked.
    """

    def __init__(
        self,
        requests: Requests,
        scheduler: Scheduler,
        matching: Matching,
        coverage: Coverage,
        out: list[m.Command],
        join: Callable[[Origin], Share] | None,
    ) -> None:
        self._requests = requests
        self._scheduler = scheduler
        self._matching = matching
        self._coverage = coverage
        self._out = out
        self._join = join
        self._known: set[Url] = {requests.address.origin_url}
        self._mirrors: list[Mirror] = []
        self._brought_before = SpanSet()
        """What mirrors have brought that were dropped since."""
        self._discovered = 0
        self._peers_only = False
        for url in requests.address.resource.mirrors:
            self._add(url)

    def discover(self, urls: Iterable[Url]) -> None:
        """More places, that a server has named; those that are known already don't count, nor http beside https."""
        secure = self._requests.address.resource.url.origin.scheme == "https"
        for url in urls:
            fits = url.origin.scheme == "https" or not secure
            if fits and self._discovered < MOST_DISCOVERED and self._add(url):
                self._discovered += 1

    def _add(self, url: Url) -> bool:
        """Adds a mirror; false if it is known already, or no mirrors are to be used."""
        resource = self._requests.address.resource
        fields = {**dict(resource.mirror_headers), resource.url.origin: resource.headers}
        place = Resource(
            url,
            name=resource.name,
            headers=fields.get(url.origin, Headers()),
            reference=resource.reference,
            stays_public=resource.stays_public,
            public_only=resource.public_only,
        )
        return self.enlist(place)

    def enlist(self, place: Resource, *, is_peer: bool = False) -> bool:
        """Adds a mirror; false if it is known already, or no mirrors are to be used."""
        if place.url in self._known or self._join is None:
            return False
        self._known.add(place.url)
        share = self._join(place.url.origin)
        mirror = Mirror(Address(place, share.range_signers), share, is_peer=is_peer)
        mirror.share.want(0, 0)  # a share begins with the wish for one
        self._mirrors.append(mirror)
        return True

    def __iter__(self) -> Iterator[Mirror]:
        return iter(list(self._mirrors))

    @property
    def any(self) -> bool:
        """Whether there is another place to ask."""
        return bool(self._mirrors)

    @property
    def brought(self) -> SpanSet:
        """What has come from mirrors, those included that were dropped since."""
        brought = self._brought_before
        for mirror in self._mirrors:
            brought |= mirror.only_from_it
        return brought

    def rest(self) -> None:
        """Nothing is to be asked for now."""
        for mirror in self._mirrors:
            mirror.share.want(0, 0)

    # Asking -----------------------------------------------------------------------------------------------

    def advance(self, length: int, now: float, *, bytes_per_second: float) -> None:
        """Asks mirrors for what they may bring.

        Args:
            length: Bytes of the whole file.
            now: The time.
            bytes_per_second: What arrives in sum.
        """
        if not self._mirrors or not self._matching.digest_settles or self._requests.one_stream:
            return  # without a digest nothing would prove all that a mirror brings; one stream comes from one place
        waiting = self._coverage.waiting(length, self._requests.exchanges.rests(Purpose.FILL)).total
        is_worthwhile = length - self._coverage.held.total >= WORTHWHILE_BYTES
        for mirror in self:
            if self._peers_only and not mirror.is_peer:
                continue
            if mirror.crawls >= CRAWLS:
                self.drop(mirror)
                continue
            self._adapt(mirror, waiting, now, is_worthwhile=is_worthwhile or mirror.proved)
            while self._may_start(mirror, now) and self._start_next(mirror, length, now, bytes_per_second):
                pass
        self._requests.use_elsewhere(sum(len(self._requests.exchanges.of(mirror)) for mirror in self._mirrors))

    def _adapt(self, mirror: Mirror, waiting: int, now: float, *, is_worthwhile: bool) -> None:
        if now - mirror.adapted_at < ADAPTING_SECONDS:
            return
        mirror.adapted(now)
        own = self._requests.exchanges.of(mirror)
        more = -(-waiting // self._scheduler.smallest_segment)
        if not own:
            more = max(1, more) if is_worthwhile else 0  # an idle one may take over what flows from elsewhere
        mirror.share.want(len(own), more)
        mirror.share.observe(mirror.total, sum(exchange.flowing for exchange in own), now)
        for exchange in own[mirror.share.connections :] if waiting else ():
            self._requests.drop(exchange)

    def _may_start(self, mirror: Mirror, now: float) -> bool:
        if now < mirror.not_before:
            return False
        if mirror.share.pause_at(mirror.address.target or mirror.address.origin_url, now) is not None:
            return False
        allotted = mirror.share.connections
        return len(self._requests.exchanges.of(mirror)) < (allotted if mirror.address.settled else min(1, allotted))

    def _start_next(self, mirror: Mirror, length: int, now: float, bytes_per_second: float) -> bool:
        block_size = self._matching.block_size
        span, purpose = self._next_check(mirror, length, block_size), Purpose.COMPARE
        if span is None and self._may_bring(mirror):
            purpose = Purpose.FILL
            span = self._scheduler.next_fill(
                length, now, block_size=block_size, bytes_per_second=bytes_per_second, mirror=mirror
            )
            if span is not None and not mirror.proved:
                span = Span(span.start, min(span.stop, span.start + UNPROVED_SEGMENT))
        if span is not None:
            self._requests.start(span, purpose, now, identity=None, mirror=mirror)
        return span is not None

    def _may_bring(self, mirror: Mirror) -> bool:
        """Whether it has been checked enough for what it has brought, where another place is asked."""
        exchanges = self._requests.exchanges
        own = sum(len(exchange.rest) for exchange in exchanges.of(mirror) if exchange.purpose is Purpose.FILL)
        return mirror.proved or mirror.only_from_it.total + own < UNPROVED_BYTES or not exchanges.of(None)

    def _next_check(self, mirror: Mirror, length: int, block_size: int) -> Span | None:
        """What to ask a mirror for that another place has brought already."""
        if any(other.comparison is not None for other in self._mirrors if other is not mirror):
            return None  # one after the other: a block that comes twice at once is compared with neither
        own = self._requests.exchanges.of(mirror)
        in_flight = [exchange.asked for exchange in own if exchange.purpose is Purpose.COMPARE]
        if mirror.comparison is not None:
            span = mirror.comparison.next(in_flight, block_size=block_size, at_most=CHECKED_AT_ONCE)
            if span is not None:
                return span
        blocks = self._unchecked(mirror, length, block_size)
        if not blocks:
            return None
        return mirror.check(blocks).next(in_flight, block_size=block_size, at_most=CHECKED_AT_ONCE)

    def _unchecked(self, mirror: Mirror, length: int, block_size: int) -> SpanSet:
        """Blocks of other places that the mirror should be asked for too."""
        known = mirror.checked | mirror.comparison.blocks if mirror.comparison is not None else mirror.checked
        wanted = max(block_size, min(CHECKED_BYTES, length // CHECKED_SHARE)) - known.total
        if wanted <= 0:
            return SpanSet()
        others = self._coverage.held - mirror.only_from_it - known
        return run_of_blocks(others, length=length, block_size=block_size, most_bytes=wanted)

    # Answers ----------------------------------------------------------------------------------------------

    def head_arrived(self, mirror: Mirror, exchange: Exchange, head: ResponseHead, now: float) -> None:
        """A mirror answers: what fits may flow, anything else ends its part in this."""
        mirror.share.heed(exchange.request.url, head, now)
        match judge(exchange.request, head, Known(self._matching.length, mirror.validator)):
            case Accepted(ranged=True, length=length) as accepted if length == self._matching.length:
                mirror.address.settle(exchange.request.url, exchange.led_by, exchange.request.span)
                mirror.says(accepted.validator.completed_by(mirror.validator))
                exchange.brings(accepted.start, accepted.stop)
                exchange.let_flow(now)
                compare = exchange.purpose is Purpose.COMPARE
                self._out.append(m.AcceptBody(exchange.id, accepted.start, accepted.stop, compare=compare))
            case Accepted(length=length) if exchange.request.span is None and length == self._matching.length:
                self._requests.drop(exchange)  # it was asked for no range on the way, and is asked for one from now on
                mirror.address.settle(exchange.request.url, exchange.led_by)
            case Redirected(url) if exchange.hops < MAX_HOPS and self._may_follow(mirror, exchange, url):
                self._requests.drop(exchange)
                mirror.says(Validator())  # another host's tags are others
                self._requests.follow(exchange, url, now, None)
            case Refused(kind=kind) if kind not in _PASSING and mirror.address.may_be_bound(exchange.request.span):
                self._requests.drop(exchange)
                mirror.address.unbind()
            case Refused() if not mirror.address.settled and not exchange.from_origin:
                self._requests.drop(exchange)  # what it says of an address that was given up counts no longer
            case Refused(kind=kind) as refused if kind in _PASSING or mirror.proved:
                self._requests.drop(exchange)
                self.failed(mirror, exchange, now, refused)
            case _:
                self.drop(mirror)

    def _may_follow(self, mirror: Mirror, exchange: Exchange, url: Url) -> bool:
        return not mirror.is_peer and mirror.address.forbids(exchange.request.url.host, url) is None

    def failed(self, mirror: Mirror, exchange: Exchange, now: float, why: Refused | None = None) -> None:
        """An exchange with a mirror came to nothing; where it is only busy, the address stays as good as it was."""
        others = self._requests.exchanges.of(mirror)
        turned_away = exchange.state is ExchangeState.ASKED and any(other.flowing for other in others)
        if turned_away:
            mirror.share.refused(len(others), now)
            return
        is_busy = why is not None and why.kind is Refusal.THROTTLED
        asked_seconds = (why.retry_after_seconds or 0.0) if why is not None and is_busy else 0.0
        mirror.failed(now + max(FIRST_WAIT_SECONDS * 2.0 ** (mirror.strikes + 1), asked_seconds))
        if is_busy:
            self._requests.halt(exchange)
        else:
            mirror.address.expire()  # its target may be what has failed
        if mirror.strikes >= STRIKES or asked_seconds > LONGEST_RETRY_AFTER_SECONDS:
            self.drop(mirror)

    def stored(self, mirror: Mirror, exchange: Exchange, span: Span, gained: int) -> None:
        """The bytes of ``span`` came from it, of which ``gained`` had never been stored before."""
        if exchange.purpose is Purpose.COMPARE:
            mirror.repeated(span)
        else:
            mirror.brought(span, gained)
        self._requests.came_from_elsewhere(len(span))

    def ended(self, mirror: Mirror, exchange: Exchange) -> None:
        """A body from it has ended as it should."""
        if exchange.purpose is Purpose.COMPARE and mirror.comparison is not None:
            mirror.comparison.ended(Span(exchange.start, exchange.position), self._matching.block_size)
            mirror.conclude()

    def compared(self, event: m.BlockCompared) -> bool:
        """A block came again; whether that says something of a mirror only."""
        if event.filling:
            return not event.equal and self._caught_beside_others(event.span)
        for mirror in self:
            if mirror.comparison is not None and mirror.comparison.open.covers(event.span):
                mirror.compared(event.span, equal=event.equal)
                if not event.equal:
                    self._part_with(mirror)
                return True
        return False

    def _caught_beside_others(self, span: Span) -> bool:
        """The same bytes came twice and differ: a mirror that took part in it isn't believed, the first place is."""
        under_way = {exchange.mirror for exchange in self._requests.exchanges.over(span)}
        caught = [mirror for mirror in self if mirror in under_way or mirror.only_from_it.count_in(span)]
        for mirror in caught:
            self._part_with(mirror)
        return bool(caught)

    # Leaving ----------------------------------------------------------------------------------------------

    def drop(self, mirror: Mirror) -> None:
        """It isn't asked any more."""
        for exchange in self._requests.exchanges.of(mirror):
            self._requests.drop(exchange)
        if mirror in self._mirrors:
            self._mirrors.remove(mirror)
            self._brought_before |= mirror.only_from_it
        mirror.share.want(0, 0)

    def ask_peers_only(self, *, on: bool) -> None:
        """Whether no other mirror is asked, since a peer has the first place."""
        self._peers_only = on

    def keep(self, mirror: Mirror) -> None:
        """It had the first place, and goes on as a mirror."""
        self._mirrors.append(mirror)

    def next_peer(self) -> Mirror | None:
        """The peer that takes the first place, the best first; it isn't a mirror any longer."""
        peers = [mirror for mirror in self._mirrors if mirror.is_peer and not mirror.strikes]
        best = max(peers, key=lambda mirror: (mirror.proved, mirror.total), default=None)
        if best is not None:
            self._mirrors.remove(best)
        return best

    def drop_peers(self) -> None:
        """No peer is asked any more."""
        for mirror in self:
            if mirror.is_peer:
                self.drop(mirror)

    def _part_with(self, mirror: Mirror) -> None:
        """It sent other bytes than another place: all that only it has brought comes again."""
        lost = mirror.disown()
        self.drop(mirror)
        for span in lost:
            for exchange in self._requests.exchanges.over(span):
                self._requests.drop(exchange)
        matching = self._matching
        matching.lose(blocks_around(lost, length=matching.known_length, block_size=matching.block_size))

    def drop_all(self) -> None:
        """None is asked any more: whatever is decided now, one place alone has to answer for."""
        for mirror in self:
            self.drop(mirror)

    def successor(self) -> Mirror | None:
        """The one that takes the first place's part; it isn't a mirror any longer. ``None`` where there is none."""
        best = max(self._mirrors, key=lambda mirror: (mirror.proved, mirror.total), default=None)
        if best is not None:
            self._mirrors.remove(best)
            if best.proved:
                best.address.trust()
            else:
                best.address.distrust()
            digests = self._requests.address.resource.digests
            best.address.restate(replace(best.address.resource, digests=digests))
        return best
