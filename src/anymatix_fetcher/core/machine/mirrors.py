"""Mirrors: other places with the same bytes. Together with the first place they are one pool.

Theory of operation
-------------------

A mirror is never believed. It is used only where a digest will prove the whole file; without one, its wrong bytes could
be told from right ones only by asking the first place for the same bytes.

**From the first second.** As soon as the length is known a mirror takes segments, as many at a time as its own host's
pace allows. An idle connection takes the next segment, so a fast place brings more than a slow one; at the end it takes
over what flows from a slower place.

**One budget.** All places together have no more connections than the user allows; ``worth`` divides them.

**Checked in the background.** Blocks that other places have brought are fetched from the mirror too and compared with
the journal, before it is asked for more. Until it is checked a mirror may bring a limited number of bytes. A mirror
whose block differs is dropped, and all that only it has brought is fetched again: see ``checks``.

**Dropped for good** is also a mirror whose answer doesn't fit, or that fails several times in a row: the download
doesn't depend on it. See ``mirror_answers``. When the first place can't go on, the best mirror takes its part, and its
server's abilities have to be found out anew. When the digest doesn't match, what mirrors have brought is suspected
first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.checks import UNPROVED_SEGMENT, Checks
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.mirror_answers import MirrorAnswers
from anymatix_fetcher.core.machine.roster import Roster
from anymatix_fetcher.core.machine.silence import silent_places
from anymatix_fetcher.core.machine.worth import Budget
from anymatix_fetcher.core.values.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.coverage import Coverage
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.matching import Matching
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.machine.requests import Requests
    from anymatix_fetcher.core.machine.scheduler import Scheduler
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values import messages as m
    from anymatix_fetcher.core.values.urls import Origin

WORTHWHILE_BYTES = 16 << 20
"""With less to go, a mirror isn't worth its handshakes."""
ADAPTING_SECONDS = 0.05
DIVIDING_SECONDS = 0.25
"""How often the connections are divided anew."""


