"""The transport on libcurl: its multi interface, driven by our own selector.

The selector also contains a socket pair, through which other threads and signal handlers wake it.
"""

from __future__ import annotations

import selectors
import socket
from collections import deque
from contextlib import ExitStack, suppress
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

import pycurl

from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.messages import ExchangeFailed
from anymatix_fetcher.transports.curl.ahead import ConnectionsAhead
from anymatix_fetcher.transports.curl.buffers import Buffers
from anymatix_fetcher.transports.curl.exchange import CurlExchange
from anymatix_fetcher.transports.curl.failures import failure_of
from anymatix_fetcher.transports.curl.multi import CurlMulti
from anymatix_fetcher.transports.curl.options import UnusableRequestError, configured_handle, may_be_forwarded
from anymatix_fetcher.transports.curl.public_guard import PublicGuard
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.transports.proxies import proxy_for
from anymatix_fetcher.transports.receive_windows import ReceiveWindows, ReceivingSocket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.messages import ExchangeId
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.transports.base import NetworkSettings, Sink, TransportEvent

FLUSH_SECONDS = 0.03
"""The time for which gathered bytes may wait for the sink, and thus for the machine."""

LINGER_SECONDS = 0.05
"""The time for which a poll continues if it has only stored bytes to report, so that events are fewer and larger."""

STREAMS = 100
"""The number of requests that may share one connection, similar to the limits of servers (RFC 9113, section 6.5.2)."""


