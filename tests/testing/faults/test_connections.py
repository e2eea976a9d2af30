"""Connections that are refused, deaf or too many, and requests that are too many."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from tests.testing.wire import Client, fetch, is_reset

if TYPE_CHECKING:
    from anymatix_fetcher.testing import File, Origin


def test_connections_are_refused_deaf_or_greet_strangely(origin: Origin, file: File) -> None:
    origin.script("refuse:connection=1", "deaf:connection=2", "banner:connection=3")
    assert is_reset(file.url)
    assert fetch(file.url, silence_seconds=0.1).end == "silence"
    with Client(file.url) as client:
        assert client.rest()[0] == b"SSH-2.0-OpenSSH_9.6\r\n"
    assert fetch(file.url, span=(0, 5)).body == file.read(0, 5)
    assert origin.ledger().refused_connections == 1


def test_connections_beyond_a_limit_are_refused(origin: Origin, file: File) -> None:
    origin.script("refuse:connections_above=2")
    with Client(file.url) as one, Client(file.url) as two:
        assert one.ask("/m.bin", span=(0, 5)).status == two.ask("/m.bin", span=(0, 5)).status == 206
        assert is_reset(file.url)
        one.sock.close()
        assert fetch(file.url, span=(0, 5)).status == 206
    assert origin.ledger().peak_connections >= 2


def test_requests_over_connections_beyond_a_limit_are_answered_429(origin: Origin, file: File) -> None:
    origin.script("status:code=429,retry_after=7,connections_above=1")
    with Client(file.url) as one, Client(file.url) as two:
        assert one.ask("/m.bin", span=(0, 5)).status == 206
        reply = two.ask("/m.bin", span=(0, 5))
        assert (reply.status, reply.headers["retry-after"]) == (429, "7")
        assert one.ask("/m.bin", span=(0, 5)).status == 206


def test_concurrent_requests_beyond_a_limit_are_answered_503(origin: Origin, file: File) -> None:
    origin.script("status:code=503,requests_above=1", "trickle:rate=100,request=1")
    with Client(file.url) as slow:
        slow.sock.sendall(b"GET /m.bin HTTP/1.1\r\n\r\n")
        slow.sock.recv(1)
        assert [fetch(file.url).status for _ in range(3)] == [503, 503, 503]
    assert origin.ledger().peak_requests == 1


def test_a_client_that_leaves_ends_its_thread(origin: Origin, file: File) -> None:
    origin.script("silence:after=10")
    with Client(file.url) as client:
        client.sock.sendall(b"GET /m.bin HTTP/1.1\r\n\r\n")
        client.sock.recv(1)
        client.sock.shutdown(socket.SHUT_RDWR)
    deadline = time.monotonic() + 5
    while origin.ledger().open_connections and time.monotonic() < deadline:
        time.sleep(0.005)
    assert origin.ledger().open_connections == 0
