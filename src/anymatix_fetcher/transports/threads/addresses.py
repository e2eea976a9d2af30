"""Connects to hosts by name: lookups are cached, and addresses are raced (RFC 8305, "Happy Eyeballs")."""

from __future__ import annotations

import errno
import os
import selectors
import socket
from contextlib import suppress
from itertools import chain, zip_longest
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Self, TypeAlias

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.transports.threads.connection import SLICE_SECONDS, AbandonedError
from anymatix_fetcher.transports.threads.failures import BrokenExchangeError, not_connected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEAD_START_SECONDS = 0.25
"""The time for which an address is tried alone before the next one (RFC 8305, section 5)."""

_REMEMBERED_SECONDS = 60.0
_KEEPALIVE_SECONDS = 30
_UNDER_WAY = {0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN}

Address: TypeAlias = tuple[socket.AddressFamily, tuple[object, ...]]
"""A family and the address for ``connect``."""


class Resolver:
    """Looks names up, and caches the addresses, and which of them accepted a connection, for a minute."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], tuple[float, list[Address]]] = {}

    def addresses(self, host: str, port: int, deadline: float, is_wanted: Callable[[], bool]) -> list[Address]:
        """The host's addresses, best first, with alternating families.

        Raises:
            BrokenExchangeError: There is none, or the lookup exceeded the deadline.
            AbandonedError: The exchange was abandoned.
        """
        looked_up_at, addresses = self._found.get((host, port), (0.0, []))
        if not addresses or monotonic() - looked_up_at > _REMEMBERED_SECONDS:
            addresses = _in_turn(_literal(host, port) or _look_up(host, port, deadline, is_wanted))
            self._found[host, port] = monotonic(), addresses
        return addresses

    def prefer(self, host: str, port: int, address: Address) -> None:
        """Moves an address that has accepted a connection to the front."""
        looked_up_at, addresses = self._found.get((host, port), (0.0, []))
        if addresses and addresses[0] != address:
            self._found[host, port] = looked_up_at, [address, *(one for one in addresses if one != address)]

    def forget(self, host: str, port: int) -> None:
        """Drops the addresses of a host, because none has accepted a connection."""
        self._found.pop((host, port), None)


def _literal(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return []
    return [(family, address) for family, _, _, _, address in found]


def _look_up(host: str, port: int, deadline: float, is_wanted: Callable[[], bool]) -> list[Address]:
    # The system's resolver can't be interrupted, so its own thread waits for it, perhaps beyond the deadline.
    outcome: SimpleQueue[list[Address]] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            outcome.put([(family, address) for family, _, _, _, address in found])
        except (OSError, UnicodeError):
            outcome.put([])

    try:
        Thread(target=ask, name="anymatix-fetcher-resolver", daemon=True).start()
    except RuntimeError:
        raise BrokenExchangeError(FailureKind.RESOLVE, "the system gives no more threads", errno.EAGAIN) from None
    while is_wanted():
        left = deadline - monotonic()
        if left <= 0:
            raise BrokenExchangeError(FailureKind.RESOLVE, "the host's name wasn't resolved within the time")
        try:
            found = outcome.get(timeout=min(SLICE_SECONDS, left))
        except Empty:
            continue
        if not found:
            raise BrokenExchangeError(FailureKind.RESOLVE, "the host's name wasn't resolved")
        return found
    raise AbandonedError


def _in_turn(addresses: list[Address]) -> list[Address]:
    """The addresses with alternating families, starting with the first one's (RFC 8305, section 4)."""
    first = [one for one in addresses if one[0] == addresses[0][0]]
    others = [one for one in addresses if one[0] != addresses[0][0]]
    return [one for one in chain.from_iterable(zip_longest(first, others)) if one is not None]


def connect(
    addresses: Sequence[Address], deadline: float, is_wanted: Callable[[], bool]
) -> tuple[socket.socket, Address]:
    """Connects to the first address that accepts; returns the socket and that address.

    Raises:
        BrokenExchangeError: No address accepted by the deadline.
        AbandonedError: The exchange was abandoned.
    """
    try:
        with _Race(addresses) as race:
            while is_wanted():
                if monotonic() >= deadline:
                    raise not_connected(None)
                winner = race.turn(min(SLICE_SECONDS, max(0.0, deadline - monotonic())))
                if winner is not None:
                    _configure(winner[0])
                    return winner
    except OSError as error:
        raise not_connected(error) from None
    raise AbandonedError


class _Race:
    """Concurrent connection attempts, each with a head start over the next."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._waiting = list(addresses)
        self._selector = selectors.DefaultSelector()
        self._running: dict[socket.socket, Address] = {}
        self._next_at = 0.0
        self._error: OSError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for attempt in self._running:
            attempt.close()
        self._selector.close()

    def turn(self, timeout_seconds: float) -> tuple[socket.socket, Address] | None:
        """Waits for the winner for a while; ``None`` if there is none yet.

        Raises:
            OSError: All attempts have failed; it is the last one's error.
        """
        now = monotonic()
        if self._waiting and (now >= self._next_at or not self._running):
            self._next_at = now + HEAD_START_SECONDS
            self._begin(self._waiting.pop(0))
        if not self._running:
            if self._waiting:
                return None
            raise self._error or OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        patience = min(timeout_seconds, max(0.0, self._next_at - now)) if self._waiting else timeout_seconds
        for key, _ in self._selector.select(patience):
            winner = self._outcome_of(key.fileobj)  # type: ignore[arg-type]  # only sockets are registered
            if winner is not None:
                return winner
        return None

    def _begin(self, address: Address) -> None:
        try:
            attempt = socket.socket(address[0], socket.SOCK_STREAM)
        except OSError as error:
            self._error = error
            return
        attempt.settimeout(0)
        code = attempt.connect_ex(address[1])
        if code not in _UNDER_WAY:
            attempt.close()
            self._error = OSError(code, os.strerror(code))
            return
        self._running[attempt] = address
        self._selector.register(attempt, selectors.EVENT_WRITE)

    def _outcome_of(self, attempt: socket.socket) -> tuple[socket.socket, Address] | None:
        self._selector.unregister(attempt)
        address = self._running.pop(attempt)
        code = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not code:
            return attempt, address
        attempt.close()
        self._error = OSError(code, os.strerror(code))
        self._next_at = 0.0  # the next attempt starts at once
        return None


def _configure(connected: socket.socket) -> None:
    # A peer that has already closed the connection is detected when it is used.
    with suppress(OSError):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
            if hasattr(socket, name):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), _KEEPALIVE_SECONDS)
