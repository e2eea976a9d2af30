"""All exchanges of one download that are in progress."""

from __future__ import annotations

from collections import Counter, deque
from math import inf
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.exchange import Exchange, ExchangeState, Purpose
from anymatix_fetcher.core.machine.tail import typical_rate
from anymatix_fetcher.core.values.messages import ExchangeId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.machine.segments import Flow
    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.spans import Span


REMEMBERED = 8
NEW_CONNECTION_ANSWERS = 8.0
"""The cost of a new connection (handshakes and slow start), as a multiple of the time to first byte on an open one."""


class Exchanges:
    """The exchanges that were started and haven't ended.

    Args:
        download: The download's number within its session, which is part of the ids.
    """

    def __init__(self, download: int) -> None:
        self._download = download
        self._begun = 0
        self._under_way: dict[ExchangeId, Exchange] = {}
        self._rates: dict[Mirror | None, deque[float]] = {}
        self._idle: Counter[Mirror | None] = Counter()
        self._first_byte_seconds = inf

    def __len__(self) -> int:
        return len(self._under_way)

    def __iter__(self) -> Iterator[Exchange]:
        """Iterates over a snapshot, because exchanges may end meanwhile."""
        return iter(list(self._under_way.values()))

    def of(self, mirror: Mirror | None) -> list[Exchange]:
        """The exchanges with a mirror; with ``None`` those with the first place."""
        return [exchange for exchange in self._under_way.values() if exchange.mirror is mirror]

    def begin(
        self,
        request: Request,
        span: Span | None,
        purpose: Purpose,
        now: float,
        *,
        from_origin: bool,
        hops: int,
        mirror: Mirror | None = None,
        led_by: Request | None = None,
    ) -> Exchange:
        """Starts an exchange with a new id."""
        self._begun += 1
        self._idle[mirror] = max(0, self._idle[mirror] - 1)
        exchange = Exchange(
            id=ExchangeId(self._download, self._begun),
            request=request,
            purpose=purpose,
            start=span.start if span else 0,
            stop=span.stop if span else None,
            started_at=now,
            from_origin=from_origin,
            hops=hops,
            in_company=bool(self.of(mirror)),
            beside=sum(other.flowing for other in self.of(mirror)),
            mirror=mirror,
            led_by=led_by,
        )
        self._under_way[exchange.id] = exchange
        return exchange

    def get(self, exchange: ExchangeId) -> Exchange | None:
        """The exchange; ``None`` if it has ended, as late events are normal."""
        return self._under_way.get(exchange)

    def end(self, exchange: ExchangeId) -> Exchange | None:
        """Removes the exchange; ``None`` if it has ended already."""
        return self._under_way.pop(exchange, None)

    def finish(self, exchange: Exchange, now: float) -> None:
        """Records the rate and the time to first byte of an exchange that has ended properly."""
        self._idle[exchange.mirror] += not exchange.narrowed
        seconds = now - exchange.flowing_since
        if seconds > 0 and exchange.position > exchange.start:
            self._first_byte_seconds = min(self._first_byte_seconds, exchange.flowing_since - exchange.started_at)
            rates = self._rates.setdefault(exchange.mirror, deque(maxlen=REMEMBERED))
            rates.append((exchange.position - exchange.start) / seconds)

    @property
    def first_byte_seconds(self) -> float:
        """The shortest time to first byte of exchanges that are in transfer or have ended properly."""
        flowing = (exchange for exchange in self._under_way.values() if exchange.flowing)
        answers = (exchange.flowing_since - exchange.started_at for exchange in flowing)
        return min(self._first_byte_seconds, *answers, inf)

    def start_seconds(self, mirror: Mirror | None) -> float:
        """The time until one more request reaches the usual rate, which depends on an idle connection being open."""
        return self.first_byte_seconds * (1.0 if self._idle[mirror] else NEW_CONNECTION_ANSWERS)

    @property
    def flowing(self) -> int:
        """The number of bodies in transfer."""
        return sum(exchange.state is ExchangeState.FLOWING for exchange in self._under_way.values())

    @property
    def first_flowing(self) -> int:
        """The number of bodies in transfer from the first place."""
        return sum(exchange.flowing for exchange in self.of(None))

    @property
    def held(self) -> list[Exchange]:
        """The exchanges with an accepted body that waits for the part file or for a comparison."""
        return [exchange for exchange in self._under_way.values() if exchange.state is ExchangeState.HELD]

    def spend(self) -> None:
        """Marks all exchanges of a comparison that has ended, so that they don't count for the next one."""
        for exchange in self._under_way.values():
            if exchange.purpose is Purpose.COMPARE and exchange.mirror is None:
                exchange.spend()

    def over(self, span: Span) -> list[Exchange]:
        """The exchanges in transfer that bring bytes of ``span``."""
        return [
            exchange
            for exchange in self._under_way.values()
            if exchange.flowing and exchange.start < span.stop and (exchange.stop is None or exchange.stop > span.start)
        ]

    @property
    def walks(self) -> bool:
        """Whether one follows redirects from the origin to settle the target."""
        return bool(self._under_way) and any(
            exchange.from_origin and exchange.state is ExchangeState.ASKED for exchange in self.of(None)
        )

    def rests(self, purpose: Purpose) -> list[Span]:
        """The outstanding spans of a purpose. Comparisons count from their start, because blocks are compared whole."""
        return [
            exchange.rest if purpose is Purpose.FILL else exchange.asked
            for exchange in self._under_way.values()
            if exchange.purpose is purpose
        ]

    def flows(self, now: float) -> list[Flow]:
        """The state of the exchanges that transfer bytes to store."""
        flowing = (exchange for exchange in self._under_way.values() if exchange.flowing)
        return [exchange.flow(now) for exchange in flowing if exchange.purpose is Purpose.FILL]

    @property
    def places(self) -> set[Mirror | None]:
        """The places of all exchanges."""
        return {exchange.mirror for exchange in self._under_way.values()}

    def flows_of(self, mirror: Mirror | None, now: float) -> list[Flow]:
        """:meth:`flows` for one place."""
        own = (exchange for exchange in self.of(mirror) if exchange.flowing)
        return [exchange.flow(now) for exchange in own if exchange.purpose is Purpose.FILL]

    def typical_rate(self, mirror: Mirror | None, now: float) -> float:
        """The usual rate of a connection to one place in bytes per second; 0 if unknown."""
        return typical_rate(self.flows_of(mirror, now), self._rates.get(mirror, ()))

    def turn_to(self, mirror: Mirror) -> None:
        """Assigns a mirror's exchanges and statistics to the first place, which the mirror has become."""
        for exchange in self.of(mirror):
            exchange.belongs_to_first()
        self._idle[None] = self._idle.pop(mirror, 0)
        self._rates[None] = self._rates.pop(mirror, deque(maxlen=REMEMBERED))

    def skip(self, seconds: float) -> None:
        """Excludes a gap in which the process didn't run."""
        for exchange in self:
            exchange.skip(seconds)
