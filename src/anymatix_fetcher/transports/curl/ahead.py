"""Connections that are opened ahead, so that the TCP handshake is done when libcurl needs a socket.

libcurl takes such a socket from ``CURLOPT_OPENSOCKETFUNCTION``, learns from ``CURLOPT_SOCKOPTFUNCTION`` that it is
connected, and then sets its options and performs the TLS handshake as usual. See
https://curl.se/libcurl/c/CURLOPT_OPENSOCKETFUNCTION.html and https://curl.se/libcurl/c/CURLOPT_SOCKOPTFUNCTION.html.
"""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pycurl

from anymatix_fetcher.transports.base import AHEAD_SECONDS

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.transports.curl.public_guard import PublicGuard

_UNDER_WAY = {0, errno.EINPROGRESS, errno.EWOULDBLOCK}
"""The results of a non-blocking ``connect`` in progress."""


class _Ahead(NamedTuple):
    """A waiting connection, or one that is being opened."""

    origin: Origin
    address: tuple[Any, ...]
    socket: socket.socket
    since: float


class ConnectionsAhead:
    """Sockets that were connected ahead of their use. Times are on the clock of ``now``."""

    def __init__(self) -> None:
        self._waiting: list[_Ahead] = []
        self._handed: socket.socket | None = None
        """The socket that libcurl got last, kept until libcurl reports its own duplicate of the descriptor."""
        self._handed_connected = False

    def open(self, origin: Origin, count: int, descriptor: int, now: float) -> None:
        """Opens up to ``count`` connections for ``origin``, to the peer of ``descriptor``."""
        with suppress(OSError):
            family, address = _peer(descriptor)
            for _ in range(count):
                opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
                opened.settimeout(0)
                if opened.connect_ex(address) not in _UNDER_WAY:
                    opened.close()
                    return
                self._waiting.append(_Ahead(origin, address, opened, now))

    def offer(self, handle: Any, origin: Origin, guard: PublicGuard | None = None) -> None:  # noqa: ANN401 - pycurl is untyped
        """Makes a handle use a waiting connection for ``origin``, if there is one.

        Args:
            handle: The handle.
            origin: Its origin.
            guard: Refuses addresses; ``None`` to allow all.
        """

        def opened(_purpose: int, wanted: Any) -> Any:  # noqa: ANN401 - a named tuple, and a socket
            refused = guard is not None and not guard.lets(wanted[3][0])
            return pycurl.SOCKET_BAD if refused else self._socket(origin, *wanted)

        if guard is not None or any(one.origin == origin for one in self._waiting):
            handle.setopt(pycurl.OPENSOCKETFUNCTION, opened)
            handle.setopt(pycurl.SOCKOPTFUNCTION, self._tell)

    def close_old(self, now: float) -> None:
        """Closes connections that weren't used in time."""
        while self._waiting and self._waiting[0].since <= now - AHEAD_SECONDS:
            self._drop(self._waiting[0])

    def close(self) -> None:
        """Closes all."""
        self._forget_handed()
        while self._waiting:
            self._drop(self._waiting[0])

    # libcurl's callbacks: pycurl prints what they raise and goes on, so they raise nothing ------------------------

    def _socket(self, origin: Origin, family: int, kind: int, protocol: int, address: tuple[Any, ...]) -> Any:  # noqa: ANN401 - a socket, or pycurl.SOCKET_BAD
        """The socket for a new connection, of which libcurl gets a duplicate."""
        self._forget_handed()
        found = self._take(origin, family, address)
        self._handed_connected = found is not None
        try:
            self._handed = found or socket.socket(family, kind, protocol)
        except OSError:
            return pycurl.SOCKET_BAD
        return self._handed

    def _tell(self, descriptor: int, _purpose: int) -> int:
        """Whether libcurl's ``descriptor``, a duplicate of the last socket, is connected already."""
        self._forget_handed()
        with suppress(OSError):
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - like the original
        return int(pycurl.SOCKOPT_ALREADY_CONNECTED if self._handed_connected else pycurl.SOCKOPT_OK)

    def _forget_handed(self) -> None:
        if self._handed is not None:
            self._handed.close()
            self._handed = None

    def _take(self, origin: Origin, family: int, address: tuple[Any, ...]) -> socket.socket | None:
        """The oldest waiting connection to ``address`` that is open and silent. Failed and closed ones are dropped."""
        for one in [one for one in self._waiting if one.origin == origin]:
            if one.socket.family != family or one.address[:2] != address[:2] or _is_connecting(one.socket):
                continue
            if _is_silent(one.socket):
                self._waiting.remove(one)
                return one.socket
            self._drop(one)
        return None

    def _drop(self, one: _Ahead) -> None:
        self._waiting.remove(one)
        one.socket.close()


def _peer(descriptor: int) -> tuple[int, tuple[Any, ...]]:
    """The family and address of a socket's peer."""
    if descriptor < 0:
        raise OSError(errno.ENOTCONN, "closed meanwhile")
    borrowed = socket.socket(fileno=descriptor)
    try:
        return borrowed.family, borrowed.getpeername()
    finally:
        borrowed.detach()


def _is_connecting(opened: socket.socket) -> bool:
    """Whether it has neither connected nor failed."""
    try:
        opened.getpeername()
    except OSError:
        return not opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return False


def _is_silent(opened: socket.socket) -> bool:
    """Whether it is connected and nothing has arrived, neither bytes nor its end."""
    try:
        opened.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False
