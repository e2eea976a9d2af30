"""What the transport contract's tests talk through: a sink in memory, and a conversation with one transport."""

from __future__ import annotations

import time
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import pytest

from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed, ExchangeId, HeadArrived
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.transports.base import NetworkSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.core.values.failures import Failure
    from anymatix_fetcher.transports.base import Transport, TransportEvent

PATIENCE_SECONDS = 15.0
QUIET_POLLS = 3

NO_PROXY = NetworkSettings(proxy="", user_agent="contract")

EventType = TypeVar("EventType", HeadArrived, BodyStored, BodyEnded, ExchangeFailed)


class MemorySink:
    """Keeps what it is given, by offset."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.calls = 0

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        self.calls += 1
        missing = offset + len(data) - len(self.data)
        if missing > 0:
            self.data.extend(bytes(missing))
        self.data[offset : offset + len(data)] = data

    def read(self, start: int, stop: int | None = None) -> bytes:
        return bytes(self.data[start:stop])


class RaisingSink:
    """Refuses what it is given."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        del offset, data
        raise self._error


class Conversation:
    """Drives one transport and keeps every event that it gave."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.events: list[TransportEvent] = []
        self._number = 0

    def start(
        self,
        url: str,
        span: Span | None = None,
        *,
        headers: Headers | None = None,
        fresh_connection: bool = False,
        http1_only: bool = False,
        parallel: bool = False,
        public_only: bool = False,
    ) -> ExchangeId:
        self._number += 1
        exchange = ExchangeId(1, self._number)
        request = Request(
            Url.parse(url),
            span,
            headers or Headers(),
            fresh_connection=fresh_connection,
            http1_only=http1_only,
            parallel=parallel,
            public_only=public_only,
        )
        self.transport.start(exchange, request)
        return exchange

    def of(self, exchange: ExchangeId) -> list[TransportEvent]:
        return [event for event in self.events if event.exchange == exchange]

    def poll(self, timeout_seconds: float = 0.05) -> None:
        self.events.extend(self.transport.poll(timeout_seconds))

    def poll_quietly(self) -> None:
        """Gives the transport the time to do what it shouldn't."""
        for _ in range(QUIET_POLLS):
            self.poll()

    def wait(self, exchange: ExchangeId, kind: type[EventType]) -> EventType:
        """The exchange's first event of that kind, polling until it is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for event in self.of(exchange):
                if isinstance(event, kind):
                    return event
                if isinstance(event, ExchangeFailed | BodyEnded):
                    pytest.fail(f"{event} instead of {kind.__name__}")
            self.poll(0.5)
        pytest.fail(f"no {kind.__name__} within {PATIENCE_SECONDS} s; there were {self.of(exchange)}")

    def head(self, exchange: ExchangeId) -> HeadArrived:
        return self.wait(exchange, HeadArrived)

    def failure(self, exchange: ExchangeId) -> Failure:
        return self.wait(exchange, ExchangeFailed).failure

    def store(self, exchange: ExchangeId, start: int = 0, stop: int | None = None) -> MemorySink:
        """Accepts the body once the head is there, and waits for its end."""
        self.head(exchange)
        sink = MemorySink()
        self.transport.accept(exchange, sink, start, stop)
        self.wait(exchange, BodyEnded)
        return sink

    def stored(self, exchange: ExchangeId) -> Span:
        """What the events say was stored, after checking that they leave no gap."""
        spans = [event.span for event in self.of(exchange) if isinstance(event, BodyStored)]
        assert all(spans), "an event without a byte"
        assert all(left.stop == right.start for left, right in pairwise(spans)), spans
        return Span(spans[0].start, spans[-1].stop) if spans else Span(0, 0)


class TransportContract:
    """Base of the contract's parts; a subclass says how to open its transport."""

    @pytest.fixture
    def open_transport(self) -> Callable[[NetworkSettings], Transport]:
        raise NotImplementedError

    @pytest.fixture
    def talk(self, open_transport: Callable[[NetworkSettings], Transport]) -> Iterator[Conversation]:
        """A conversation with a transport that goes straight to the origin."""
        with closing(open_transport(NO_PROXY)) as transport:
            yield Conversation(transport)
