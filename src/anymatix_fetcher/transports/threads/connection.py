"""A connection with blocking reads and writes that another thread can interrupt, and the pool of idle connections.

The socket itself is non-blocking: available data is read within a turn, and a turn never includes waiting (see
``turns``). Reads wait in slices of a tenth of a second: an interrupted one ends at once if the system lets ``shutdown``
end another thread's wait, and otherwise within a slice.
"""

from __future__ import annotations

import select
import socket
import ssl
from contextlib import nullcontext, suppress
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.transports.base import MAX_HEAD_BYTES
from anymatix_fetcher.transports.heads import HeadReader, HeadRefusedError
from anymatix_fetcher.transports.threads.failures import BrokenExchangeError, lost, no_handshake, not_connected

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.transports.proxies import Proxy
    from anymatix_fetcher.transports.threads.turns import Turns

SLICE_SECONDS = 0.1
"""The time after which a read raises ``TimeoutError``, so that gathered bytes are stored."""

AHEAD_BYTES = 64 * 1024
"""The number of bytes that are read at once when lines are expected."""

_IDLE_CONNECTIONS = 64
_IDLE_SECONDS = 60.0
"""Routers drop a connection after some minutes of silence, without telling either end."""


_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""The errors of a non-blocking socket that would have to block."""


class AbandonedError(Exception):
    """The exchange was abandoned."""


class Route(NamedTuple):
    """The destination of a connection. Exchanges with the same route may use a connection one after another.

    ``public_only`` allows only public addresses, unless there is a proxy.
    """

    origin: Origin
    proxy: Proxy | None
    public_only: bool = False

    @property
    def forwarder(self) -> Proxy | None:
        """The HTTP proxy that receives requests instead of the origin, if there is one."""
        is_forwarded = self.proxy is not None and not self.proxy.is_socks and self.origin.scheme == "http"
        return self.proxy if is_forwarded else None


class Connection:
    """A TCP connection, with or without TLS. One thread reads and writes; another one may :meth:`interrupt`.

    Attributes:
        heard: Whether anything has arrived since the last request was sent.
        deadline: The deadline for establishing it, on the monotonic clock; ``None`` afterwards.
        turns: The turns to read in while its thread carries a body; otherwise ``None``.
    """

    def __init__(self, connected: socket.socket, route: Route, deadline: float) -> None:
        self.route = route
        self.heard = False
        self.deadline: float | None = deadline
        self.turns: Turns | None = None
        self.idle_since = 0.0
        self._socket = connected
        self._socket.settimeout(0)
        self._ahead = bytearray()
        self._broken: OSError | None = None
        self._interrupted = False

    def take_turns(self, turns: Turns | None) -> None:
        """Sets the turns to read in; ``None`` for none."""
        self.turns = turns

    def is_open(self) -> None:
        """Marks it as established, so that no deadline applies any more."""
        self.deadline = None

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Performs the TLS handshake with ``host``.

        Raises:
            BrokenExchangeError: The handshake fails, or exceeds the deadline.
        """
        try:
            secured = context.wrap_socket(
                self._socket, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
            )
        except ValueError:
            raise BrokenExchangeError(FailureKind.UNUSABLE, "the host's name can't be used with TLS") from None
        except OSError as error:
            raise no_handshake(error) from None
        self._socket = secured
        self._check()
        try:
            secured.settimeout(max(0.001, (self.deadline or 0.0) - monotonic()))
            secured.do_handshake()
        except OSError as error:
            raise no_handshake(error) from None
        secured.settimeout(0)

    @property
    def has_surplus(self) -> bool:
        """Whether more bytes were read than requested."""
        return bool(self._ahead)

    @property
    def descriptor(self) -> int:
        """The socket's descriptor; -1 if it is closed."""
        return self._socket.fileno()

    def send(self, data: bytes) -> None:
        """Sends all of ``data``.

        Raises:
            BrokenExchangeError: The connection is lost.
        """
        self.heard = False
        left = memoryview(data)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except _NOT_YET as blocked:
                self._wait(blocked, SLICE_SECONDS, to_write=True)
                self._check()
            except OSError as error:
                raise lost(error) from None

    def receive_into(self, view: memoryview) -> int:
        """Reads available bytes into ``view``; returns their number, 0 if the peer has closed the connection properly.

        Raises:
            TimeoutError: Nothing arrived for :data:`SLICE_SECONDS`.
            BrokenExchangeError: The connection is lost.
            AbandonedError: It was interrupted.
        """
        if self._ahead:
            count = min(len(self._ahead), len(view))
            view[:count] = self._ahead[:count]
            del self._ahead[:count]
            return count
        until = monotonic() + SLICE_SECONDS
        turns = self.turns
        while True:
            with turns.reading if turns else nullcontext():
                count, error = self._read_what_is_there(view)
            if count:
                self.heard = True
                return count
            if isinstance(error, _NOT_YET):
                with turns.waiting() if turns else nullcontext():
                    self._wait(error, until - monotonic())
            self._check()  # an interrupted connection looks like one that has ended
            if error is None:
                return 0
            if not isinstance(error, _NOT_YET):
                raise lost(error)
            if monotonic() >= until:
                raise TimeoutError

    def _read_what_is_there(self, view: memoryview) -> tuple[int, OSError | None]:
        """The number of available bytes read into ``view``, and the error that ended reading; ``None`` at the end.

        With TLS, each call brings one record. An error after the first record is reported by the next call.
        """
        count, error, self._broken = 0, self._broken, None
        try:
            while count < len(view) and error is None:
                more = self._socket.recv_into(view[count:])
                count += more
                if not more or not isinstance(self._socket, ssl.SSLSocket):
                    break
        except OSError as found:
            error = found
        if count and error is not None and not isinstance(error, _NOT_YET):
            self._broken = error
        return count, error

    def _wait(self, blocked: OSError, seconds: float, *, to_write: bool = False) -> None:
        """Waits until the blocked operation can continue, with a timeout; TLS may have to write before it can read."""
        if isinstance(blocked, ssl.SSLError):
            to_write = isinstance(blocked, ssl.SSLWantWriteError)
        with suppress(ValueError, OSError):  # closed meanwhile, which reading reports
            _poll(self._socket, max(0.0, seconds), to_write=to_write)

    def read_line(self) -> bytes:
        """The next line with its line break; without one, or empty, if the connection ends before.

        Raises:
            TimeoutError: It isn't complete after :data:`SLICE_SECONDS`; what has arrived is kept.
            BrokenExchangeError: The connection is lost, or the line exceeds the limit of a whole head.
        """
        while (stop := self._ahead.find(b"\n") + 1) == 0:
            if len(self._ahead) > MAX_HEAD_BYTES:
                raise BrokenExchangeError(FailureKind.PROTOCOL, "a line of the response is longer than 64 KiB")
            if not self._read_ahead():
                stop = len(self._ahead)
                break
        line = bytes(self._ahead[:stop])
        del self._ahead[:stop]
        return line

    def read_exactly(self, size: int) -> bytes:
        """The next ``size`` bytes, or fewer if the connection ends before."""
        while len(self._ahead) < size:
            try:
                if not self._read_ahead():
                    break
            except TimeoutError:
                continue
        data = bytes(self._ahead[:size])
        del self._ahead[:size]
        return data

    def read_head(self) -> ResponseHead:
        """The head of the next final response.

        Raises:
            BrokenExchangeError: The connection ends before, or the head is invalid.
        """
        reader, head = HeadReader(), None
        try:
            while head is None:
                with suppress(TimeoutError):
                    line = self.read_line()
                    if not line.endswith(b"\n"):
                        where = "within the response's head" if self.heard else "without an answer"
                        raise BrokenExchangeError(FailureKind.LOST, f"the connection was closed {where}")
                    head = reader.feed(line)
        except HeadRefusedError as error:
            raise BrokenExchangeError(FailureKind.PROTOCOL, str(error)) from None
        return head

    def is_reusable(self) -> bool:
        """Whether the idle connection is alive and silent: unsolicited bytes aren't a response to a later request."""
        if self._ahead or self._interrupted or monotonic() - self.idle_since > _IDLE_SECONDS:
            return False
        try:
            self._socket.recv(1)
        except _NOT_YET:  # with TLS also after a late session ticket
            return True
        except OSError:
            return False
        return False

    def interrupt(self) -> None:
        """Makes a running read or write raise :class:`AbandonedError`. For other threads; not during :meth:`close`."""
        self._interrupted = True
        # SSLSocket's own shutdown would switch TLS off, and the reader would take records for plain text.
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes the connection."""
        self._socket.close()

    def _read_ahead(self) -> int:
        piece = bytearray(AHEAD_BYTES)
        kept, self._ahead = self._ahead, bytearray()  # so that bytes come from the socket
        try:
            count = self.receive_into(memoryview(piece))
            kept += piece[:count]
        finally:
            self._ahead = kept
        self._check()
        return count

    def _check(self) -> None:
        if self._interrupted:
            raise AbandonedError
        if self.deadline is not None and monotonic() > self.deadline:
            raise not_connected(None)


def _poll(waited_for: socket.socket, seconds: float, *, to_write: bool) -> None:
    """Waits until a socket is readable or writable; ``select`` alone fails in a process with many open files."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(waited_for, select.POLLOUT if to_write else select.POLLIN)
        poll.poll(seconds * 1000)
    else:  # Windows: its select limits the number of sockets, not their descriptors
        select.select([] if to_write else [waited_for], [waited_for] if to_write else [], [], seconds)


class IdleConnections:
    """The pool of idle connections. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Connection] = []
        self._closed = False

    def take(self, route: Route) -> Connection | None:
        """The live connection of that route that was used last; ``None`` if there is none."""
        while True:
            with self._lock:
                found = next((one for one in reversed(self._waiting) if one.route == route), None)
                if found is None:
                    return None
                self._waiting.remove(found)
            if found.is_reusable():
                return found
            found.close()

    def put(self, connection: Connection) -> None:
        """Adds a connection after its last response was read completely."""
        connection.idle_since = monotonic()
        with self._lock:
            self._waiting.append(connection)
            too_many = self._waiting if self._closed else self._waiting[:-_IDLE_CONNECTIONS]
            for one in list(too_many):
                self._waiting.remove(one)
                one.close()

    def close(self) -> None:
        """Closes all connections, and those that are added later."""
        with self._lock:
            self._closed = True
            for connection in self._waiting:
                connection.close()
            self._waiting.clear()
