"""Small proxies that remember what they were asked: HTTP (forwarding and CONNECT, plain or in TLS) and SOCKS5."""

from __future__ import annotations

import base64
import select
import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

_PATIENCE_SECONDS = 20.0

_SOCKS_VERSION = 5
_USER_AND_PASSWORD = 2
_NO_METHOD = 255
_IPV4, _DOMAIN_NAME = 1, 3


class _Proxy:
    """Accepts connections, and serves each on a thread until either side closes."""

    scheme = ""

    def __init__(self, *, user: str = "", password: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.user, self.password = user, password
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]

    def url(self, credentials: str = "") -> str:
        """The proxy's address, with ``user:password`` where given."""
        return f"{self.scheme}://{credentials + '@' if credentials else ''}127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._spawn(self._listen)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(_PATIENCE_SECONDS)

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.settimeout(_PATIENCE_SECONDS)
            self._spawn(self._guarded, client)

    def _guarded(self, client: socket.socket) -> None:
        with suppress(OSError):
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            self._open.append(client)
            self._serve(client)
        client.close()

    def _serve(self, client: socket.socket) -> None:
        raise NotImplementedError

    def _relay(self, client: socket.socket, address: tuple[str, int], first: bytes = b"") -> None:
        with socket.create_connection(address, timeout=_PATIENCE_SECONDS) as origin:
            self._open.append(origin)
            origin.sendall(first)
            pairs = {client: origin, origin: client}
            while True:
                readable, _, _ = select.select(list(pairs), [], [], _PATIENCE_SECONDS)
                for side in readable or [client]:
                    piece = side.recv(65536) if readable else b""
                    if not piece:
                        return
                    pairs[side].sendall(piece)


class HttpProxy(_Proxy):
    """Forwards ``GET http://...`` and tunnels CONNECT, for the right Basic credentials where some are set.

    Args:
        refusal: A status line's end with which every CONNECT is refused.

    Attributes:
        heads: Each request's head that the proxy could read, in order.
    """

    def __init__(
        self, *, user: str = "", password: str = "", tls: ssl.SSLContext | None = None, refusal: str = ""
    ) -> None:
        super().__init__(user=user, password=password, tls=tls)
        self.scheme = "https" if tls else "http"
        self._refusal = refusal
        self.heads: list[bytes] = []

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = client.recv(65536)
            if not piece:
                return
            head += piece
        self.heads.append(head)
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if not self._admits(head):
            client.sendall(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
        elif method != "CONNECT":
            parts = urlsplit(target)
            kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"proxy-")]
            origin_form = target.partition("://")[2].partition("/")[2]
            kept[0] = f"{method} /{origin_form} HTTP/1.1".encode()
            self._relay(client, (parts.hostname or "", parts.port or 80), b"\r\n".join(kept))
        elif self._refusal:
            client.sendall(f"HTTP/1.1 {self._refusal}\r\nContent-Length: 6\r\n\r\nsecret".encode())
        else:
            host, _, port = target.rpartition(":")
            client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: field\r\n\r\n")
            self._relay(client, ("127.0.0.1" if host.endswith(".test") else host, int(port)))

    def _admits(self, head: bytes) -> bool:
        if not self.user:
            return True
        wanted = base64.b64encode(f"{self.user}:{self.password}".encode())
        return b"proxy-authorization: basic " + wanted.lower() in head.lower() and wanted in head


class SocksProxy(_Proxy):
    """SOCKS5 (RFC 1928) with user and password (RFC 1929) where some are set; names under ``.test`` are this host.

    Attributes:
        asked: The host that each client asked for: a name where the proxy is to resolve it.
    """

    scheme = "socks5h"

    def __init__(self, *, user: str = "", password: str = "") -> None:
        super().__init__(user=user, password=password)
        self.asked: list[str] = []

    def _serve(self, client: socket.socket) -> None:
        _, count = _exactly(client, 2)
        methods = _exactly(client, count)
        if self.user:
            if _USER_AND_PASSWORD not in methods:
                client.sendall(bytes((_SOCKS_VERSION, _NO_METHOD)))
                return
            client.sendall(bytes((_SOCKS_VERSION, _USER_AND_PASSWORD)))
            if not self._admits(client):
                client.sendall(b"\x01\x01")
                return
            client.sendall(b"\x01\x00")
        else:
            client.sendall(bytes((_SOCKS_VERSION, 0)))
        *_, kind = _exactly(client, 4)
        if kind == _IPV4:
            host = socket.inet_ntoa(_exactly(client, 4))
        elif kind == _DOMAIN_NAME:
            host = _exactly(client, _exactly(client, 1)[0]).decode()
        else:
            return
        (port,) = struct.unpack(">H", _exactly(client, 2))
        self.asked.append(host)
        client.sendall(bytes((_SOCKS_VERSION, 0, 0, _IPV4, 0, 0, 0, 0, 0, 0)))
        self._relay(client, ("127.0.0.1" if host.endswith(".test") else host, port))

    def _admits(self, client: socket.socket) -> bool:
        _, user_size = _exactly(client, 2)
        user = _exactly(client, user_size).decode()
        password = _exactly(client, _exactly(client, 1)[0]).decode()
        return (user, password) == (self.user, self.password)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError("the client closed within the handshake")
        data += piece
    return data
