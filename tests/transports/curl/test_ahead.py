"""Connections that are opened ahead: who gets one, which aren't handed out, and when they go."""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pycurl
import pytest

from anymatix_fetcher.core.values.http import Request
from anymatix_fetcher.core.values.messages import BodyEnded, ExchangeId
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.transports.base import AHEAD_SECONDS
from anymatix_fetcher.transports.curl.ahead import ConnectionsAhead
from anymatix_fetcher.transports.curl.transport import CurlTransport
from tests.contracts.transport import NO_PROXY, Conversation, MemorySink
from tests.servers.scripted import ReadRequest, ScriptedServer, Send, UntilClosed, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.core.values.urls import Origin
    from tests.servers.tls_material import TlsMaterial

ORIGIN = Url.parse("http://models.example/file").origin
OTHER = Url.parse("http://other.example/file").origin


class Handle:
    """As much of libcurl's easy handle as is set here."""

    def __init__(self) -> None:
        self.options: dict[int, Any] = {}

    def setopt(self, option: int, value: object) -> None:
        self.options[option] = value


class Peer:
    """A listener, one connection to it that is in use, and the connections opened ahead."""

    def __init__(self, backlog: int = 16) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.address = self._listener.getsockname()
        self._used = socket.create_connection(self.address)
        self._accepted = [self._listener.accept()[0]]
        self.ahead = ConnectionsAhead()

    def open(self, count: int, now: float = 0.0) -> None:
        self.ahead.open(ORIGIN, count, self._used.fileno(), now)

    def accept(self) -> socket.socket:
        self._listener.settimeout(10)
        accepted = self._listener.accept()[0]
        accepted.settimeout(10)
        self._accepted.append(accepted)
        return accepted

    def stop_listening(self) -> None:
        self._listener.close()

    def take(self, *, port: int | None = None) -> tuple[bool, object]:
        """Whether a handle's new connection is one that waited, and its local address, as libcurl would get to know."""
        handle = Handle()
        self.ahead.offer(handle, ORIGIN)
        if not handle.options:
            return False, None
        address = (self.address[0], port or self.address[1])
        wanted = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, address)
        given = handle.options[pycurl.OPENSOCKETFUNCTION](pycurl.SOCKTYPE_IPCXN, wanted)
        duplicate = os.dup(given.fileno())  # inheritable, as pycurl makes it
        os.set_inheritable(duplicate, True)  # noqa: FBT003 - positional only
        told = handle.options[pycurl.SOCKOPTFUNCTION](duplicate, pycurl.SOCKTYPE_IPCXN)
        assert given.fileno() == -1
        assert not os.get_inheritable(duplicate)
        with socket.socket(fileno=duplicate) as mine:
            return told == pycurl.SOCKOPT_ALREADY_CONNECTED, mine.getsockname()

    def close(self) -> None:
        self.ahead.close()
        for one in (self._listener, self._used, *self._accepted):
            one.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with closing(Peer()) as peer:
        yield peer


def test_new_connections_are_those_that_wait_until_there_are_none(peer: Peer) -> None:
    peer.open(2)
    waiting = [peer.accept().getpeername() for _ in range(2)]

    assert [peer.take() for _ in range(2)] == [(True, address) for address in waiting]
    assert peer.take() == (False, None)


def test_a_handle_for_another_origin_stays_as_it_is(peer: Peer) -> None:
    peer.open(1)
    handle = Handle()

    peer.ahead.offer(handle, OTHER)

    assert not handle.options


def test_none_is_handed_out_for_another_address(peer: Peer) -> None:
    peer.open(1)
    peer.accept()

    assert peer.take(port=1)[0] is False
    assert peer.take()[0] is True


@pytest.mark.parametrize("what", [b"", b"too early"])
def test_one_that_has_ended_or_spoken_meanwhile_is_closed_instead(peer: Peer, what: bytes) -> None:
    peer.open(1)
    accepted = peer.accept()
    if what:
        accepted.sendall(what)
    else:
        accepted.close()

    assert peer.take()[0] is False
    assert peer.take() == (False, None)


def test_one_that_was_refused_is_closed_instead(peer: Peer) -> None:
    peer.open(1)
    peer.accept()
    peer.stop_listening()
    peer.open(1)

    assert peer.take()[0] is True
    assert peer.take()[0] is False
    assert peer.take() == (False, None)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue of connections refuses or lets in")