class CurlTransport:
    """A transport on libcurl; the contract is :class:`~anymatix_fetcher.transports.base.Transport`.

    Every exchange has its own easy handle, and its own connection in a multi without multiplexing. Each shared
    connection is a multi with multiplexing. A body waits for ``accept``, and for the limit, while libcurl is paused: it
    then stops reading from the socket, or stops extending the stream's window on a shared connection.
    """

    name = "curl"

    def __init__(self, settings: NetworkSettings, limiter: RateLimiter | None = None) -> None:
        self._settings = settings
        self._limiter = limiter or RateLimiter()
        self._held_back: deque[CurlExchange] = deque()
        self._gathering: dict[CurlExchange, None] = {}
        self._progressed: dict[CurlExchange, None] = {}
        self._buffers = Buffers()
        self._events: list[TransportEvent] = []
        self._exchanges: dict[ExchangeId, CurlExchange] = {}
        self._escaped: BaseException | None = None
        self._woken = self._wakeup_is_pending = False
        self.waited_seconds = 0.0
        self._closed = False
        with ExitStack() as opened:
            self._selector = opened.enter_context(selectors.DefaultSelector())
            self._wake_reader, self._wake_writer = socket.socketpair()
            opened.enter_context(self._wake_reader).settimeout(0)
            opened.enter_context(self._wake_writer).settimeout(0)
            self._selector.register(self._wake_reader, selectors.EVENT_READ)
            self._own = CurlMulti(self._selector)
            opened.pop_all()  # they stay open
        self._shared: dict[int, CurlMulti] = {}
        self._ahead = ConnectionsAhead()
        self._windows = ReceiveWindows()

    def start(self, exchange: ExchangeId, request: Request) -> None:
        """Implements ``Transport.start``."""
        state = CurlExchange(
            exchange,
            self._report,
            forwarded=may_be_forwarded(request.url, self._settings),
            limiter=self._limiter,
            queue=self._held_back,
            gathering=self._gathering,
            progressed=self._progressed,
            buffers=self._buffers,
            others=self._exchanges,
        )
        try:
            handle = configured_handle(request, self._settings, receive_bytes=self._limiter.piece_bytes)
        except UnusableRequestError as error:
            self._report(ExchangeFailed(exchange, Failure(FailureKind.UNUSABLE, str(error))))
            return
        handle.exchange, handle.origin = state, request.url.origin
        handle.setopt(pycurl.HEADERFUNCTION, state.on_header)
        handle.setopt(pycurl.WRITEFUNCTION, state.on_body)
        self._exchanges[exchange] = state
        state.use(handle, self._multi_for(request))
        is_guarded = request.public_only and proxy_for(request.url.origin, self._settings.proxy) is None
        handle.guard = PublicGuard(handle) if is_guarded else None
        if request.shared_connection is None or is_guarded:
            self._ahead.offer(handle, request.url.origin, handle.guard)
        state.multi.add(handle)

    def _multi_for(self, request: Request) -> CurlMulti:
        if request.shared_connection is None:
            return self._own
        if request.shared_connection not in self._shared:
            self._shared[request.shared_connection] = CurlMulti(self._selector, streams=STREAMS)
        return self._shared[request.shared_connection]

    @property
    def _multis(self) -> tuple[CurlMulti, ...]:
        return (self._own, *self._shared.values())

    def open_ahead(self, origin: Origin, count: int) -> None:
        """Opens connections to the peer of bodies from ``origin``, except through a proxy or over QUIC."""
        for state in self._exchanges.values():
            if state.is_accepted and state.multi is self._own and state.handle.origin == origin:
                if not self._settings.http3 and not self._went_through_proxy(state):
                    self._ahead.open(origin, count, state.handle.getinfo(pycurl.ACTIVESOCKET), monotonic())
                return

    def accept(self, exchange: ExchangeId, sink: Sink, start: int, stop: int | None) -> None:
        """Implements ``Transport.accept``."""
        state = self._exchanges.get(exchange)
        if state is None or not state.awaits_accept:
            return
        state.accept(sink, start, stop)
        self._resume(state)

    def narrow(self, exchange: ExchangeId, stop: int) -> None:
        """Implements ``Transport.narrow``."""
        state = self._exchanges.get(exchange)
        if state is not None:
            state.narrow(stop)
            self._release_ended(state)

    def cancel(self, exchange: ExchangeId) -> None:
        """Implements ``Transport.cancel``."""
        state = self._exchanges.get(exchange)
        if state is not None:
            state.silence()
            self._release_ended(state)
        self._events = [event for event in self._events if event.exchange != exchange]

    def poll(self, timeout_seconds: float) -> Sequence[TransportEvent]:
        """Implements ``Transport.poll``.

        Raises:
            BaseException: A sink raised it, and it isn't an ``Exception``; the exchange has failed.
        """
        began = monotonic()
        deadline = began + timeout_seconds
        while True:
            self._turn(self._next_moment(began, deadline))
            if self._escaped is not None:
                escaped, self._escaped = self._escaped, None
                raise escaped
            now = monotonic()
            if self._events or self._woken or now >= deadline:
                break
            if now - began >= LINGER_SECONDS and self._progressed:
                break
        self._woken = False
        if now >= self._windows.due_at:
            self._windows.share(self._flows(), now)
        self._ahead.close_old(now)
        for state in self._progressed:
            state.report_progress()
        self._progressed.clear()
        events, self._events = self._events, []
        return events

    def wake(self) -> None:
        """Implements ``Transport.wake``."""
        if self._wakeup_is_pending:
            return  # a wake-up is already pending
        self._wakeup_is_pending = True
        with suppress(OSError):  # a closed socket needs no wake-up
            self._wake_writer.send(b"\0")

    def close(self) -> None:
        """Implements ``Transport.close``."""
        if self._closed:
            return
        self._closed = True
        for state in list(self._exchanges.values()):
            state.silence()
            self._release_ended(state)
        for multi in self._multis:
            multi.close()
        self._ahead.close()
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()

    def _flows(self) -> list[ReceivingSocket]:
        """The bodies in transfer on connections of their own."""
        return [
            ReceivingSocket(state.exchange, state.handle.getinfo(pycurl.ACTIVESOCKET), state.received)
            for state in self._exchanges.values()
            if state.is_accepted and state.multi is self._own
        ]

    def _report(self, event: TransportEvent) -> None:
        self._events.append(event)

    def _next_moment(self, began: float, deadline: float) -> float:
        """The time until which there is nothing to do unless a socket is ready."""
        if self._events:
            return began
        moments = [state.gathered_since + FLUSH_SECONDS for state in islice(self._gathering, 1)]  # the oldest
        if self._held_back:
            moments.append(monotonic() + self._limiter.delay_seconds())
        moments.extend(multi.timer_at for multi in self._multis if multi.timer_at is not None)
        if self._progressed:
            moments.append(began + LINGER_SECONDS)
        return min(deadline, *moments) if moments else deadline

    def _turn(self, until: float) -> None:
        """Waits for sockets and lets libcurl work, once."""
        began = monotonic()
        all_ready = self._selector.select(max(0.0, until - began))
        now = monotonic()
        self.waited_seconds += now - began
        patience = now + LINGER_SECONDS
        for key, mask in all_ready:
            if monotonic() > patience:
                break  # on a fast line one socket may keep libcurl busy for tens of milliseconds; the others stay ready
            if key.fileobj is self._wake_reader:
                self._drain_wake_ups()
                continue
            key.data.act(key.fd, mask)
        for multi in self._multis:
            multi.notice_time()
        while self._held_back and not self._limiter.delay_seconds():
            self._resume(self._held_back.popleft())
        self._read_results()
        self._flush_waiting(monotonic() - FLUSH_SECONDS)

    def _resume(self, state: CurlExchange) -> None:
        """Resumes a paused body; libcurl calls ``on_body`` at once."""
        if state.paused and not state.over:
            state.go_on()
            try:
                state.handle.pause(pycurl.PAUSE_CONT)
            except pycurl.error as error:
                state.finish(self._failure(state, *error.args))
        self._release_ended(state)

    def _drain_wake_ups(self) -> None:
        self._woken = True
        with suppress(BlockingIOError):
            while self._wake_reader.recv(4096):
                pass
        # After reading the bytes: a caller in between has queued its work before, and this thread is awake.
        self._wakeup_is_pending = False

    def _read_results(self) -> None:
        for multi in self._multis:
            for handle, failed in multi.results():
                state = handle.exchange
                state.finish(None if failed is None else self._failure(state, *failed))
                self._release_ended(state, transfer_is_over=True)

    def _flush_waiting(self, since: float) -> None:
        """Passes bytes to sinks that were gathered before ``since``."""
        while (state := next(iter(self._gathering), None)) is not None and state.gathered_since <= since:
            state.flush_or_fail()
            self._release_ended(state)

    def _release_ended(self, state: CurlExchange, *, transfer_is_over: bool = False) -> None:
        """Releases the exchange's handle when it is no longer needed, and the exchange when it is over."""
        self._escaped = self._escaped or state.escaped
        if state.handle is not None and (state.over or transfer_is_over):
            # An incomplete transfer loses its connection; a complete one leaves it idle.
            state.release()
        if state.over:
            self._exchanges.pop(state.exchange, None)

    def _failure(self, state: CurlExchange, code: int, message: str) -> Failure:
        handle = state.handle
        if handle.guard is not None and handle.guard.failure is not None:
            refused: Failure = handle.guard.failure
            return refused
        os_error = handle.getinfo(pycurl.OS_ERRNO)
        if code == pycurl.E_COULDNT_CONNECT and not os_error:
            os_error = _socket_shortage()
        return failure_of(
            code,
            message,
            os_error=os_error,
            proxied=self._went_through_proxy(state),
            tunnel_status=handle.getinfo(pycurl.HTTP_CONNECTCODE),
            resolved=handle.getinfo(pycurl.NAMELOOKUP_TIME) > 0,
        )

    def _went_through_proxy(self, state: CurlExchange) -> bool:
        if hasattr(pycurl, "USED_PROXY"):
            return bool(state.handle.getinfo(pycurl.USED_PROXY))
        return state.forwarded or bool(self._settings.proxy)  # pycurl before 7.45.5 doesn't report it


def _socket_shortage() -> int:
    """The errno with which no socket can be created, which libcurl doesn't report; 0 if one can."""
    try:
        socket.socket().close()
    except OSError as error:
        return error.errno or 0
    return 0
