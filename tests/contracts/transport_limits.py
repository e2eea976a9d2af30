"""The transport contract: our own limit on the rate, in sum over everything that shares it, and changed meanwhile."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.transports.limiter import RateLimiter
from tests.contracts.transport import NO_PROXY, Conversation, MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.transports.base import NetworkSettings, Transport

MEASURED_SECONDS = 2.0
TOLERANCE = 1.05
BUSY = 0.6
"""A busy machine may not get to its work; it never gets to more than it may."""


class CountingSink:
    """Counts the bytes, and keeps none."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        del offset
        self.count += len(data)


def flow(talks: list[Conversation], url: str, bodies: int) -> list[CountingSink]:
    """Has so many bodies flow in each conversation; what each one brings."""
    sinks = []
    for talk in talks:
        for exchange in [talk.start(url) for _ in range(bodies)]:
            talk.head(exchange)
            sinks.append(CountingSink())
            talk.transport.accept(exchange, sinks[-1], 0, None)
    return sinks


def rate_of(talks: list[Conversation], sinks: list[CountingSink], seconds: float = MEASURED_SECONDS) -> float:
    """Bytes a second over so long, from now on."""
    began, before = time.monotonic(), sum(sink.count for sink in sinks)
    while time.monotonic() - began < seconds:
        for talk in talks:
            talk.poll(0.02)
    return (sum(sink.count for sink in sinks) - before) / (time.monotonic() - began)


class LimitContract:
    @pytest.fixture
    def open_limited(self) -> Callable[[NetworkSettings, RateLimiter], Transport]:
        raise NotImplementedError

    @pytest.fixture
    def limited(
        self, open_limited: Callable[[NetworkSettings, RateLimiter], Transport]
    ) -> Iterator[Callable[[RateLimiter], Conversation]]:
        """Opens conversations with limited transports; all are closed at the end."""
        with ExitStack() as stack:
            yield lambda limiter: Conversation(stack.enter_context(closing(open_limited(NO_PROXY, limiter))))

    @pytest.fixture
    def origin(self) -> Iterator[Origin]:
        with Origin() as origin:
            origin.add("/large.bin", size="4GB")
            yield origin

    @pytest.mark.parametrize(
        ("rate", "connections"), [(20e6, 1), (20e6, 4), (20e6, 16), (300e3, 1), (300e3, 4), (300e3, 16)]
    )
    def test_the_sum_keeps_to_the_limit(
        self, limited: Callable[[RateLimiter], Conversation], origin: Origin, rate: float, connections: int
    ) -> None:
        talk = limited(RateLimiter(rate))
        measured = rate_of([talk], flow([talk], origin.url("/large.bin"), connections))
        assert BUSY * rate <= measured <= TOLERANCE * rate

    def test_every_body_gets_its_turn(self, limited: Callable[[RateLimiter], Conversation], origin: Origin) -> None:
        talk = limited(RateLimiter(2e6))
        sinks = flow([talk], origin.url("/large.bin"), 8)
        rate_of([talk], sinks)
        counts = [sink.count for sink in sinks]
        assert min(counts) > sum(counts) / len(counts) / 4

    def test_transports_share_a_limit(self, limited: Callable[[RateLimiter], Conversation], origin: Origin) -> None:
        limiter = RateLimiter(5e6)
        talks = [limited(limiter), limited(limiter)]
        sinks = flow(talks, origin.url("/large.bin"), 2)
        assert BUSY * 5e6 <= rate_of(talks, sinks) <= TOLERANCE * 5e6
        counts = [sink.count for sink in sinks]
        assert min(sum(counts[:2]), sum(counts[2:])) > sum(counts) / 8

    def test_the_limit_may_change_while_bodies_flow(
        self, limited: Callable[[RateLimiter], Conversation], origin: Origin
    ) -> None:
        limiter = RateLimiter(1000)
        talk = limited(limiter)
        sinks = flow([talk], origin.url("/large.bin"), 4)
        for rate in (10e6, 1e6, 20e6):
            limiter.bytes_per_second = rate
            assert limiter.bytes_per_second == rate
            rate_of([talk], sinks, 0.3)  # what was taken before, and gathered for the sink, gets there
            assert BUSY * rate <= rate_of([talk], sinks) <= TOLERANCE * rate
            assert limiter.binds
        limiter.bytes_per_second = None
        assert rate_of([talk], sinks, 0.5) > 25e6
        assert not limiter.binds

    def test_what_comes_slowly_comes_whole(
        self, limited: Callable[[RateLimiter], Conversation], origin: Origin
    ) -> None:
        file = origin.add("/small.bin", size=1_000_003)
        talk, sink = limited(RateLimiter(4e6)), MemorySink()
        spans = [Span(start, min(start + 130_000, file.size)) for start in range(0, file.size, 130_000)]
        exchanges = [talk.start(file.url, span) for span in spans]
        for exchange, span in zip(exchanges, spans, strict=True):
            talk.head(exchange)
            talk.transport.accept(exchange, sink, span.start, span.stop)
        for exchange, span in zip(exchanges, spans, strict=True):
            talk.wait(exchange, BodyEnded)
            assert talk.stored(exchange) == span
        assert bytes(sink.data) == file.read()

    def test_a_body_that_waits_can_be_narrowed_and_cancelled(
        self, limited: Callable[[RateLimiter], Conversation], origin: Origin
    ) -> None:
        limiter = RateLimiter(20_000)
        talk = limited(limiter)
        narrowed, cancelled = (talk.start(origin.url("/large.bin")) for _ in range(2))
        sinks = [CountingSink(), CountingSink()]
        for exchange, sink in zip((narrowed, cancelled), sinks, strict=True):
            talk.head(exchange)
            talk.transport.accept(exchange, sink, 0, None)
        talk.wait(narrowed, BodyStored)
        talk.transport.cancel(cancelled)
        count = sinks[1].count
        talk.transport.narrow(narrowed, 1)
        talk.wait(narrowed, BodyEnded)
        talk.poll_quietly()
        assert sinks[1].count == count

    def test_a_limit_that_is_lifted_lets_what_waits_go_on_at_once(
        self, limited: Callable[[RateLimiter], Conversation], origin: Origin
    ) -> None:
        file = origin.add("/small.bin", size=300_000)
        limiter = RateLimiter(1)
        talk, sink = limited(limiter), MemorySink()
        exchange = talk.start(file.url)
        talk.head(exchange)
        talk.transport.accept(exchange, sink, 0, None)
        talk.poll_quietly()
        limiter.bytes_per_second = None
        talk.wait(exchange, BodyEnded)
        assert bytes(sink.data) == file.read()
