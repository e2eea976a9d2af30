"""A client that shows what really stood on the wire."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    end: str = "whole"
    """whole, fin, rst, or silence."""
    version: str = "HTTP/1.1"
    interim: tuple[int, ...] = field(default=())


class Client:
    def __init__(self, url: str, *, sock: socket.socket | None = None) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self.sock = sock or socket.create_connection((parts.hostname, parts.port or 80), PATIENCE_SECONDS)
        self.sock.settimeout(PATIENCE_SECONDS)
        self.unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.sock.close()

    def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        span: tuple[int, int] | None = None,
        version: str = "HTTP/1.1",
        silence_seconds: float = PATIENCE_SECONDS,
        **headers: str,
    ) -> Reply:
        """The reply; ``span`` is half-open, and header names are given with underscores."""
        lines = [f"{method} {target} {version}", "Host: test"]
        if span is not None:
            lines.append(f"Range: bytes={span[0]}-{span[1] - 1}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.sock.settimeout(silence_seconds)
        try:
            self.sock.sendall("\r\n".join([*lines, "", ""]).encode())
            return self.read(method)
        except ConnectionError:
            return Reply(0, {}, b"", "rst")

    def read(self, method: str = "GET") -> Reply:
        interim: list[int] = []
        while True:
            head, end = self._until(b"\r\n\r\n")
            if end != "whole":
                return Reply(0, {}, head, end)
            line, *lines = head.decode("latin-1").split("\r\n")
            status = int(line.split(" ")[1])
            if status >= 200:
                break
            interim.append(status)
        headers = {}
        for text in lines:
            name, _, value = text.partition(": ")
            headers[name.lower()] = value
        body, end = self._body(method, status, headers)
        return Reply(status, headers, body, end, line.split(" ")[0], tuple(interim))

    def rest(self) -> tuple[bytes, str]:
        """Everything until the end of the connection, and how it ended."""
        return self._until(None)

    def _body(self, method: str, status: int, headers: dict[str, str]) -> tuple[bytes, str]:
        if method == "HEAD" or status in (204, 304):
            return b"", "whole"
        if headers.get("transfer-encoding") == "chunked":
            return self._chunks()
        length = headers.get("content-length", "")
        return self._count(int(length)) if length.isdecimal() else self.rest()

    def _chunks(self) -> tuple[bytes, str]:
        body = b""
        while True:
            line, end = self._until(b"\r\n")
            if end != "whole":
                return body + line, end
            try:
                size = int(line, 16)
            except ValueError:
                return body, "broken"
            chunk, end = self._count(size + 2)
            if end != "whole":
                return body + chunk, end
            if size == 0:
                return body, "whole"
            body += chunk[:-2]

    def _more(self) -> str:
        try:
            received = self.sock.recv(1 << 20)
        except ConnectionResetError:
            return "rst"
        except TimeoutError:
            return "silence"
        self.unread += received
        return "whole" if received else "fin"

    def _until(self, mark: bytes | None) -> tuple[bytes, str]:
        end = "whole"
        while end == "whole" and (mark is None or mark not in self.unread):
            end = self._more()
        if mark is not None and mark in self.unread:
            found, _, self.unread = self.unread.partition(mark)
            return found, "whole"
        found, self.unread = self.unread, b""
        return found, end

    def _count(self, count: int) -> tuple[bytes, str]:
        end = "whole"
        while end == "whole" and len(self.unread) < count:
            end = self._more()
        found, self.unread = self.unread[:count], self.unread[count:]
        return found, "whole" if len(found) == count else end


def fetch(url: str, **settings: object) -> Reply:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    with Client(url) as client:
        return client.ask(target, **settings)  # type: ignore[arg-type]  # handed on as they are


def is_reset(url: str) -> bool:
    """Whether a connection is reset without a word, be it while it is made or afterwards."""
    try:
        with Client(url) as client:
            return client.rest() == (b"", "rst")
    except ConnectionResetError:
        return True
