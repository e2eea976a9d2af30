"""The scheduler: what to request next, and with how many connections.

It divides the missing bytes into segments, steals work from slow connections, hedges the last bytes, and reports
throughput to the pace controller.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.comparison import Question
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.segments import Thief, next_segment, theft
from anymatix_fetcher.core.machine.tail import DUPLICATED_SHARE, LEAST_IN_VAIN, crawling, hedge
from anymatix_fetcher.core.pace.limit import FreeFlow
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.spans import Span

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.coverage import Coverage
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.matching import Matching
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.machine.requests import Requests
    from anymatix_fetcher.core.machine.segments import Flow, Sizes
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.spans import SpanSet

LONG_SECONDS = 4.0
"""What lasts longer is taken over even where the bytes that may come in vain are used up."""
LONG_SECONDS_ELSEWHERE = 1.0
"""The same for what comes from another place than the idle connection's."""
ADAPTING_SECONDS = 0.05
"""The minimum interval between adaptations."""


class Scheduler:
    """The scheduler of one download.

    Args:
        requests: The download's requests.
        coverage: The stored bytes.
        out: The list that commands are added to.
        sizes: The limits on segment sizes.

    Attributes:
        free_flow: The time in which the rate limit wasn't the bottleneck.
    """

    def __init__(self, requests: Requests, coverage: Coverage, out: list[m.Command], sizes: Sizes) -> None:
        self.free_flow = FreeFlow()
        self._requests = requests
        self._coverage = coverage
        self._out = out
        self._sizes = sizes
        self._adapted_at = float("-inf")
        self._adapted_flowing = 0
        self._more = 0
        """The number of segments that aren't requested yet."""
        self._foreseen = 1
        self._hedged: set[int] = set()
        """The ends of spans that were hedged."""
        self._in_vain = 0
        """The bytes that are fetched twice or discarded."""

    # Dividing ---------------------------------------------------------------------------------------------

    def start_next(self, matching: Matching, now: float, *, bytes_per_second: float) -> bool:
        """Starts one more exchange; false if there is nothing to request.

        Args:
            matching: The known identity, and the blocks to compare.
            now: The time.
            bytes_per_second: The throughput of all flows together.
        """
        requests, comparison = self._requests, matching.comparison
        identity, length, block_size = matching.identity, matching.length, matching.block_size
        ranged, purpose = requests.abilities.ranged, Purpose.FILL
        span: Span | None
        if comparison is not None and ranged:
            in_flight, purpose = requests.exchanges.rests(Purpose.COMPARE), Purpose.COMPARE
            waiting = comparison.waiting(in_flight, block_size=block_size).total
            even = waiting // (2 * max(1, requests.share.connections))
            at_most = max(self._sizes.smallest_segment, min(even, self._sizes.first_segment))
            span = comparison.next(in_flight, block_size=block_size, at_most=at_most)
        elif identity is None and ranged and not requests.one_stream:
            span = None if requests.exchanges else self._opening_span
        elif identity is None or length is None or not ranged:
            if requests.exchanges:
                return False
            # Nothing can be divided: the whole is requested as one stream. It compares the stored blocks as well. Only
            # the search for the cause of a wrong digest must not store anything.
            searches = comparison is not None and comparison.question is Question.CULPRITS
            requests.start(None, Purpose.COMPARE if searches else Purpose.FILL, now, identity=identity)
            return True
        elif self._compares_first(matching, length):
            return self.start_next(matching, now, bytes_per_second=bytes_per_second)
        else:
            span = self.next_fill(length, now, block_size=block_size, bytes_per_second=bytes_per_second)
        if span is not None:
            requests.start(span, purpose, now, identity=identity)
        return span is not None

    def _compares_first(self, matching: Matching, length: int) -> bool:
        """Whether the next request is for recorded blocks, because other responses would have to wait."""
        fills = self._requests.exchanges.rests(Purpose.FILL)
        if self._requests.address.trusted or not self._coverage.waiting(length, fills):
            return False
        return matching.compares_first(may_hold=self._requests.share.connections > 1)

    def make_room(self) -> None:
        """Drops responses that wait for a comparison if they occupy the connections that it needs."""
        exchanges, connections = self._requests.exchanges, self._requests.share.connections
        is_full = len(exchanges.of(None)) >= connections or not self._requests.has_room  # mirrors may have the others
        if is_full and not exchanges.rests(Purpose.COMPARE):
            self._requests.drop_waiting()

    @property
    def _opening_span(self) -> Span:
        """The span of the first request, limited by the length that the source states.

        Some servers state a wrong length of a part if the range exceeds the file's end.
        """
        most = self._sizes.first_segment
        return Span(0, min(most, self._requests.address.resource.length or most))

    def take_whole(self, exchange: Exchange, head: ResponseHead, length: int) -> None:
        """Takes the whole file as the response to a request without a range.

        A small file is accepted completely. Of a large one, this becomes the first segment, and the rest is requested.
        """
        units = (head.headers.get("Accept-Ranges") or "").lower()
        refuses_ranges = "none" in units and "bytes" not in units  # a server behind another may state both
        if length <= self._sizes.first_segment or refuses_ranges or self._requests.one_stream:
            self._requests.abilities.give_up_ranges()
        else:
            exchange.narrow(self._sizes.first_segment)

    @property
    def may_be_silent(self) -> bool:
        """Whether silence is meaningful, and a dropped connection loses nothing of what it brought."""
        return self._requests.divides and not self.free_flow.is_held

    @property
    def smallest_segment(self) -> int:
        """The smallest segment that is worth a request, in bytes."""
        return self._sizes.smallest_segment

    def next_fill(
        self,
        length: int,
        now: float,
        *,
        block_size: int,
        bytes_per_second: float,
        mirror: Mirror | None = None,
    ) -> Span | None:
        """The next span to request from a place, for a known length; ``None`` if nothing is worth a request."""
        requests, exchanges = self._requests, self._requests.exchanges
        rests = exchanges.rests(Purpose.FILL)
        waiting = self._coverage.waiting(length, rests)
        if requests.one_stream:
            return next(iter(waiting), None)
        connections = max(1, requests.share.connections + requests.connections_elsewhere)
        # A lone one flows no longer when it asks for more.
        own = bytes_per_second / max(1, exchanges.flowing)
        if requests.connections_elsewhere:  # places differ: each connection takes as much as it can bring
            own = exchanges.typical_rate(mirror, now) or own
            connections = max(1, min(connections, round(bytes_per_second / own))) if own else connections
        segment = next_segment(
            waiting,
            length=length,
            block_size=block_size,
            connections=connections,
            bytes_per_second=own,
            under_way=sum(map(len, rests)),
            sizes=self._sizes,
        )
        address = requests.address if mirror is None else mirror.address
        if segment is not None or not address.settled:
            return segment
        flows = exchanges.flows(now)
        thief = Thief(
            bytes_per_second=exchanges.typical_rate(mirror, now),
            start_seconds=exchanges.start_seconds(mirror),
            round_trip_seconds=exchanges.first_byte_seconds,
            budget=max(length // DUPLICATED_SHARE, LEAST_IN_VAIN) - self._in_vain,
        )
        return (
            self._steal(flows, block_size, thief)
            or self._hedge(flows, length, thief)
            or self._steal(self._long_ones(mirror, flows, now), block_size, replace(thief, budget=inf))
        )

    def _long_ones(self, mirror: Mirror | None, flows: list[Flow], now: float) -> list[Flow]:
        """The flows that last so long that they are taken over whatever that costs in vain."""
        own = {flow.exchange for flow in self._requests.exchanges.flows_of(mirror, now)}
        return [
            flow
            for flow in flows
            if flow.seconds_left >= (LONG_SECONDS if flow.exchange in own else LONG_SECONDS_ELSEWHERE)
        ]

    def _steal(self, flows: list[Flow], block_size: int, thief: Thief) -> Span | None:
        """Steals work from a flow for an idle connection."""
        taken = theft(flows, block_size, thief, self._sizes)
        victim = self._requests.exchanges.get(taken.victim) if taken else None
        if taken is None or victim is None:
            return None
        self._in_vain += taken.cost
        victim.narrow(taken.span.start)
        self._out.append(m.NarrowBody(victim.id, taken.span.start))
        return taken.span

    def _hedge(self, flows: list[Flow], length: int, thief: Thief) -> Span | None:
        """Hedges the last bytes."""
        if self.free_flow.is_held:
            return None
        flow = hedge(
            flows,
            thief.bytes_per_second,
            budget=length // DUPLICATED_SHARE - self._in_vain,
            hedged=frozenset(self._hedged),
            first_byte_seconds=thief.round_trip_seconds,
        )
        if flow is None:
            return None
        self._hedged.add(flow.rest.stop)
        self._in_vain += len(flow.rest)  # on a connection that has just ended a segment: its window is open
        return flow.rest

    def _tidy(self, now: float) -> None:
        """Drops exchanges that lost to a hedged request, and those that crawl."""
        exchanges = self._requests.exchanges
        flows = exchanges.flows(now)
        outrun = [flow for flow in flows if flow.rest and self._coverage.stored.covers(flow.rest)]
        slow = [] if self.free_flow.is_held else self._crawling(now)
        for flow in (*outrun, *slow):
            exchange = exchanges.get(flow.exchange)
            if exchange is not None:
                self._requests.drop(exchange)
        if slow:
            self._requests.use_fresh_connection()

    def _crawling(self, now: float) -> list[Flow]:
        """The flows far below the usual rate of their own place; a new request doesn't make a slow place faster."""
        exchanges = self._requests.exchanges
        return [
            flow
            for place in exchanges.places
            for flow in crawling(exchanges.flows_of(place, now), exchanges.typical_rate(place, now))
        ]

    # Pacing -----------------------------------------------------------------------------------------------

    def adapt(self, matching: Matching, now: float) -> None:
        """Reports throughput to the pace controller, while enough is left to use every connection."""
        requests, exchanges, length = self._requests, self._requests.exchanges, matching.length
        flowing = exchanges.first_flowing
        if now - self._adapted_at < ADAPTING_SECONDS and flowing == self._adapted_flowing:
            return
        self._adapted_at, self._adapted_flowing = now, flowing
        waiting = 0
        if requests.divides and length:
            self._tidy(now)
            waiting = self._waiting(matching, length).total
        self._more = -(-waiting // self._sizes.smallest_segment)
        self.declare(now)
        if not self.free_flow.is_held:
            total = self.free_flow.bytes(requests.own_bytes)
            rest = waiting + sum(map(len, exchanges.rests(Purpose.FILL))) if waiting else inf
            requests.share.observe(total, flowing, self.free_flow.time(now), rest=rest)
        self.close_excess(None, requests.share, now, is_waiting=waiting > 0)

    def close_excess(self, mirror: Mirror | None, share: Share, now: float, *, is_waiting: bool) -> None:
        """Drops the exchanges of a place beyond its share: the youngest, as their congestion windows are the smallest.

        Args:
            mirror: The place; ``None`` for the first one.
            share: Its share.
            now: The time.
            is_waiting: Whether anything isn't requested yet. Otherwise only exchanges that last long make room for
                another place.
        """
        for exchange in self._requests.exchanges.of(mirror)[share.connections :]:
            is_long = share.granted is not None and exchange.flow(now).seconds_left >= LONG_SECONDS_ELSEWHERE
            if is_waiting or (is_long and exchange.flowing):
                self._requests.drop(exchange)

    def _waiting(self, matching: Matching, length: int) -> SpanSet:
        """What isn't requested yet: missing bytes, or the blocks to compare."""
        comparison, rests = matching.comparison, self._requests.exchanges.rests
        if comparison is None:
            return self._coverage.waiting(length, rests(Purpose.FILL))
        return comparison.waiting(rests(Purpose.COMPARE), block_size=matching.block_size)

    def declare(self, now: float) -> None:
        """Tells the host how many connections could be used."""
        requests = self._requests
        own = requests.exchanges.of(None)
        under_way, more = len(own), self._more
        if not under_way:
            asleep = now < requests.patience.not_before or requests.is_renewing
            more = 0 if asleep else max(1, more)
        streams = sum(exchange.request.shared_connection is not None for exchange in own)
        requests.share.want(under_way, more, streams=streams)

    def look_ahead(self, now: float) -> None:
        """Opens the connections of the next ramp step ahead."""
        requests = self._requests
        foreseen = requests.share.foreseen(now)
        if foreseen <= self._foreseen:
            return
        self._foreseen = foreseen  # once per step
        target, under_way = requests.address.target, len(requests.exchanges.of(None))
        wanted = min(foreseen, under_way + self._more) - requests.share.connections
        if wanted > 0 and target is not None and now >= requests.patience.not_before:
            self._out.append(m.OpenAhead(target.origin, wanted))

    def renew_in_time(self, length: int | None, now: float) -> bool:
        """Renews the URL shortly before it expires, if another request will need it.

        Returns:
            Whether it was renewed.
        """
        requests = self._requests
        if not requests.address.is_due(now) or requests.is_renewing:
            return False
        if length is not None and not self._coverage.waiting(length, requests.exchanges.rests(Purpose.FILL)):
            return False  # nothing has to be requested any more
        requests.renew()
        return True

    def notice_limit(self, now: float, *, binds: bool) -> None:
        """Takes whether the rate limit is the bottleneck.

        While it is, more connections can't bring more, and slow ones aren't replaced.
        """
        held_seconds = self.free_flow.notice(self._requests.own_bytes, now, binds=binds)
        for exchange in self._requests.exchanges if held_seconds else ():
            exchange.excuse(held_seconds)
