"""What the machine makes of our own limit: nobody is blamed for it, and more connections aren't tried."""

from __future__ import annotations

from anymatix_fetcher.core.machine.download import Download
from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.hosts import Host, Hosts
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url

LENGTH = 1 << 32
LONG_SECONDS = 300.0
TICK_SECONDS = 0.03125


class Peer:
    """A download, and a server that brings so many bytes over each connection in every tick."""

    def __init__(self) -> None:
        url = Url.parse("https://example.org/m.bin")
        self.download = Download(Resource(url), Host(url.origin, Pace(), Hosts()).join(), random=lambda: 0.5)
        self.now = 0.0
        self.started = 0
        self.cancelled = 0
        self.spans: dict[m.ExchangeId, Span] = {}
        self.receive(m.Begin(storage_is_open=True))

    def receive(self, event: m.Event) -> None:
        for command in self.download.receive(event, self.now):
            if isinstance(command, m.StartExchange):
                self.started += 1
                assert command.request.span is not None
                self.answer(command.exchange, command.request.span)
            elif isinstance(command, m.CancelExchange):
                self.cancelled += 1
                self.spans.pop(command.exchange, None)
            elif isinstance(command, m.NarrowBody):
                self.spans[command.exchange] = Span(self.spans[command.exchange].start, command.stop)

    def answer(self, exchange: m.ExchangeId, span: Span) -> None:
        fields = (
            ("Content-Range", f"bytes {span.start}-{span.stop - 1}/{LENGTH}"),
            ("Content-Length", str(len(span))),
            ("ETag", '"x"'),
        )
        self.spans[exchange] = span
        self.receive(m.HeadArrived(exchange, ResponseHead(206, Headers(fields), "1.1")))

    def bring(self, exchange: m.ExchangeId, count: int) -> None:
        span = self.spans[exchange]
        piece = Span(span.start, min(span.start + count, span.stop))
        self.spans[exchange] = Span(piece.stop, span.stop)
        self.receive(m.BodyStored(exchange, piece))
        if piece.stop == span.stop:
            del self.spans[exchange]
            self.receive(m.BodyEnded(exchange))

    def pass_time(self, seconds: float, *, limited: bool, bytes_a_tick: int = 0) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += TICK_SECONDS
            for exchange in list(self.spans):
                if bytes_a_tick and exchange in self.spans:
                    self.bring(exchange, bytes_a_tick)
            self.receive(m.Tick(limited=limited))


def test_a_body_that_the_limit_holds_back_is_neither_silent_nor_dripping() -> None:
    peer = Peer()
    peer.pass_time(LONG_SECONDS, limited=True)
    assert (peer.started, peer.cancelled) == (1, 0)
    peer.pass_time(LONG_SECONDS, limited=True, bytes_a_tick=10)
    assert (peer.started, peer.cancelled) == (1, 0)


def test_a_silent_body_is_replaced_as_soon_as_the_limit_has_not_bound_for_a_while() -> None:
    peer = Peer()
    peer.pass_time(LONG_SECONDS, limited=True)
    peer.pass_time(19.0, limited=False)
    assert peer.cancelled == 0
    peer.pass_time(2.0, limited=False)
    assert peer.cancelled == 1


def test_no_connection_is_added_while_the_limit_binds() -> None:
    peer = Peer()
    peer.receive(m.Tick(limited=True))
    peer.pass_time(60.0, limited=True, bytes_a_tick=1 << 14)
    assert peer.download.flowing == 1
    peer.pass_time(10.0, limited=False, bytes_a_tick=1 << 14)
    assert peer.download.flowing > 1
    flowing = peer.download.flowing
    peer.pass_time(60.0, limited=True, bytes_a_tick=1 << 14)
    assert peer.download.flowing == flowing
