"""The transport on the standard library alone: one thread per exchange, reading with one large buffer.

It implements HTTP/1.1 over sockets itself, because ``http.client`` takes 103 for a final response, parses heads
leniently (``Content-Length : 5``), and uses the ``email`` package for that. Unlike libcurl, it supports neither HTTP/2
and HTTP/3, nor TLS through a proxy that is itself reached by TLS, nor the system's certificate checks on macOS.
"""

from __future__ import annotations

import errno
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.messages import BodyEnded, ExchangeFailed
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.transports.receive_windows import ReceiveWindows
from anymatix_fetcher.transports.threads.connection import IdleConnections
from anymatix_fetcher.transports.threads.exchange import ThreadsExchange
from anymatix_fetcher.transports.threads.opening import Opener
from anymatix_fetcher.transports.threads.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.messages import ExchangeId
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.transports.base import NetworkSettings, Sink, TransportEvent
    from anymatix_fetcher.transports.threads.exchange import Happening

LINGER_SECONDS = 0.05
"""The time for which a poll continues if it has only stored bytes to report, so that events are fewer and larger."""

_CLOSING_SECONDS = 5.0


class ThreadsTransport:
    """A transport on threads; the contract is :class:`~anymatix_fetcher.transports.base.Transport`.

    Exchanges report through one queue; ``None`` in it is a wake-up. The queue's ``put`` is safe in signal handlers.
    """

    name = "threads"

    def __init__(self, settings: NetworkSettings, limiter: RateLimiter | None = None) -> None:
        self._settings = settings
        self._limiter = limiter or RateLimiter()
        self._opener = Opener(settings)
        self._idle = IdleConnections()
        self._happenings: SimpleQueue[Happening | None] = SimpleQueue()
        self._is_woken = False
        self._exchanges: dict[ExchangeId, ThreadsExchange] = {}
        self._threads: list[Thread] = []
        self._events: list[TransportEvent] = []
        self._progressed: dict[ExchangeId, ThreadsExchange] = {}
        self._windows = ReceiveWindows()
        self._turns = Turns()

    @property
    def waited_seconds(self) -> float:
        """The total time in which no thread had anything to read."""
        return self._turns.waited_seconds

    def start(self, exchange: ExchangeId, request: Request) -> None:
        """Implements ``Transport.start``."""
        state = ThreadsExchange(
            exchange,
            request,
            self._happenings.put,
            settings=self._settings,
            opener=self._opener,
            idle=self._idle,
            limiter=self._limiter,
            turns=self._turns,
        )
        self._exchanges[exchange] = state
        thread = Thread(target=state.run, name=f"anymatix-fetcher-{exchange.number}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            failure = Failure(FailureKind.CONNECT, "the system gives no more threads", errno.EAGAIN)
            self._happenings.put(ExchangeFailed(exchange, failure))
            return
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]

    def open_ahead(self, origin: Origin, count: int) -> None:
        """Does nothing: each thread opens the connection that it needs."""

    def accept(self, exchange: ExchangeId, sink: Sink, start: int, stop: int | None) -> None:
        """Implements ``Transport.accept``."""
        state = self._exchanges.get(exchange)
        if state is not None:
            state.accept(sink, start, stop)

    def narrow(self, exchange: ExchangeId, stop: int) -> None:
        """Implements ``Transport.narrow``."""
        state = self._exchanges.get(exchange)
        if state is not None:
            state.narrow(stop)

    def cancel(self, exchange: ExchangeId) -> None:
        """Implements ``Transport.cancel``."""
        state = self._exchanges.pop(exchange, None)
        if state is not None:
            state.drop()
        self._progressed.pop(exchange, None)
        self._events = [event for event in self._events if event.exchange != exchange]

    def poll(self, timeout_seconds: float) -> Sequence[TransportEvent]:
        """Implements ``Transport.poll``.

        Raises:
            BaseException: A sink raised it, and it isn't an ``Exception``; the exchange has failed.
        """
        began = monotonic()
        until = began + timeout_seconds
        while True:
            try:
                happening = self._happenings.get(timeout=max(0.0, until - monotonic()))
            except Empty:
                break
            # Everything that has already happened is included.
            until = min(until, began + LINGER_SECONDS) if isinstance(happening, ThreadsExchange) else began
            self._take(happening)
        now = monotonic()
        if now >= self._windows.due_at:
            self._windows.share([flow for state in self._exchanges.values() if (flow := state.flow) is not None], now)
        for state in self._progressed.values():
            self._tell_progress(state)
        self._progressed.clear()
        events, self._events = self._events, []
        return events

    def wake(self) -> None:
        """Implements ``Transport.wake``."""
        if not self._is_woken:
            self._is_woken = True
            self._happenings.put(None)

    def close(self) -> None:
        """Drops every exchange and connection, and waits for their threads."""
        for state in self._exchanges.values():
            state.drop()
        self._exchanges.clear()
        self._idle.close()
        patience = monotonic() + _CLOSING_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, patience - monotonic()))
        self._threads.clear()

    def _take(self, happening: Happening | None) -> None:
        """Processes one report; reports of dropped exchanges are ignored."""
        if happening is None:
            self._is_woken = False
        elif isinstance(happening, BaseException):
            raise happening
        elif happening.exchange not in self._exchanges:
            pass
        elif isinstance(happening, ThreadsExchange):
            self._progressed[happening.exchange] = happening
        else:
            if isinstance(happening, BodyEnded | ExchangeFailed):
                self._progressed.pop(happening.exchange, None)
                self._tell_progress(self._exchanges.pop(happening.exchange))
            self._events.append(happening)

    def _tell_progress(self, state: ThreadsExchange) -> None:
        progress = state.take_progress()
        if progress is not None:
            self._events.append(progress)
