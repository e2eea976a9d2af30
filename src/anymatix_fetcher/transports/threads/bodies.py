"""Response bodies (RFC 9112, section 6.3): readers that distinguish complete bodies from broken ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.transports.base import MAX_HEAD_BYTES
from anymatix_fetcher.transports.threads.failures import BrokenExchangeError

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.transports.threads.connection import Connection

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_EMPTY_LINES = (b"\r\n", b"\n")
_STATUSES_WITHOUT_BODY = (204, 304)


class Body(Protocol):
    """The body of one response."""

    @property
    def ends_connection(self) -> bool:
        """Whether the connection can't be reused after it."""

    @property
    def is_whole(self) -> bool:
        """Whether all of it was read."""

    @property
    def states_length(self) -> bool:
        """Whether its head states its length."""

    def read_into(self, view: memoryview) -> int:
        """Reads into ``view``; returns the number of bytes, 0 at the body's end.

        Raises:
            TimeoutError: Nothing has arrived for a while; reading may continue.
            BrokenExchangeError: The body is incomplete or invalid.
        """


def body_of(head: ResponseHead, connection: Connection) -> Body:
    """The body that follows ``head``.

    Raises:
        BrokenExchangeError: It has a transfer coding other than chunked.
    """
    if head.status in _STATUSES_WITHOUT_BODY:
        return LengthBody(connection, 0, ends_connection=_is_last(head))
    if head.transfer_coding:
        if head.transfer_coding != "chunked":
            raise BrokenExchangeError(FailureKind.PROTOCOL, "an unknown transfer coding")
        # Chunked overrides a length. A message with both may come from two servers that disagree (section 6.3).
        ambiguous = head.headers.get("Content-Length") is not None
        return ChunkedBody(connection, ends_connection=ambiguous or _is_last(head))
    if head.content_length is not None:
        return LengthBody(connection, head.content_length, ends_connection=_is_last(head))
    return UntilCloseBody(connection)


def _is_last(head: ResponseHead) -> bool:
    options = ",".join((head.headers.get("Connection") or "", head.headers.get("Proxy-Connection") or ""))
    return head.http_version != "1.1" or "close" in (option.strip().lower() for option in options.split(","))


class LengthBody:
    """A body of a known length."""

    states_length = True

    def __init__(self, connection: Connection, length: int, *, ends_connection: bool) -> None:
        self.ends_connection = ends_connection
        self._connection = connection
        self._left = length

    @property
    def is_whole(self) -> bool:
        """Implements ``Body``."""
        return self._left == 0

    def read_into(self, view: memoryview) -> int:
        """Implements ``Body``."""
        if not self._left:
            return 0
        count = self._connection.receive_into(view[: self._left])
        if not count:
            raise BrokenExchangeError(FailureKind.LOST, "the body ended before its promised length")
        self._left -= count
        return count


class UntilCloseBody:
    """A body that ends with the connection. Over TLS, close_notify is required, otherwise reading it fails."""

    ends_connection = True
    states_length = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.is_whole = False

    def read_into(self, view: memoryview) -> int:
        """Implements ``Body``."""
        count = 0 if self.is_whole else self._connection.receive_into(view)
        self.is_whole = count == 0
        return count


class ChunkedBody:
    """A chunked body (RFC 9112, section 7.1); its trailers are dropped."""

    states_length = False

    def __init__(self, connection: Connection, *, ends_connection: bool) -> None:
        self.ends_connection = ends_connection
        self.is_whole = False
        self._connection = connection
        self._left = 0
        self._after_data = False
        self._in_trailers = False
        self._trailer_bytes = 0

    def read_into(self, view: memoryview) -> int:
        """Implements ``Body``."""
        while not self._left:
            if self.is_whole:
                return 0
            self._step(self._line())
        count = self._connection.receive_into(view[: self._left])
        if not count:
            raise _ended_early()
        self._left -= count
        self._after_data = self._left == 0
        return count

    def _line(self) -> bytes:
        line = self._connection.read_line()
        if not line.endswith(b"\n"):
            raise _ended_early()
        return line

    def _step(self, line: bytes) -> None:
        """Takes one line between chunks."""
        if self._in_trailers:
            self._trailer_bytes += len(line)
            self.is_whole = line in _EMPTY_LINES
            if self._trailer_bytes > MAX_HEAD_BYTES:
                raise BrokenExchangeError(FailureKind.PROTOCOL, "the body's trailers are longer than 64 KiB")
        elif self._after_data:
            if line not in _EMPTY_LINES:
                raise _unreadable()
            self._after_data = False
        else:
            size = _CHUNK_SIZE.fullmatch(line)
            if size is None:
                raise _unreadable()
            self._left = int(size.group(1), 16)
            self._in_trailers = self._left == 0


def _ended_early() -> BrokenExchangeError:
    return BrokenExchangeError(FailureKind.LOST, "the connection was closed within the chunked body")


def _unreadable() -> BrokenExchangeError:
    return BrokenExchangeError(FailureKind.PROTOCOL, "a chunk of the body can't be read")
