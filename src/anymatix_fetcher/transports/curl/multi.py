"""One of libcurl's multi handles, with the sockets and the timer that it waits for.

libcurl reports the sockets and the deadline (``M_SOCKETFUNCTION``, ``M_TIMERFUNCTION``); the owner of the selector
waits, and reports events to it (``socket_action``). Several handles share one selector. See
https://curl.se/libcurl/c/libcurl-multi.html, "multi_socket".
"""

from __future__ import annotations

import selectors
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import pycurl

if TYPE_CHECKING:
    from collections.abc import Iterator

IDLE_CONNECTIONS = 64


class CurlMulti:
    """A multi handle whose sockets are in ``selector``; their keys' ``data`` is this object.

    Args:
        selector: Where it puts its sockets.
        streams: How many requests at a time may share one connection; 0 for one connection each.
    """

    def __init__(self, selector: selectors.BaseSelector, *, streams: int = 0) -> None:
        self.shares = streams > 0
        self.timer_at: float | None = None
        self._selector = selector
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX if streams else pycurl.PIPE_NOTHING)
        if streams:
            self._multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, streams)
        self._multi.setopt(pycurl.M_MAXCONNECTS, IDLE_CONNECTIONS)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    def add(self, handle: Any) -> None:  # noqa: ANN401 - pycurl is untyped
        """Begins a transfer."""
        if self.shares:
            # Rather than a connection of its own, it waits for the handshake of the one that it will share.
            handle.setopt(pycurl.PIPEWAIT, 1)
        self._multi.add_handle(handle)

    def remove(self, handle: Any) -> None:  # noqa: ANN401 - pycurl is untyped
        """Ends a transfer. One that isn't complete loses its connection by this, or its stream of a shared one."""
        self._multi.remove_handle(handle)

    def close(self) -> None:
        """Closes every connection; still tells the selector about sockets."""
        self._multi.close()

    def act(self, descriptor: int, mask: int) -> None:
        """Lets libcurl read and write a socket that is ready for it."""
        ready = (pycurl.CSELECT_IN if mask & selectors.EVENT_READ else 0) | (
            pycurl.CSELECT_OUT if mask & selectors.EVENT_WRITE else 0
        )
        self._multi.socket_action(descriptor, ready)

    def notice_time(self) -> None:
        """Lets libcurl do what it wanted to do by now."""
        if self.timer_at is not None and self.timer_at <= monotonic():
            self.timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def results(self) -> Iterator[tuple[Any, tuple[int, str] | None]]:
        """The transfers that have ended since the last call, each with libcurl's code and message where it failed."""
        left = 1
        while left:
            left, done, failed = self._multi.info_read()
            for handle in done:
                yield handle, None
            for handle, code, message in failed:
                yield handle, (code, message)

    def _on_socket(self, what: int, descriptor: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            with suppress(KeyError):
                self._selector.unregister(descriptor)
            return
        mask = (selectors.EVENT_READ if what & pycurl.POLL_IN else 0) | (
            selectors.EVENT_WRITE if what & pycurl.POLL_OUT else 0
        )
        try:
            self._selector.modify(descriptor, mask, self)
        except (KeyError, OSError):  # unknown, or closed and opened again since
            self._selector.register(descriptor, mask, self)

    def _on_timer(self, timeout_milliseconds: int) -> None:
        self.timer_at = None if timeout_milliseconds < 0 else monotonic() + timeout_milliseconds / 1000
