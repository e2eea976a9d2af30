"""One exchange: the work of its thread, and the commands from the polling thread.

The exchange's lock is held while the sink is called, and while the exchange is ended. Therefore the sink isn't called
after ``drop`` has returned.
"""

from __future__ import annotations

from threading import Event, Lock
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed, HeadArrived
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.transports.base import EXCERPT_BYTES
from anymatix_fetcher.transports.heads import excerpt_of
from anymatix_fetcher.transports.proxies import UnusableProxyError, proxy_for
from anymatix_fetcher.transports.raised import raised
from anymatix_fetcher.transports.receive_windows import ReceivingSocket
from anymatix_fetcher.transports.threads.bodies import body_of
from anymatix_fetcher.transports.threads.connection import SLICE_SECONDS, AbandonedError, Route
from anymatix_fetcher.transports.threads.failures import BrokenExchangeError
from anymatix_fetcher.transports.threads.limit import LimitedBody
from anymatix_fetcher.transports.threads.request import request_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.core.values.messages import ExchangeId
    from anymatix_fetcher.transports.base import NetworkSettings, Sink, TransportEvent
    from anymatix_fetcher.transports.limiter import RateLimiter
    from anymatix_fetcher.transports.threads.bodies import Body
    from anymatix_fetcher.transports.threads.connection import Connection, IdleConnections
    from anymatix_fetcher.transports.threads.opening import Opener
    from anymatix_fetcher.transports.threads.turns import Turns

GATHER_BYTES = 1 << 20
"""The most bytes to pass to the sink at once. TLS delivers 16 KiB at a time, and each call takes the GIL twice."""

_FIRST_ERROR_STATUS = 400
_PROXY_AUTHENTICATION_REQUIRED = 407


