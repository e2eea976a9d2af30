"""The listening sockets of an origin, and the thread that accepts connections on them."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BACKLOG = 512
_JOIN_SECONDS = 5.0


class Listeners:
    """Sockets that are bound at construction and accept connections after `start`.

    Args:
        host: The address to bind.
        ports: The port of each listener; 0 for a free one.
        accepted: Called with each connection, on the accepting thread.

    Attributes:
        ports: The bound ports.

    Raises:
        OSError: If a port can't be bound.
    """

    def __init__(
        self,
        host: str,
        ports: Mapping[str, int],
        accepted: Callable[[str, socket.socket], None],
    ) -> None:
        self._accepted = accepted
        self._sockets: dict[str, socket.socket] = {}
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            for name, port in ports.items():
                listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
                listener.settimeout(0)
                self._sockets[name] = listener
        except OSError:
            self._close_sockets()
            raise
        self.ports: dict[str, int] = {name: one.getsockname()[1] for name, one in self._sockets.items()}
        self._waker, woken = socket.socketpair()
        self._thread = threading.Thread(target=self._accept_all, args=(woken,), daemon=True, name="origin-accept")

    def start(self) -> None:
        """Starts accepting."""
        self._thread.start()

    def close(self) -> None:
        """Stops accepting and ends the thread; idempotent."""
        with contextlib.suppress(OSError):
            self._waker.send(b"x")
        self._thread.join(_JOIN_SECONDS)
        self._waker.close()

    def _accept_all(self, woken: socket.socket) -> None:
        with selectors.DefaultSelector() as selector, woken:
            selector.register(woken, selectors.EVENT_READ, None)
            for name, listener in self._sockets.items():
                selector.register(listener, selectors.EVENT_READ, name)
            going = True
            while going:
                for key, _events in selector.select():
                    if key.data is None:
                        going = False
                    else:
                        self._accept(key.data)
        self._close_sockets()

    def _accept(self, name: str) -> None:
        try:
            sock, _address = self._sockets[name].accept()
        except OSError:
            return  # It was taken back before it was accepted.
        sock.settimeout(None)
        self._accepted(name, sock)

    def _close_sockets(self) -> None:
        for listener in self._sockets.values():
            listener.close()
