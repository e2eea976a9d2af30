"""A server that does on each connection exactly what its script says, byte for byte, and remembers what it was sent."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from types import TracebackType

_PATIENCE_SECONDS = 20.0
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Step:
    """Something that a script may do."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ReadRequest(Step):
    """Waits for one request's head."""


@dataclass(frozen=True, slots=True)
class Send(Step):
    """Sends these bytes."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WaitFor(Step):
    """Goes on when the test sets the event."""

    event: threading.Event


@dataclass(frozen=True, slots=True)
class UntilClosed(Step):
    """Sends nothing more, and waits for the client to close."""


@dataclass(frozen=True, slots=True)
class Close(Step):
    """Closes in order: over TLS with close_notify."""


@dataclass(frozen=True, slots=True)
class CloseWithoutNotice(Step):
    """Ends TCP without TLS's close_notify."""


@dataclass(frozen=True, slots=True)
class Reset(Step):
    """Ends TCP with RST."""


class ScriptedServer:
    """Plays one script for each connection, in the order of connections; further ones play the last script again.

    Args:
        scripts: What to do on the first, second, ... connection.
        tls: Where given, connections speak TLS.

    Attributes:
        requests: Every request's head that was read, in order.
        connections: How many connections there were.
    """

    def __init__(self, *scripts: Sequence[Step], tls: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def url(self, target: str = "/file") -> str:
        """The address of ``target`` on this server."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}{target}"

    def __enter__(self) -> Self:
        self._spawn(self._listen)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                # SSLSocket's own shutdown would take TLS away from under a script that is about to close in order.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(_PATIENCE_SECONDS)

    def join(self, number: int) -> None:
        """Waits until the script of that connection, counted from 0, has been played."""
        self._threads[1 + number].join(_PATIENCE_SECONDS)

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            self._open.add(connection)
            self._spawn(self._serve, connection, script)

    def _serve(self, connection: socket.socket, script: Sequence[Step]) -> None:
        connection.settimeout(_PATIENCE_SECONDS)
        raw = connection
        # A client that goes away in the middle of a script is what many tests are about.
        with suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(raw, server_side=True)
                self._open.discard(raw)
                self._open.add(connection)
            for step in script:
                self._play(connection, step)
        self._open.discard(connection)
        self._open.discard(raw)
        connection.close()
        raw.close()

    def _play(self, connection: socket.socket, step: Step) -> None:
        match step:
            case ReadRequest():
                self.requests.append(_read_head(connection))
            case Send(data):
                connection.sendall(data)
            case WaitFor(event):
                event.wait(_PATIENCE_SECONDS)
            case UntilClosed():
                while connection.recv(65536):
                    pass
            case Close():
                if self._tls is not None:
                    connection.unwrap()  # type: ignore[attr-defined]
                connection.close()
            case CloseWithoutNotice():
                connection.shutdown(socket.SHUT_WR)
            case Reset():
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
                connection.close()


def _read_head(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("the client closed before its request was complete")
        head += piece
    return head


def answer(body: bytes = b"", *fields: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A response with ``Content-Length``: the body's own, or another one."""
    declared = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {declared}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body