class Mirrors:
    """The mirrors of one download: asks them, beside the first place.

    Args:
        requests: Those of the download; those to mirrors are among them.
        scheduler: Says what to ask a mirror for.
        matching: What the file is.
        coverage: What is here.
        out: Where commands go.
        join: Gives a share of an origin's connections; ``None`` where no other place is to be asked.

    Attributes:
        roster: Which there are.
        checks: What is compared of them.
        answers: What they answer.
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
        self.roster = Roster(requests.address.resource, join)
        self.checks = Checks(self.roster, requests, matching, coverage, self.drop)
        self.answers = MirrorAnswers(requests, matching, out, self.drop)
        self._peers_only = False
        self._budget = Budget()
        self._divided_at = float("-inf")

    @property
    def any(self) -> bool:
        """Whether there is another place to ask."""
        return bool(self.roster)

    def rest(self) -> None:
        """Nothing is to be asked for now."""
        for mirror in self.roster:
            mirror.share.want(0, 0)

    # Asking -----------------------------------------------------------------------------------------------

    def advance(self, length: int, now: float, *, bytes_per_second: float) -> None:
        """Asks mirrors for what they may bring.

        Args:
            length: Bytes of the whole file.
            now: The time.
            bytes_per_second: What arrives in sum.
        """
        if not self.roster or not self._matching.digest_settles or self._requests.one_stream:
            return  # without a digest nothing would prove all that a mirror brings; one stream comes from one place
        waiting = self._coverage.waiting(length, self._requests.exchanges.rests(Purpose.FILL)).total
        is_worthwhile = length - self._coverage.held.total >= WORTHWHILE_BYTES
        self._divide(now)
        self._leave_silent(now, is_waiting=waiting > 0)
        for mirror in self.roster:
            if self._peers_only and not mirror.is_peer:
                continue
            self._adapt(mirror, waiting, now, is_worthwhile=is_worthwhile or mirror.proved)
            while self._may_start(mirror, now) and self._start_next(mirror, length, now, bytes_per_second):
                pass
        self._requests.use_elsewhere(sum(len(self._requests.exchanges.of(mirror)) for mirror in self.roster))

    def _divide(self, now: float) -> None:
        """Divides the connections that the user allows among the places, by what one brings there."""
        if now - self._divided_at < DIVIDING_SECONDS:
            return
        self._divided_at = now
        shares: dict[Mirror | None, Share] = {None: self._requests.share}
        shares.update((mirror, mirror.share) for mirror in self.roster)
        self._budget.divide(shares, self._requests.exchanges, now)

    def _leave_silent(self, now: float, *, is_waiting: bool) -> None:
        """A place that brings nothing while others do leaves them what it was asked for, and is tried with one."""
        exchanges = self._requests.exchanges
        idle = [mirror for mirror in self.roster if not exchanges.of(mirror) and now >= mirror.not_before]
        first_is_idle = not exchanges.of(None) and now >= self._requests.patience.not_before
        is_idle = not is_waiting and (bool(idle) or first_is_idle)
        for place in silent_places(list(exchanges), now, is_another_idle=is_idle):
            for exchange in exchanges.of(place):
                self._requests.drop(exchange)
            if place is None:
                self._requests.first_is_silent(now)
            else:
                self.answers.fell_silent(place, now)

    def _divide_anew(self) -> None:
        """A place has left: until the connections are divided again each takes what its host allows."""
        self._divided_at = float("-inf")
        self._requests.share.grant(None)
        for mirror in self.roster:
            mirror.share.grant(None)

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
        if now < mirror.not_before or not self._requests.has_room:
            return False
        if mirror.share.pause_at(mirror.address.target or mirror.address.origin_url, now) is not None:
            return False
        allotted = mirror.share.connections
        return len(self._requests.exchanges.of(mirror)) < (allotted if mirror.address.settled else min(1, allotted))

    def _start_next(self, mirror: Mirror, length: int, now: float, bytes_per_second: float) -> bool:
        span, purpose = self.checks.next(mirror, length), Purpose.COMPARE
        if span is None:
            span, purpose = self._next_fill(mirror, length, now, bytes_per_second), Purpose.FILL
        if span is not None:
            self._requests.start(span, purpose, now, identity=None, mirror=mirror)
        return span is not None

    def _next_fill(self, mirror: Mirror, length: int, now: float, bytes_per_second: float) -> Span | None:
        room = self.checks.room(mirror, length, now)
        if room == 0:
            return None
        span = self._scheduler.next_fill(
            length, now, block_size=self._matching.block_size, bytes_per_second=bytes_per_second, mirror=mirror
        )
        if span is None or room is None:
            return span
        return Span(span.start, min(span.stop, span.start + min(room, UNPROVED_SEGMENT)))

    def stored(self, mirror: Mirror, exchange: Exchange, span: Span, gained: int) -> None:
        """The bytes of ``span`` came from it, of which ``gained`` had never been stored before."""
        if exchange.purpose is Purpose.COMPARE:
            mirror.repeated(span)
        else:
            mirror.brought(span, gained)
        self._requests.came_from_elsewhere(len(span))

    # Leaving ----------------------------------------------------------------------------------------------

    def drop(self, mirror: Mirror) -> None:
        """It isn't asked any more."""
        for exchange in self._requests.exchanges.of(mirror):
            self._requests.drop(exchange)
        self.roster.remove(mirror)
        mirror.share.want(0, 0)
        self._divide_anew()

    def drop_peers(self) -> None:
        """No peer is asked any more."""
        for mirror in self.roster:
            if mirror.is_peer:
                self.drop(mirror)

    def drop_all(self) -> None:
        """None is asked any more: whatever is decided now, one place alone has to answer for."""
        for mirror in self.roster:
            self.drop(mirror)

    def ask_peers_only(self, *, on: bool) -> None:
        """Whether no other mirror is asked, since a peer has the first place."""
        self._peers_only = on

    def successor(self) -> Mirror | None:
        """The one that takes the first place's part; it isn't a mirror any longer. ``None`` where there is none."""
        self._divide_anew()
        return self.roster.successor(self._requests.address.resource)