class ThreadsExchange:
    """The state of one exchange, from its start to the one event that ends it.

    Args:
        exchange: Its id.
        request: The request.
        report: Takes the events, in order; the exchange itself when it has progress; and unexpected exceptions.
        settings: The network settings.
        opener: Opens connections.
        idle: The pool of idle connections.
        limiter: The rate limiter.
        turns: The turns to read the body in.
    """

    def __init__(
        self,
        exchange: ExchangeId,
        request: Request,
        report: Callable[[Happening], None],
        *,
        settings: NetworkSettings,
        opener: Opener,
        idle: IdleConnections,
        limiter: RateLimiter,
        turns: Turns,
    ) -> None:
        self.exchange = exchange
        self._request = request
        self._report = report
        self._settings = settings
        self._opener = opener
        self._idle = idle
        self._limiter = limiter
        self._turns = turns
        self._lock = Lock()
        self._over = False
        self._is_dropped = False
        self._connection: Connection | None = None
        self._decided = Event()
        self._sink: Sink | None = None
        self._stop: int | None = None
        # [_reported, _stored) is in the sink, but not reported yet.
        self._start = self._reported = self._stored = 0
        self._progress_is_told = False

    # For the thread that polls ----------------------------------------------------------------------------------

    def accept(self, sink: Sink, start: int, stop: int | None) -> None:
        """Lets the body flow."""
        if self._sink is None:
            self._start = self._reported = self._stored = start
            self._stop = None if stop is None else max(start, stop)
            self._sink = sink
            self._decided.set()

    def narrow(self, stop: int) -> None:
        """Lowers the body's stop, and ends the exchange if everything before it is stored."""
        if self._sink is None or (self._stop is not None and stop >= self._stop):
            return
        self._stop = stop  # from now on the exchange's thread ends by itself, unless it waits for bytes beyond the stop
        if self._stored >= stop:
            with self._lock:
                self._end_with(BodyEnded(self.exchange))

    def drop(self) -> None:
        """Abandons the exchange; waits for a call of the sink that is in progress."""
        self._is_dropped = True  # before the lock, which the thread could otherwise take for the next call
        with self._lock:
            self._end_with(None)

    @property
    def flow(self) -> ReceivingSocket | None:
        """The state of its body's transfer; ``None`` before and after it."""
        connection = self._connection
        if self._sink is None or connection is None:
            return None
        # Race: the worker may close the socket meanwhile, and the descriptor be reused. One wrong reading is harmless.
        return ReceivingSocket(self.exchange, connection.descriptor, self._stored - self._start)

    def take_progress(self) -> BodyStored | None:
        """The bytes stored since the last call."""
        self._progress_is_told = False  # before reading the position, so that later progress is reported again
        reported, stored = self._reported, self._stored
        self._reported = stored
        return BodyStored(self.exchange, Span(reported, stored)) if stored > reported else None

    # The exchange's own thread ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Runs the exchange from start to end."""
        try:
            self._converse()
        except AbandonedError:
            pass
        except BrokenExchangeError as error:
            self._fail(error.failure)
        except BaseException as error:  # noqa: BLE001 - it fails this exchange only
            if not isinstance(error, Exception):
                self._report(error)
            self._fail(raised(error))
        finally:
            with self._lock:
                self._over = True
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None

    def _converse(self) -> None:
        origin = self._request.url.origin
        try:
            route = Route(origin, proxy_for(origin, self._settings.proxy), self._request.public_only)
        except UnusableProxyError as error:
            raise BrokenExchangeError(FailureKind.UNUSABLE, str(error)) from None
        connection, head = self._ask(route)
        if route.forwarder is not None and head.status == _PROXY_AUTHENTICATION_REQUIRED:
            raise BrokenExchangeError(FailureKind.PROXY, "the proxy wants other credentials (407)")
        body = body_of(head, connection)
        first = memoryview(bytearray(EXCERPT_BYTES))[: EXCERPT_BYTES if head.status >= _FIRST_ERROR_STATUS else 0]
        filled, broken = _fill(body, first, until_full=False) if first else (0, None)
        self._report(HeadArrived(self.exchange, head, excerpt_of(head, bytes(first[:filled]))))
        if broken is not None:
            raise broken
        self._decided.wait()
        if filled:
            self._store(first[:filled])
        connection.take_turns(self._turns)
        with self._turns.busy():
            self._carry(LimitedBody(body, self._limiter, lambda: self._over))
            goes_on = not body.states_length and not body.is_whole and _goes_on(body)
        connection.take_turns(None)
        is_reusable = body.is_whole and not body.ends_connection and not connection.has_surplus
        self._end(connection, BodyEnded(self.exchange, goes_on=goes_on), is_reusable=is_reusable)

    def _ask(self, route: Route) -> tuple[Connection, ResponseHead]:
        """Sends the request; returns the connection and the response's head."""
        forwarder = route.forwarder
        asked = request_bytes(self._request, user_agent=self._settings.user_agent, forwarder=forwarder)
        idle = None if self._request.fresh_connection else self._idle.take(route)
        if idle is not None:
            self._hold(idle)
            try:
                idle.send(asked)
                return idle, idle.read_head()
            except BrokenExchangeError:
                if idle.heard:
                    raise
                # The server closed it at the same moment (RFC 9112, section 9.3.1): a GET is idempotent and may be sent
                # again.
                self._let_go(idle)
        connection = self._opener.open(route, self._hold, lambda: not self._over)
        connection.send(asked)
        return connection, connection.read_head()

    def _hold(self, connection: Connection) -> None:
        """Sets the connection that is interrupted when the exchange is dropped."""
        with self._lock:
            if self._over:
                connection.close()
                raise AbandonedError
            self._connection = connection

    def _let_go(self, connection: Connection) -> None:
        with self._lock:
            self._connection = None
            connection.close()

    def _carry(self, body: Body) -> None:
        """Stores the body, up to its end or the accepted stop."""
        buffer = memoryview(bytearray(self._room(GATHER_BYTES)))
        while room := self._room(len(buffer)):
            filled, broken = _fill(body, buffer[:room])
            if filled:
                self._store(buffer[:filled])
            if broken is not None:
                raise broken
            if not filled:
                return

    def _room(self, limit: int) -> int:
        stop = self._stop
        return limit if stop is None else max(0, min(limit, stop - self._stored))

    def _store(self, data: memoryview) -> None:
        with self._lock:
            if self._over or self._is_dropped or self._sink is None:
                raise AbandonedError
            data = data[: self._room(len(data))]
            if not data:
                return  # narrowed meanwhile
            try:
                self._sink.write(self._stored, data)
            except Exception as error:  # noqa: BLE001 - it fails this exchange only
                failure = raised(error)
                raise BrokenExchangeError(failure.kind, failure.detail, failure.os_error) from None
            self._stored += len(data)
        if not self._progress_is_told:
            self._progress_is_told = True
            self._report(self)

    def _end(self, connection: Connection, event: BodyEnded, *, is_reusable: bool) -> None:
        with self._lock:
            if self._over:
                return
            if is_reusable:
                self._connection = None
                self._idle.put(connection)
            self._end_with(event)

    def _fail(self, failure: Failure) -> None:
        with self._lock:
            self._end_with(ExchangeFailed(self.exchange, failure))

    def _end_with(self, event: BodyEnded | ExchangeFailed | None) -> None:
        """Ends the exchange once, under the lock; nothing is stored or reported afterwards."""
        if self._over:
            return
        self._over = True
        self._sink = None
        self._decided.set()
        if self._connection is not None:
            self._connection.interrupt()
        if event is not None:
            self._report(event)


def _goes_on(body: Body) -> bool:
    """Whether a body without a stated length has another byte after its stop."""
    filled, broken = _fill(body, memoryview(bytearray(1)))
    if broken is not None:
        raise broken
    return filled > 0


def _fill(body: Body, view: memoryview, *, until_full: bool = True) -> tuple[int, BrokenExchangeError | None]:
    """Fills ``view``; returns the number of bytes, and the error that ended reading.

    Waits for the first bytes, then continues until the view is full, the body ends, or a tenth of a second has passed.
    """
    filled, enough_at = 0, 0.0
    while filled < len(view):
        try:
            count = body.read_into(view[filled:])
        except TimeoutError:
            if filled:
                break
            continue
        except BrokenExchangeError as error:
            return filled, error
        if not count or not until_full:
            filled += count
            break
        now = monotonic()
        if not filled:
            enough_at = now + SLICE_SECONDS
        filled += count
        if now > enough_at:
            break
    return filled, None


Happening: TypeAlias = "TransportEvent | ThreadsExchange | BaseException"
"""The reports of an exchange's thread."""
