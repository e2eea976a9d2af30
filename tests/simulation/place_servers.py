"""The servers of simulated places: who is let in, when a head comes, and what each body brings meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.spans import Span
from tests.simulation.lines import NOISE_SECONDS
from tests.simulation.places import Fate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.values.messages import ExchangeId
    from tests.simulation.places import SimulatedPlace

NOISES_SECONDS = 120.0


@dataclass(slots=True, eq=False)
class Connection:
    """One connection: when its handshakes are done, and when its first byte came."""

    ready_at: float
    first_byte_at: float | None = None


@dataclass(slots=True, eq=False)
class Body:
    """One exchange at a place, and how far its body has come."""

    exchange: ExchangeId
    server: PlaceServer
    connection: Connection | None
    position: float = 0.0
    told: int = 0
    stop: int = 0
    rate: float = 0.0
    flows: bool = False
    compares: bool = False
    narrowed: bool = False

    def accept(self, start: int, stop: int, now: float, *, compares: bool) -> None:
        """The body may flow."""
        self.position, self.told, self.stop = float(start), start, stop
        self.flows, self.compares = True, compares
        if self.connection is not None and self.connection.first_byte_at is None:
            self.connection.first_byte_at = now

    def untold(self) -> Span:
        """What has come since the last call."""
        came = min(self.stop, int(self.position + 1e-3))
        span = Span(self.told, max(self.told, came))
        self.told = span.stop
        return span

    @property
    def is_done(self) -> bool:
        """Whether it has brought everything."""
        return self.flows and self.position >= self.stop - 1e-3

    @property
    def seconds_left(self) -> float:
        """When it will be done at its present rate."""
        return max(0.0, self.stop - self.position) / self.rate if self.flows and self.rate > 0 else inf


@dataclass(slots=True)
class Reply:
    """What a request gets: a head after some seconds, a failure (no head), or nothing at all (``inf``)."""

    seconds: float
    head: ResponseHead | None = None


@dataclass(slots=True, eq=False)
class PlaceServer:
    """The server of one place.

    Args:
        place: How it behaves.
        number: Its number in the pool.
        length: Bytes of the file as it has it.
    """

    place: SimulatedPlace
    number: int
    length: int
    bodies: dict[ExchangeId, Body] = field(default_factory=dict)
    peak: int = 0
    idle: list[Connection] = field(default_factory=list)
    _noises: list[float] = field(default_factory=list)
    _lingering: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._noises = self.place.line.noises(NOISES_SECONDS)

    def ask(self, exchange: ExchangeId, span: Span | None, now: float, *, fresh: bool) -> Reply:
        """A request arrives."""
        line, place = self.place.line, self.place
        if not place.alive(now):
            return Reply(line.round_trip if place.fate is Fate.DIES else inf)
        if place.fate is Fate.REFUSES:
            return Reply(line.handshakes * line.round_trip, self._status())
        self._lingering = [until for until in self._lingering if until > now]
        if len(self.bodies) + len(self._lingering) >= line.limit:
            return Reply(line.refusal_round_trips * line.round_trip, self._status())
        connection = self.idle.pop(0) if self.idle and not fresh else None
        if connection is None:
            connection = Connection(now + (line.handshakes - 1) * line.round_trip)
        self.bodies[exchange] = Body(exchange, self, connection)
        self.peak = max(self.peak, len(self.bodies))
        seconds = max(0.0, connection.ready_at - now) + line.round_trip
        return Reply(seconds, self._whole() if span is None else self._partial(span))

    def _status(self) -> ResponseHead:
        wait = self.place.retry_after
        fields = () if wait is None else (("Retry-After", str(wait)),)
        return ResponseHead(self.place.status, Headers(fields))

    def _whole(self) -> ResponseHead:
        return ResponseHead(200, Headers((("Content-Length", str(self.length)), ("ETag", f'"{self.number}"'))))

    def _partial(self, span: Span) -> ResponseHead:
        stop = min(span.stop, self.length)
        if span.start >= self.length:
            return ResponseHead(416, Headers.of(content_range=f"bytes */{self.length}"))
        label = f"bytes {span.start}-{stop - 1}/{self.length}"
        return ResponseHead(206, Headers((("Content-Range", label), ("ETag", f'"{self.number}"'))))

    def open_ahead(self, count: int, now: float) -> None:
        """So many connections shake hands meanwhile."""
        ready_at = now + (self.place.line.handshakes - 1) * self.place.line.round_trip
        self.idle += [Connection(ready_at) for _ in range(count)]

    def end(self, exchange: ExchangeId, now: float, *, is_whole: bool) -> None:
        """An exchange is over: what has brought all that it was asked for leaves its connection to another one."""
        body = self.bodies.pop(exchange, None)
        if body is None or body.connection is None:
            return
        if is_whole and not body.narrowed:
            self.idle.append(body.connection)
        elif self.place.line.lingering:
            self._lingering.append(now + self.place.line.lingering)

    def share(self, now: float) -> None:
        """What each body brings from now on, in bytes a second."""
        flowing = [body for body in self.bodies.values() if body.flows]
        if not flowing or not self.place.alive(now):
            for body in flowing:
                body.rate = 0.0
            return
        line = self.place.line
        could = [line.one(now - (body.connection.first_byte_at or now)) if body.connection else 0.0 for body in flowing]
        noise = self._noises[min(int(now / NOISE_SECONDS), len(self._noises) - 1)]
        part = min(1.0, line.shared(len(flowing), now) / max(sum(could), 1e-9)) * noise
        for body, own in zip(flowing, could, strict=True):
            body.rate = own * part

    def flowing(self) -> Iterator[Body]:
        """The bodies under way."""
        return (body for body in list(self.bodies.values()) if body.flows)
