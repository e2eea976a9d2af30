"""Both transports bound the receive windows of their connections, where the system lets them."""

from __future__ import annotations

import socket
import sys
from contextlib import closing
from math import inf
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.pace.windows import ENOUGH
from anymatix_fetcher.core.values.messages import ExchangeId
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.transports.curl.transport import CurlTransport
from anymatix_fetcher.transports.receive_windows import EVERY_SECONDS, ReceiveWindows, ReceivingSocket
from anymatix_fetcher.transports.threads.transport import ThreadsTransport
from tests.contracts.transport import NO_PROXY, Conversation, MemorySink
from tests.servers.scripted import ReadRequest, ScriptedServer, Send, UntilClosed

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a program bound these windows")

FIRST, SECOND = ExchangeId(1, 1), ExchangeId(1, 2)
HALF_A_BODY = (
    b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1999/2000\r\nContent-Length: 2000\r\n\r\n" + b"x" * 1000
)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        with ours, theirs:
            yield ours, theirs


def window_of(connection: socket.socket) -> int:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP)


def test_a_connection_among_others_gets_its_share(pair: tuple[socket.socket, socket.socket]) -> None:
    windows = ReceiveWindows()
    windows.share([ReceivingSocket(FIRST, pair[0].fileno(), 0), ReceivingSocket(SECOND, pair[1].fileno(), 0)], 10.0)
    assert [window_of(one) for one in pair] == [ENOUGH // 2] * 2
    windows.share([ReceivingSocket(FIRST, pair[0].fileno(), 0)], 11.0)
    assert window_of(pair[0]) == ENOUGH


def test_what_the_line_was_seen_to_carry_counts(pair: tuple[socket.socket, socket.socket]) -> None:
    windows = ReceiveWindows()
    for second in range(3):  # so much that it counts over the round trip of a loopback, too
        windows.share([ReceivingSocket(FIRST, pair[0].fileno(), second * 10**14)], float(second))
    assert window_of(pair[0]) > ENOUGH


def test_it_is_due_ten_times_a_second() -> None:
    windows = ReceiveWindows()
    assert windows.due_at < 0.0
    windows.share([], 5.0)
    assert windows.due_at == 5.0 + EVERY_SECONDS


def test_elsewhere_it_is_never_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert ReceiveWindows().due_at == inf


def test_a_closed_socket_and_one_that_is_no_tcp_socket_are_let_be() -> None:
    here, there = socket.socketpair()
    with here, there:
        ReceiveWindows().share([ReceivingSocket(FIRST, -1, 0), ReceivingSocket(SECOND, here.fileno(), 0)], 1.0)
        assert here.fileno() >= 0
        here.send(b"x")  # it was only borrowed


@pytest.mark.parametrize("opened", [CurlTransport, ThreadsTransport])
def test_a_transport_bounds_the_windows_of_the_bodies_under_way(
    opened: type[CurlTransport | ThreadsTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, list[int]]] = []
    share = ReceiveWindows.share

    def observed(self: ReceiveWindows, flows: list[ReceivingSocket], now: float) -> None:
        share(self, flows, now)
        bounds = []
        for flow in flows:
            borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=flow.descriptor)
            bounds.append(window_of(borrowed))
            borrowed.detach()
        seen.append((sum(flow.received for flow in flows), bounds))

    monkeypatch.setattr(ReceiveWindows, "share", observed)
    script = [ReadRequest(), Send(HALF_A_BODY), UntilClosed()]
    with ScriptedServer(script, script) as server, closing(opened(NO_PROXY)) as transport:
        talk = Conversation(transport)
        exchanges = [talk.start(server.url("/model"), Span(0, 2000)) for _ in range(2)]
        for exchange in exchanges:
            talk.head(exchange)
            transport.accept(exchange, MemorySink(), 0, 2000)
        for _ in range(100):
            talk.poll()
            if seen and seen[-1][0] == 2000:
                break
        for exchange in exchanges:
            transport.cancel(exchange)
    assert seen[-1] == (2000, [ENOUGH // 2] * 2)
