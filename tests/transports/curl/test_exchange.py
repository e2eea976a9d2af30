"""What one exchange does with libcurl's callbacks, in the moments that no server can be made to hit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pycurl
import pytest

from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeId, HeadArrived
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.transports.curl.buffers import MOST_SPARE_BUFFERS, Buffers
from anymatix_fetcher.transports.curl.exchange import GATHER_BYTES, CurlExchange
from tests.contracts.transport import MemorySink

if TYPE_CHECKING:
    from anymatix_fetcher.transports.base import TransportEvent

NAME = ExchangeId(1, 1)


@pytest.fixture
def events() -> list[TransportEvent]:
    return []


@pytest.fixture
def exchange(events: list[TransportEvent]) -> CurlExchange:
    """An exchange whose head, promising 10,000 bytes, has arrived."""
    exchange = CurlExchange(NAME, events.append, forwarded=False)
    for line in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 10000\r\n", b"\r\n"):
        assert exchange.on_header(line) is None
    assert isinstance(events.pop(), HeadArrived)
    return exchange


def test_small_pieces_wait_for_the_sink_together(exchange: CurlExchange, events: list[TransportEvent]) -> None:
    sink = MemorySink()
    exchange.accept(sink, 0, None)
    for piece in (b"one", b"two", b"three"):
        assert exchange.on_body(piece) is None
    assert (sink.calls, exchange.has_gathered, exchange.has_progress) == (0, True, False)
    exchange.flush()
    assert (sink.calls, bytes(sink.data), exchange.has_progress) == (1, b"onetwothree", True)
    exchange.report_progress()
    assert events == [BodyStored(NAME, Span(0, 11))]


def test_a_piece_that_does_not_fit_pushes_the_others_out(exchange: CurlExchange) -> None:
    sink = MemorySink()
    exchange.accept(sink, 0, None)
    exchange.on_body(b"a" * 100)
    exchange.on_body(b"b" * (GATHER_BYTES + 1))
    exchange.on_body(b"c")
    exchange.flush()
    assert bytes(sink.data) == b"a" * 100 + b"b" * (GATHER_BYTES + 1) + b"c"


@pytest.mark.parametrize("stop", [1, 60, 99])
def test_narrowing_cuts_what_is_gathered(exchange: CurlExchange, events: list[TransportEvent], stop: int) -> None:
    sink = MemorySink()
    exchange.accept(sink, 0, None)
    exchange.on_body(b"x" * 100)
    exchange.narrow(stop)
    assert bytes(sink.data) == b"x" * stop
    assert events == [BodyStored(NAME, Span(0, stop)), BodyEnded(NAME)]
    assert exchange.over


def test_a_body_nobody_has_accepted_is_held_back(exchange: CurlExchange, events: list[TransportEvent]) -> None:
    assert exchange.on_body(b"early") == pycurl.WRITEFUNC_PAUSE
    assert exchange.paused
    assert events == []


def test_a_dropped_exchange_takes_nothing_and_says_nothing(
    exchange: CurlExchange, events: list[TransportEvent]
) -> None:
    sink = MemorySink()
    exchange.accept(sink, 0, None)
    exchange.on_body(b"gathered")
    exchange.silence()
    assert exchange.on_body(b"late") == -1
    exchange.flush()
    exchange.report_progress()
    assert (sink.calls, events) == (0, [])


def test_whoever_waits_for_the_sink_stands_in_the_order_in_which_the_waiting_began(
    events: list[TransportEvent],
) -> None:
    gathering: dict[CurlExchange, None] = {}
    progressed: dict[CurlExchange, None] = {}
    first, second = (
        CurlExchange(ExchangeId(1, number), events.append, forwarded=False, gathering=gathering, progressed=progressed)
        for number in (1, 2)
    )
    for exchange in (first, second):
        exchange.accept(MemorySink(), 0, None)
        exchange.on_body(b"some")
    assert list(gathering) == [first, second]
    assert first.gathered_since <= second.gathered_since
    first.flush()
    first.on_body(b"more")
    assert list(gathering) == [second, first]
    assert list(progressed) == [first]
    first.silence()
    assert (list(gathering), list(progressed)) == ([second], [])


def test_an_exchange_that_is_over_leaves_its_buffer_to_the_next_one(events: list[TransportEvent]) -> None:
    buffers = Buffers()
    sinks = []
    for number, (content, stop) in enumerate([(b"first" * 20, 100), (b"second" * 10, 60)]):
        exchange = CurlExchange(ExchangeId(1, number), events.append, forwarded=False, buffers=buffers)
        sinks.append(MemorySink())
        exchange.accept(sinks[-1], 0, stop)
        exchange.on_body(content)
        exchange.finish(None)
        assert exchange.over
    assert [bytes(sink.data) for sink in sinks] == [b"first" * 20, b"second" * 10]
    spare = buffers.take(1)
    assert len(spare) == 100
    assert len(buffers.take(1)) == 1


def test_a_spare_buffer_that_is_too_small_stays_and_few_are_kept() -> None:
    buffers = Buffers()
    kept = [bytearray(10) for _ in range(MOST_SPARE_BUFFERS + 1)]
    for buffer in kept:
        buffers.give_back(buffer)
    assert len(buffers.take(11)) == 11
    taken = [buffers.take(10) for _ in kept]
    assert sum(any(one is buffer for buffer in kept) for one in taken) == MOST_SPARE_BUFFERS
