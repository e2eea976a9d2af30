"""The accepted connections of an origin, one thread for each."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.testing.delivery import Delivery, reset
from anymatix_fetcher.testing.faults.connections import Banner, Deaf, Refuse
from anymatix_fetcher.testing.messages import parse_request

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from anymatix_fetcher.testing.faults.connections import ConnectionFault
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.service import Service

_HEAD_BYTES = 65536
_BODY_BYTES = 1 << 20
_JOIN_SECONDS = 5.0


class Connections:
    """The open connections of an origin.

    Args:
        service: Chooses faults and plans responses.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._open: dict[int, Connection] = {}
        self._accepted = 0

    def accept(self, listener: str, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Serves a connection, or resets it if a rule says so; called by one thread only."""
        self._accepted += 1
        connection = Connection(self._accepted, listener, sock, tls, self._service, self)
        faults = self._service.meet(connection)
        if any(isinstance(fault, Refuse) for fault in faults):
            self._service.book.connection_refused()
            reset(sock)
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._service.book.connection_opened()
        with self._lock:
            self._open[connection.number] = connection
        connection.start(faults)

    def rank(self, connection: Connection) -> int:
        """The connection's place among the open ones of its listener, by age, from 1."""
        with self._lock:
            others = list(self._open.values())
        older = [one for one in others if one.listener == connection.listener and one.number < connection.number]
        return 1 + sum(not one.peer_left() for one in older)

    def ended(self, connection: Connection) -> None:
        """Removes a closed connection."""
        self._service.buckets.forget(connection.number)
        self._service.book.connection_closed()
        with self._lock:
            self._open.pop(connection.number, None)

    def close(self) -> None:
        """Ends all connections and their threads."""
        with self._lock:
            connections = list(self._open.values())
        for connection in connections:
            connection.interrupt()
        for connection in connections:
            connection.join()


class Connection:
    """One accepted connection and its thread.

    Args:
        number: Counted from 1 over all listeners.
        listener: The listener that accepted it.
        sock: Its socket, still without TLS.
        tls: The server context for https; none for http.
        service: Chooses faults and plans responses.
        connections: All open connections.
    """

    def __init__(
        self,
        number: int,
        listener: str,
        sock: socket.socket,
        tls: ssl.SSLContext | None,
        service: Service,
        connections: Connections,
    ) -> None:
        self.number = number
        self.listener: str = listener
        self._sock = sock
        self._tls = tls
        self._service = service
        self._connections = connections
        self._faults: Sequence[ConnectionFault] = ()
        self._unread = b""
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"origin-connection-{number}")

    def start(self, faults: Sequence[ConnectionFault]) -> None:
        """Starts serving, with the faults chosen for the connection."""
        self._faults = faults
        self._thread.start()

    def rank(self) -> int:
        """Its place among the open ones of its listener, by age, from 1."""
        return self._connections.rank(self)

    def interrupt(self) -> None:
        """Ends the thread's blocking calls on the socket."""
        with contextlib.suppress(OSError):
            # Not the TLS socket's own method, which would change its state while the thread uses it.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def join(self) -> None:
        """Waits for the end of its thread."""
        self._thread.join(_JOIN_SECONDS)

    def peer_left(self) -> bool:
        """Whether the client has closed its side, even if the thread hasn't noticed yet."""
        if not hasattr(socket, "MSG_DONTWAIT"):
            return False
        try:
            return socket.socket.recv(self._sock, 1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _run(self) -> None:
        try:
            # The client or the origin may close the connection at any time.
            with contextlib.suppress(OSError):
                self._serve()
        finally:
            self._sock.close()
            self._connections.ended(self)

    def _serve(self) -> None:
        service = self._service
        if service.closing.is_set():
            return
        if any(isinstance(fault, Deaf) for fault in self._faults):
            # Nothing is read, so the connection lasts until the origin closes.
            service.closing.wait()
            return
        banner = next((fault for fault in self._faults if isinstance(fault, Banner)), None)
        if banner is not None:
            self._sock.sendall(banner.text.encode() + b"\r\n")
            return
        if self._tls is not None:
            wrapped = self._tls.wrap_socket(self._sock, server_side=True, do_handshake_on_connect=False)
            self._sock = wrapped
            wrapped.do_handshake()
        delivery = Delivery(self._sock, self.number, service.closing, service.buckets, service.book)
        going = True
        while going:
            request = self._read_request()
            going = request is not None and self._answer(request, delivery)

    def _answer(self, request: Request, delivery: Delivery) -> bool:
        """Answers a request and returns whether the connection stays open."""
        exchange = self._service.exchange(request, self)
        try:
            return delivery.send(exchange.plan, exchange.path)
        finally:
            if exchange.counted:
                self._service.book.answer_ended()

    def _read_request(self) -> Request | None:
        """The next request; none at the end of the connection."""
        while b"\r\n\r\n" not in self._unread:
            received = self._sock.recv(65536)
            if not received:
                return None
            self._unread += received
            if len(self._unread) > _HEAD_BYTES:
                self._sock.sendall(b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n")
                return None
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        try:
            request = parse_request(head)
        except ValueError:
            self._sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return None
        return replace(request, body=self._read_body(request))

    def _read_body(self, request: Request) -> bytes:
        """The body of a request such as a POST; empty if it is too long."""
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _BODY_BYTES:
            return b""
        while len(self._unread) < int(length):
            received = self._sock.recv(65536)
            if not received:
                break
            self._unread += received
        body, self._unread = self._unread[: int(length)], self._unread[int(length) :]
        return body
