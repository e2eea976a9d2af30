"""All exchanges under way of one download."""

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
"""What a new connection costs in handshakes and slow start, as so many times what an answer takes on an open one."""


class Exchanges:
    """The exchanges that the machine has begun and that haven't ended.

    Args:
        download: The download's number within its session; ids carry it, and none is used twice.
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
        """Each of them; they may be ended meanwhile."""
        return iter(list(self._under_way.values()))

    def of(self, mirror: Mirror | None) -> list[Exchange]:
        """Those that were sent to a mirror; with ``None`` those that were sent to the first place."""
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
        """A new exchange, under an id of its own."""
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
            mirror=mirror,
            led_by=led_by,
        )
        self._under_way[exchange.id] = exchange
        return exchange

    def get(self, exchange: ExchangeId) -> Exchange | None:
        """The exchange, unless it has ended: late events are normal."""
        return self._under_way.get(exchange)

    def end(self, exchange: ExchangeId) -> Exchange | None:
        """Takes it out; ``None`` where it has ended already."""
        return self._under_way.pop(exchange, None)

    def finish(self, exchange: Exchange, now: float) -> None:
        """Remembers how fast an exchange was that ended as it should, and how soon it was answered."""
        self._idle[exchange.mirror] += not exchange.narrowed
        seconds = now - exchange.flowing_since
        if seconds > 0 and exchange.position > exchange.start:
            self._first_byte_seconds = min(self._first_byte_seconds, exchange.flowing_since - exchange.started_at)
            rates = self._rates.setdefault(exchange.mirror, deque(maxlen=REMEMBERED))
            rates.append((exchange.position - exchange.start) / seconds)

    @property
    def first_byte_seconds(self) -> float:
        """The shortest time to first byte, from a request to its head, of those that flow or ended as they should."""
        flowing = (exchange for exchange in self._under_way.values() if exchange.flowing)
        answers = (exchange.flowing_since - exchange.started_at for exchange in flowing)
        return min(self._first_byte_seconds, *answers, inf)

    def start_seconds(self, mirror: Mirror | None) -> float:
        """How long one more takes until it flows as fast as the others: soon, where a connection is open and idle."""
        return self.first_byte_seconds * (1.0 if self._idle[mirror] else NEW_CONNECTION_ANSWERS)

    @property
    def flowing(self) -> int:
        """How many bodies are being stored or compared."""
        return sum(exchange.state is ExchangeState.FLOWING for exchange in self._under_way.values())

    @property
    def first_flowing(self) -> int:
        """How many of these come from the first place."""
        return sum(exchange.flowing for exchange in self.of(None))

    @property
    def held(self) -> list[Exchange]:
        """Those whose head is accepted and whose body waits: for the part file, or for blocks to be compared."""
        return [exchange for exchange in self._under_way.values() if exchange.state is ExchangeState.HELD]

    def spend(self) -> None:
        """A comparison has been concluded: what was begun for it says nothing to the next one."""
        for exchange in self._under_way.values():
            if exchange.purpose is Purpose.COMPARE and exchange.mirror is None:
                exchange.spend()

    def over(self, span: Span) -> list[Exchange]:
        """Those whose body is under way and goes over some of ``span``."""
        return [
            exchange
            for exchange in self._under_way.values()
            if exchange.flowing and exchange.start < span.stop and (exchange.stop is None or exchange.stop > span.start)
        ]

    @property
    def walks(self) -> bool:
        """Whether one is on its way from the origin to find out where the bytes are."""
        return bool(self._under_way) and any(
            exchange.from_origin and exchange.state is ExchangeState.ASKED for exchange in self.of(None)
        )

    def rests(self, purpose: Purpose) -> list[Span]:
        """What those of a purpose still have to bring; comparisons count from their start, since blocks are whole."""
        return [
            exchange.rest if purpose is Purpose.FILL else exchange.asked
            for exchange in self._under_way.values()
            if exchange.purpose is purpose
        ]

    def flows(self, now: float) -> list[Flow]:
        """What the flowing ones that fill still have to bring, and how fast."""
        flowing = (exchange for exchange in self._under_way.values() if exchange.flowing)
        return [exchange.flow(now) for exchange in flowing if exchange.purpose is Purpose.FILL]

    @property
    def places(self) -> set[Mirror | None]:
        """Where those that are under way were sent."""
        return {exchange.mirror for exchange in self._under_way.values()}

    def flows_of(self, mirror: Mirror | None, now: float) -> list[Flow]:
        """:meth:`flows` of one place."""
        own = (exchange for exchange in self.of(mirror) if exchange.flowing)
        return [exchange.flow(now) for exchange in own if exchange.purpose is Purpose.FILL]

    def typical_rate(self, mirror: Mirror | None, now: float) -> float:
        """What a connection to one place brings, in bytes a second; 0 if unknown."""
        return typical_rate(self.flows_of(mirror, now), self._rates.get(mirror, ()))

    def turn_to(self, mirror: Mirror) -> None:
        """A mirror takes the first place's part: what was sent to it was sent to the first place from now on."""
        for exchange in self.of(mirror):
            exchange.belongs_to_first()
        self._idle[None] = self._idle.pop(mirror, 0)
        self._rates[None] = self._rates.pop(mirror, deque(maxlen=REMEMBERED))

    def skip(self, seconds: float) -> None:
        """Excludes a gap in which the process didn't run."""
        for exchange in self:
            exchange.skip(seconds)
