"""Mirrors: other places with the same bytes. Together with the first place they are one pool.

Theory of operation
-------------------

Mirrors aren't trusted. They are used only if a digest will prove the whole file. Without one, their bytes could be
verified only by fetching the same bytes from the first place.

**From the start.** As soon as the length is known, mirrors fetch segments, on as many connections as the pace of their
host allows. An idle connection takes the next segment, so a fast place brings more than a slow one. At the end it
steals segments from slower places.

**One budget.** All places together use at most the number of connections that the user allows; see ``worth``.

**Checked in the background.** Blocks from other places are fetched from the mirror too, and compared with the journal.
Until then, a mirror may bring a limited number of bytes. If a block differs, the mirror is dropped, and the bytes that
only it has brought are fetched again; see ``checks``.

**Dropped for good** is also a mirror whose response doesn't fit, or that fails several times in a row; see
``mirror_answers``. If the first place fails, another one leads, and the abilities of its server are detected anew; see
``succession``. If the digest doesn't match, places compare each other's bytes; see ``opinions``.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.checks import UNPROVED_SEGMENT, Checks
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.mirror_answers import MirrorAnswers
from anymatix_fetcher.core.machine.roster import Roster
from anymatix_fetcher.core.machine.silence import silent_places
from anymatix_fetcher.core.machine.worth import Budget, is_worthwhile
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

ADAPTING_SECONDS = 0.05
DIVIDING_SECONDS = 0.25
"""The interval at which the connections are divided."""


class Mirrors:
    """Requests segments from the mirrors of one download.

    Args:
        requests: The requests of the download, including those to mirrors.
        scheduler: Chooses the spans.
        matching: The identity of the file.
        coverage: The stored and requested spans.
        out: Receives the commands.
        join: Returns the share of an origin's connections; ``None`` if no other place may be used.

    Attributes:
        roster: The mirrors.
        checks: The comparison of their blocks.
        answers: The reaction to their responses.
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
        self.answers = MirrorAnswers(requests, matching, out, drop=self.drop, set_apart=self.roster.set_apart)
        self._peers_only = False
        self._budget = Budget()
        self._divided_at = float("-inf")

    @property
    def any(self) -> bool:
        """Whether there are other places."""
        return bool(self.roster)

    def rest(self) -> None:
        """Withdraws the demand for connections."""
        for mirror in self.roster:
            mirror.share.want(0, 0)

    # Asking -----------------------------------------------------------------------------------------------

    def advance(self, length: int, now: float, *, bytes_per_second: float) -> None:
        """Starts requests to mirrors.

        Args:
            length: The length of the file in bytes.
            now: The time.
            bytes_per_second: The throughput of all flows together.
        """
        if not self.roster or not self._matching.digest_settles or self._requests.one_stream:
            return  # only a digest proves the bytes of mirrors; a single stream has one place
        waiting = self._coverage.waiting(length, self._requests.exchanges.rests(Purpose.FILL)).total
        rest = length - self._coverage.held.total
        self._divide(now)
        if not self.checks.examines:
            self._leave_silent(now, is_waiting=waiting > 0)
        for mirror in self.roster:
            if self._peers_only and not mirror.is_peer:
                continue
            worthwhile = is_worthwhile(rest, bytes_per_second, self._requests.exchanges.start_seconds(mirror))
            compared = self.checks.waiting_bytes(mirror)
            self._adapt(mirror, waiting + compared, now, is_worthwhile=worthwhile or mirror.proved)
            while self._may_start(mirror, now) and self._start_next(mirror, length, now, bytes_per_second):
                pass
        self._requests.use_elsewhere(sum(len(self._requests.exchanges.of(mirror)) for mirror in self.roster))

    def _divide(self, now: float) -> None:
        """Divides the connections that the user allows among the places."""
        if now - self._divided_at < DIVIDING_SECONDS:
            return
        self._divided_at = now
        shares: dict[Mirror | None, Share] = {None: self._requests.share}
        shares.update((mirror, mirror.share) for mirror in self.roster)
        self._budget.divide(shares, self._requests.exchanges, now)

    def _leave_silent(self, now: float, *, is_waiting: bool) -> None:
        """Drops the exchanges of places that are silent while others transfer; such a place is tried with one again."""
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
        """Lifts all grants after a place has left, until the next division."""
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
            more = max(1, more) if is_worthwhile else 0  # an idle one may steal
        mirror.share.want(len(own), more)
        free = mirror.free_flow
        if not free.is_held:
            flowing = sum(exchange.flowing for exchange in own)
            mirror.share.observe(free.bytes(mirror.total), flowing, free.time(now))
        self._scheduler.close_excess(mirror, mirror.share, now, is_waiting=waiting > 0)

    def notice_limit(self, now: float, *, binds: bool) -> None:
        """Takes whether the rate limit is the bottleneck, and not the mirrors."""
        for mirror in self.roster:
            mirror.free_flow.notice(mirror.total, now, binds=binds)

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
        """Records that ``span`` came from the mirror; ``gained`` of its bytes had never been stored before."""
        if exchange.purpose is Purpose.COMPARE:
            mirror.repeated(span)
        else:
            mirror.brought(span, gained)
        self._requests.came_from_elsewhere(len(span))

    # Leaving ----------------------------------------------------------------------------------------------

    def drop(self, mirror: Mirror) -> None:
        """Ends the use of a mirror."""
        for exchange in self._requests.exchanges.of(mirror):
            self._requests.drop(exchange)
        self.roster.remove(mirror)
        mirror.share.want(0, 0)
        self._divide_anew()

    def drop_peers(self) -> None:
        """Ends the use of all peers."""
        for mirror in self.roster:
            if mirror.is_peer:
                self.drop(mirror)

    def drop_all(self) -> None:
        """Ends the use of all mirrors, so that the next responses come from one place."""
        for mirror in self.roster:
            self.drop(mirror)

    def ask_peers_only(self, *, on: bool) -> None:
        """Sets whether only peers are used, because a peer is the first place."""
        self._peers_only = on

    def successor(self, *, setbacks: float = inf) -> Mirror | None:
        """Removes and returns the mirror that replaces the first place; ``None`` if there is none.

        Args:
            setbacks: It has to have had fewer ones as the first place since its last progress.
        """
        self._divide_anew()
        return self.roster.successor(self._requests.address.resource, setbacks=setbacks)