def test_one_that_is_still_shaking_hands_waits_on() -> None:
    with closing(Peer(backlog=0)) as peer:
        peer.open(4)

        taken = 0
        while peer.take()[0]:
            taken += 1

        assert taken < 4
        assert peer.take() != (False, None)


def test_those_that_nobody_has_used_are_closed_after_a_while(peer: Peer) -> None:
    peer.open(1, now=100.0)
    first = peer.accept()
    peer.open(1, now=103.0)
    second = peer.accept()

    peer.ahead.close_old(100.0 + AHEAD_SECONDS)

    assert first.recv(1) == b""
    assert peer.take() == (True, second.getpeername())


def test_closing_closes_all(peer: Peer) -> None:
    peer.open(2)
    accepted = [peer.accept() for _ in range(2)]

    peer.ahead.close()

    assert [one.recv(1) for one in accepted] == [b"", b""]
    assert peer.take() == (False, None)


def test_where_no_socket_can_be_had_there_are_fewer(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise OSError(24, "too many open files")

    peer.open(1)
    handle = Handle()
    peer.ahead.offer(handle, ORIGIN)
    with monkeypatch.context() as patch:
        patch.setattr(socket, "socket", refuse)
        peer.open(3)
        wanted = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, ("127.0.0.1", 1))
        assert handle.options[pycurl.OPENSOCKETFUNCTION](0, wanted) == pycurl.SOCKET_BAD

    assert peer.take()[0] is True
    assert peer.take() == (False, None)


def test_a_connection_that_is_gone_leads_nowhere(peer: Peer) -> None:
    peer.ahead.open(ORIGIN, 1, -1, 0.0)

    assert peer.take() == (False, None)


@pytest.mark.parametrize("secure", [False, True])
def test_what_starts_next_goes_over_them(tls_material: TlsMaterial, *, secure: bool) -> None:
    body = answer(b"one", length=4)
    tls = tls_material.server_context() if secure else None
    with (
        ScriptedServer([ReadRequest(), Send(body), UntilClosed()], tls=tls) as server,
        closing(CurlTransport(replace(NO_PROXY, ca_file=tls_material.authority))) as transport,
    ):
        talk = Conversation(transport)
        origin = _flowing(talk, server)
        transport.open_ahead(origin, 3)
        _until(talk, lambda: server.connections == 4)
        for _ in range(3):
            _flowing(talk, server)

        assert server.connections == 4
        _flowing(talk, server)
        assert server.connections == 5


def test_bodies_that_come_through_a_proxy_have_nothing_opened_ahead() -> None:
    with (
        ScriptedServer([ReadRequest(), Send(answer(b"one", length=4)), UntilClosed()]) as proxy,
        closing(CurlTransport(replace(NO_PROXY, proxy=proxy.url("")))) as transport,
    ):
        talk = Conversation(transport)
        exchange = talk.start("http://models.example/file")
        talk.head(exchange)
        transport.accept(exchange, MemorySink(), 0, None)
        transport.open_ahead(ORIGIN, 3)
        talk.poll_quietly()

        assert proxy.connections == 1


def test_a_lane_takes_none_of_them() -> None:
    with (
        ScriptedServer([ReadRequest(), Send(answer(b"one", length=4)), UntilClosed()]) as server,
        closing(CurlTransport(NO_PROXY)) as transport,
    ):
        talk = Conversation(transport)
        transport.open_ahead(_flowing(talk, server), 1)
        _until(talk, lambda: server.connections == 2)
        exchange = ExchangeId(2, 1)
        transport.start(exchange, Request(Url.parse(server.url()), shared_connection=1))
        talk.head(exchange)

        assert server.connections == 3


def _flowing(talk: Conversation, server: ScriptedServer) -> Origin:
    """Begins an exchange whose body doesn't end, and gives its origin."""
    url = server.url()
    exchange = talk.start(url)
    talk.head(exchange)
    talk.transport.accept(exchange, MemorySink(), 0, None)
    assert not any(isinstance(event, BodyEnded) for event in talk.of(exchange))
    return Url.parse(url).origin


def _until(talk: Conversation, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        talk.poll(0.01)
    assert holds()
