"""Mirrors: other places with the same bytes, that bring pieces beside the first one, or step in for it.

Theory of operation
-------------------

A mirror is never believed. Only where a digest will prove the whole it brings pieces; without one, wrong bytes of it
could be told from right ones by nothing but asking the first place for the same. Before it may bring anything, blocks
that are here are fetched from it and compared with the journal, and its head has to state the same length. From then on
it takes segments as any connection does, as many as its own host's pace allows; since whoever is idle takes the next
segment, a fast place brings more than a slow one.

At the first answer that doesn't fit a mirror is dropped for good, and after a few failures too: the download doesn't
depend on it. When the first place can't go on, the best of the mirrors takes its place, with its whole manners still to
be found out: what is here is compared with it as with any other place that nothing is known of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.address import MAX_HOPS, Address
from anymatix_fetcher.core.answers.judge import Accepted, Known, Redirected, judge
from anymatix_fetcher.core.machine.comparison import Comparison, Question, samples
from anymatix_fetcher.core.machine.exchange import ExchangeState, Purpose
from anymatix_fetcher.core.machine.mirror import Mirror
from anymatix_fetcher.core.pace.pause import LONGEST_RETRY_AFTER_SECONDS
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Headers, Validator
from anymatix_fetcher.core.values.refusals import Refusal, Refused
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span

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
        join: Gives a share of an origin's connections; ``None`` where nobody else is to be asked.
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
        """Takes a place along; False where it is known already, or nobody else is to be asked."""
        resource = self._requests.address.resource
        fields = {**dict(resource.mirror_headers), resource.url.origin: resource.headers}
        place = Resource(
            url,
            name=resource.name,
            headers=fields.get(url.origin, Headers()),
            reference=resource.reference,
        )
        return self.enlist(place)

    def enlist(self, place: Resource, *, is_peer: bool = False) -> bool:
        """Takes a place along; False where it is known already, or nobody else is to be asked."""
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
        if not self._mirrors or not self._matching.digest_settles:
            return  # without a digest nothing would prove all that a mirror brings
        waiting = self._coverage.waiting(length, self._requests.exchanges.rests(Purpose.FILL)).total
        for mirror in self:
            if self._peers_only and not mirror.is_peer:
                continue
            if mirror.crawls >= CRAWLS:
                self.drop(mirror)
                continue
            self._adapt(mirror, waiting, now)
            while self._may_start(mirror, now) and self._start_next(mirror, length, now, bytes_per_second):
                pass
        self._requests.use_elsewhere(sum(len(self._requests.exchanges.of(mirror)) for mirror in self._mirrors))

    def _adapt(self, mirror: Mirror, waiting: int, now: float) -> None:
        if now - mirror.adapted_at < ADAPTING_SECONDS:
            return
        mirror.adapted(now)
        own = self._requests.exchanges.of(mirror)
        more = -(-waiting // self._scheduler.smallest_segment) if mirror.proved else int(waiting >= WORTHWHILE_BYTES)
        mirror.share.want(len(own), more if own or waiting >= WORTHWHILE_BYTES else 0)
        mirror.share.observe(mirror.total, sum(exchange.flowing for exchange in own), now)
        for exchange in own[mirror.share.connections :] if waiting else ():
            self._requests.drop(exchange)

    def _may_start(self, mirror: Mirror, now: float) -> bool:
        own = self._requests.exchanges.of(mirror)
        if now < mirror.not_before or (own and not mirror.proved):
            return False
        if mirror.share.pause_at(mirror.address.target or mirror.address.origin_url, now) is not None:
            return False
        allotted = mirror.share.connections
        return len(own) < (allotted if mirror.address.settled else min(1, allotted))

    def _start_next(self, mirror: Mirror, length: int, now: float, bytes_per_second: float) -> bool:
        block_size = self._matching.block_size
        if mirror.proved:
            span = self._scheduler.next_fill(
                length, now, block_size=block_size, bytes_per_second=bytes_per_second, mirror=mirror
            )
            purpose = Purpose.FILL
        else:
            span, purpose = self._next_sample(mirror, length, block_size), Purpose.COMPARE
        if span is not None:
            self._requests.start(span, purpose, now, identity=None, mirror=mirror)
        return span is not None

    def _next_sample(self, mirror: Mirror, length: int, block_size: int) -> Span | None:
        if any(other.comparison is not None for other in self._mirrors if other is not mirror):
            return None  # one after the other: a block that comes twice at once is compared with neither
        comparison = mirror.comparison
        if comparison is None:
            blocks = samples(self._coverage.held, length=length, block_size=block_size, most=self._matching.samples)
            if not blocks or length - self._coverage.held.total < WORTHWHILE_BYTES:
                return None
            comparison = Comparison(Question.SAMENESS, blocks)
            mirror.try_by(comparison)
        in_flight = [exchange.asked for exchange in self._requests.exchanges.of(mirror)]
        return comparison.next(in_flight, block_size=block_size, at_most=block_size)

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
            case Redirected(url) if exchange.hops < MAX_HOPS and not mirror.is_peer:
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

    def stored(self, mirror: Mirror, count: int, gained: int) -> None:
        """``count`` bytes came from it, of which ``gained`` had never been stored before."""
        mirror.brought(count, gained)
        self._requests.came_from_elsewhere(count)

    def ended(self, mirror: Mirror, exchange: Exchange) -> None:
        """A body from it has ended as it should."""
        if exchange.purpose is Purpose.COMPARE and mirror.comparison is not None:
            mirror.comparison.ended(Span(exchange.start, exchange.position), self._matching.block_size)
            mirror.conclude()

    def compared(self, event: m.BlockCompared) -> bool:
        """A block came again; whether it was a mirror that was on trial for it."""
        for mirror in self:
            if mirror.comparison is not None and mirror.comparison.open.covers(event.span):
                mirror.comparison.note(event.span, equal=event.equal)
                if not event.equal:
                    self.drop(mirror)
                return True
        return False

    # Leaving ----------------------------------------------------------------------------------------------

    def drop(self, mirror: Mirror) -> None:
        """It isn't asked any more."""
        for exchange in self._requests.exchanges.of(mirror):
            self._requests.drop(exchange)
        if mirror in self._mirrors:
            self._mirrors.remove(mirror)
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
