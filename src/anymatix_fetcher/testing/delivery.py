"""Sends a planned response on a socket, with its rate limits and its ending."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import sys
import threading
import time
import zlib
from typing import TYPE_CHECKING, Final, Literal

from anymatix_fetcher.testing.messages import FileSlice, Pace, Plan, reason_phrase
from anymatix_fetcher.testing.pacing import TokenBucket, collapsed_rate, piece_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.testing.ledger import LedgerBook

_GZIP_WINDOW_BITS: Final = 31
_LINGER_SECONDS = 0.2
_FLUSH_SECONDS = 2.0
# The ledger counts bytes before they are sent; this is the largest difference.
_MOST_AHEAD_BYTES = 1 << 18


class OriginClosedError(ConnectionError):
    """The origin was closed during a response."""


class Buckets:
    """The token buckets of all limited rates, shared by the connections of one origin."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[tuple[int, int], TokenBucket] = {}

    def reserve(self, key: tuple[int, int], count: int, bytes_per_second: float) -> float:
        """Reserves ``count`` bytes in the bucket ``(rule, sharer)`` and returns the seconds to wait."""
        now = time.monotonic()
        with self._lock:
            bucket = self._buckets.setdefault(key, TokenBucket(now))
            return bucket.reserve(count, bytes_per_second, now)

    def forget(self, sharer: int) -> None:
        """Drops the buckets of an ended connection."""
        with self._lock:
            for key in [key for key in self._buckets if key[1] == sharer]:
                del self._buckets[key]


def head_bytes(plan: Plan) -> bytes:
    """The head of a response, preceded by its interim responses (RFC 9112 section 4)."""
    interim = "".join(f"HTTP/1.1 {code} {reason_phrase(code)}\r\n\r\n" for code in plan.interim)
    fields = "".join(f"{name}: {value}\r\n" for name, value in plan.headers)
    return f"{interim}{plan.version} {plan.status} {reason_phrase(plan.status)}\r\n{fields}\r\n".encode(
        "latin-1", "replace"
    )


def body_pieces(plan: Plan) -> Iterator[memoryview]:
    """The body in order, before chunking; a piece is valid until the next one is requested."""
    if not plan.compressed:
        yield from _plain_pieces(plan)
        return
    if not plan.body:
        return
    compressor = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WINDOW_BITS)
    for piece in _plain_pieces(plan):
        yield memoryview(compressor.compress(piece))
    yield memoryview(compressor.flush())


def _plain_pieces(plan: Plan) -> Iterator[memoryview]:
    for part in plan.body:
        if isinstance(part, FileSlice):
            yield from _slice_pieces(part)
        else:
            yield memoryview(part)


def _slice_pieces(part: FileSlice) -> Iterator[memoryview]:
    at = part.start
    for piece in part.content.pieces(part.start, part.stop):
        turned = [offset - at for offset in part.flips if at <= offset < at + len(piece)]
        for index in turned:
            piece[index] ^= 1
        yield piece
        # The buffer is reused for the next piece, so the flipped bits are restored.
        for index in turned:
            piece[index] ^= 1
        at += len(piece)


