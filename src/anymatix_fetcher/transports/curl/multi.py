"""One of libcurl's multi handles, with its sockets and its timer.

libcurl reports the sockets and the deadline (``M_SOCKETFUNCTION``, ``M_TIMERFUNCTION``). The owner of the selector
waits, and reports events back (``socket_action``). Several handles share one selector. See
https://curl.se/libcurl/c/libcurl-multi.html, "multi_socket".
"""

from __future__ import annotations

import errno
import os
import selectors
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import pycurl

if TYPE_CHECKING:
    from collections.abc import Iterator

IDLE_CONNECTIONS = 64


class CurlMulti:
    """A multi handle with its sockets in ``selector``; the ``data`` of their keys is this object.

    Args:
        selector: The selector for its sockets.
        streams: The limit on concurrent requests of one shared connection; 0 for one connection each.
    """

    def __init__(self, selector: selectors.BaseSelector, *, streams: int = 0) -> None:
        self.shares = streams > 0
        self.timer_at: float | None = None
        self._selector = selector
        try:
            self._multi = pycurl.CurlMulti()
        except pycurl.error:  # it could open no files of its own, and doesn't say so
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from None
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX if streams else pycurl.PIPE_NOTHING)
        if streams:
            self._multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, streams)
        self._multi.setopt(pycurl.M_MAXCONNECTS, IDLE_CONNECTIONS)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    def add(self, handle: Any) -> None:  # noqa: ANN401 - pycurl is untyped
        """Starts a transfer."""
        if self.shares:
            # Waits for the handshake of the shared connection instead of opening its own.
            handle.setopt(pycurl.PIPEWAIT, 1)
        self._multi.add_handle(handle)

    def remove(self, handle: Any) -> None:  # noqa: ANN401 - pycurl is untyped
        """Ends a transfer. An incomplete one loses its connection, or its stream of a shared connection."""
        self._multi.remove_handle(handle)

    def close(self) -> None:
        """Closes every connection; still reports sockets to the selector."""
        self._multi.close()

    def act(self, descriptor: int, mask: int) -> None:
        """Lets libcurl read and write a ready socket."""
        ready = (pycurl.CSELECT_IN if mask & selectors.EVENT_READ else 0) | (
            pycurl.CSELECT_OUT if mask & selectors.EVENT_WRITE else 0
        )
        self._multi.socket_action(descriptor, ready)

    def notice_time(self) -> None:
        """Lets libcurl handle an expired timer."""
        if self.timer_at is not None and self.timer_at <= monotonic():
            self.timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def results(self) -> Iterator[tuple[Any, tuple[int, str] | None]]:
        """The transfers that have ended since the last call, with libcurl's code and message if they failed."""
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
        except (KeyError, OSError):  # unknown, or closed and reopened since
            self._selector.register(descriptor, mask, self)

    def _on_timer(self, timeout_milliseconds: int) -> None:
        self.timer_at = None if timeout_milliseconds < 0 else monotonic() + timeout_milliseconds / 1000