class Delivery:
    """Sends the responses of one connection.

    Args:
        sock: The connected socket, plain or TLS.
        connection: Its number, for the rates of each connection.
        closing: Set when the origin closes, which ends every wait.
        buckets: The token buckets of limited rates.
        book: The ledger.
    """

    def __init__(
        self,
        sock: socket.socket,
        connection: int,
        closing: threading.Event,
        buckets: Buckets,
        book: LedgerBook,
    ) -> None:
        self._sock = sock
        self._connection = connection
        self._closing = closing
        self._buckets = buckets
        self._book = book

    def send(self, plan: Plan, path: str) -> bool:
        """Sends a response and returns whether the connection stays open.

        Raises:
            OSError: If the client disconnects or the origin closes.
        """
        self._wait(plan.delay_seconds)
        if plan.ending is not None and plan.ending.after is None:
            return self._end(plan.ending.how)
        self._send_head(head_bytes(plan), plan.head_bytes_per_second)
        sent = self._send_body(plan, path)
        if plan.ending is not None and plan.ending.after is not None and sent >= plan.ending.after:
            return self._end(plan.ending.how)
        if plan.framing == "chunked" and plan.body and plan.chunk_end != "missing":
            self._sock.sendall(b"0\r\n\r\n" if plan.chunk_end == "proper" else b"no-number\r\n")
        if plan.extra and plan.body:
            self._sock.sendall(plan.extra)
        if plan.close:
            self._close_notify()
            self._end("truncate")
        return not plan.close

    def _wait(self, seconds: float) -> None:
        if seconds > 0 and self._closing.wait(seconds):
            raise OriginClosedError("the origin was closed")

    def _send_head(self, head: bytes, bytes_per_second: float | None) -> None:
        if bytes_per_second is None:
            self._sock.sendall(head)
            return
        size = piece_bytes(bytes_per_second)
        for at in range(0, len(head), size):
            piece = head[at : at + size]
            self._wait(len(piece) / bytes_per_second)
            self._sock.sendall(piece)

    def _send_body(self, plan: Plan, path: str) -> int:
        """Sends the body up to its planned end; returns the number of bytes sent."""
        sent = 0
        stop = plan.ending.after if plan.ending is not None else None
        for piece in body_pieces(plan):
            at = 0
            while at < len(piece):
                size = len(piece) - at
                if stop is not None:
                    size = min(size, stop - sent)
                if size <= 0:
                    return sent
                if plan.framing == "chunked":
                    size = min(size, plan.chunk_bytes)
                size = self._paced(plan.paces, sent, min(size, _MOST_AHEAD_BYTES))
                # Counted before sending, so that a client that has received all finds it in the ledger.
                self._book.body_sent(path, size)
                try:
                    self._send_piece(plan, piece[at : at + size])
                except OSError:
                    self._book.body_sent(path, -size)
                    raise
                sent += size
                at += size
        return sent

    def _send_piece(self, plan: Plan, piece: memoryview) -> None:
        if plan.framing == "chunked":
            self._sock.sendall(b"".join((b"%x\r\n" % len(piece), piece, b"\r\n")))
        else:
            self._sock.sendall(piece)

    def _paced(self, paces: tuple[Pace, ...], sent: int, size: int) -> int:
        """Waits until bytes may be sent, and returns how many."""
        if not paces:
            return size
        rates: list[tuple[Pace, float]] = []
        for pace in paces:
            if sent < pace.after:
                size = min(size, pace.after - sent)
                continue
            rate = pace.bytes_per_second
            if pace.above is not None:
                rate = collapsed_rate(rate, self._book.active_requests(), pace.above, pace.share)
            rates.append((pace, rate))
            size = min(size, piece_bytes(rate))
        waits = [
            self._buckets.reserve((pace.rule, 0 if pace.scope == "total" else self._connection), size, rate)
            for pace, rate in rates
        ]
        self._wait(max(waits, default=0.0))
        return size

    def _end(self, how: Literal["silence", "reset", "truncate"]) -> bool:
        """Ends the connection in one of three ways; returns false, because it doesn't stay open."""
        match how:
            case "silence":
                # Reading detects that the client disconnects or that the origin closes.
                while self._sock.recv(65536):
                    pass
            case "reset":
                self._wait_until_delivered()
                reset(self._sock)
            case "truncate":
                self._sock.shutdown(socket.SHUT_WR)
                # Closing with unread bytes would turn the FIN into a reset.
                self._sock.settimeout(_LINGER_SECONDS)
                with contextlib.suppress(OSError):
                    while self._sock.recv(65536):
                        pass
        return False

    def _close_notify(self) -> None:
        """Sends close_notify, so that the client knows that a body without a length is complete."""
        if isinstance(self._sock, ssl.SSLSocket):
            self._sock.settimeout(_LINGER_SECONDS)
            with contextlib.suppress(OSError, ValueError):
                self._sock.unwrap()

    def _wait_until_delivered(self) -> None:
        """Waits until the client's system has received all bytes, because a reset discards unsent data."""
        if sys.platform != "linux":
            self._wait(0.05)
            return
        import fcntl  # noqa: PLC0415 - only there on this platform
        import termios  # noqa: PLC0415 - as above

        deadline = time.monotonic() + _FLUSH_SECONDS
        while time.monotonic() < deadline:
            queued = fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
            if struct.unpack("i", queued)[0] == 0:
                return
            self._wait(0.001)


def reset(sock: socket.socket) -> None:
    """Closes a connection by RST instead of FIN."""
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    sock.close()
