"""One exchange as seen by libcurl's callbacks: its head, the wait for ``accept``, and its body.

libcurl delivers a body in pieces of at most 16 KiB (8 KiB and less over HTTP/2). They are gathered, so that the sink is
called with a few hundred kilobytes at a time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

import pycurl

from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed, HeadArrived
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.transports.base import EXCERPT_BYTES
from anymatix_fetcher.transports.curl.buffers import Buffers
from anymatix_fetcher.transports.heads import HeadReader, HeadRefusedError, excerpt_of
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.transports.raised import NOT_TAKEN, raised

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.messages import ExchangeId
    from anymatix_fetcher.transports.base import Sink, TransportEvent
    from anymatix_fetcher.transports.curl.multi import CurlMulti

GATHER_BYTES = 256 * 1024
"""The most bytes to gather for one exchange."""

_REFUSE = -1
"""The return value with which a callback ends its transfer; libcurl then reports code 23."""

_FIRST_ERROR_STATUS = 400
_PROXY_AUTHENTICATION_REQUIRED = 407


@dataclass(slots=True, eq=False)
class CurlExchange:
    """The state of one exchange, from its start to the one event that ends it.

    Args:
        exchange: Its id.
        report: Takes the events, in order.
        forwarded: Whether a proxy may respond instead of the origin, so that a 407 is the proxy's.
        limiter: The rate limiter.
        queue: The exchanges that wait for the rate limiter.
        gathering: The exchanges with gathered bytes, ordered by the age of those bytes.
        progressed: The exchanges with stored bytes that aren't reported yet.
        buffers: The pool of gathering buffers.
        others: All exchanges, this one among them; they take turns under the rate limiter.

    Attributes:
        handle: libcurl's easy handle; ``None`` before the start and after the end.
        multi: The multi handle that contains it.
        paused: Whether libcurl holds a piece of the body until it is resumed.
        over: Whether the exchange has ended, failed or was dropped.
        escaped: What a callback or the sink raised that isn't an ``Exception``, to be raised by ``poll``.
        gathered_since: When the first of the gathered bytes arrived.
    """

    exchange: ExchangeId
    report: Callable[[TransportEvent], None]
    forwarded: bool
    limiter: RateLimiter = field(default_factory=RateLimiter)
    queue: deque[CurlExchange] = field(default_factory=deque)
    gathering: dict[CurlExchange, None] = field(default_factory=dict, repr=False)
    progressed: dict[CurlExchange, None] = field(default_factory=dict, repr=False)
    buffers: Buffers = field(default_factory=Buffers, repr=False)
    others: Sized = field(default=(), repr=False)

    handle: Any = field(default=None, init=False, repr=False)
    multi: CurlMulti = field(init=False, repr=False)
    paused: bool = field(default=False, init=False)
    over: bool = field(default=False, init=False)
    escaped: BaseException | None = field(default=None, init=False)
    gathered_since: float = field(default=0.0, init=False)

    _head: HeadReader = field(default_factory=HeadReader, init=False)
    _head_reported: bool = field(default=False, init=False)
    _body_is_whole: bool = field(default=False, init=False)
    _taken: int = field(default=0, init=False)
    _cut: bool = field(default=False, init=False)
    _goes_on: bool = field(default=False, init=False)
    _failure: Failure | None = field(default=None, init=False)

    _sink: Sink | None = field(default=None, init=False)
    _start: int = field(default=0, init=False)
    _stop: int | None = field(default=None, init=False)
    # [_start, _reported) is reported, [_reported, _stored) is in the sink, and _filled bytes are gathered.
    _reported: int = field(default=0, init=False)
    _stored: int = field(default=0, init=False)
    _filled: int = field(default=0, init=False)
    _buffer: bytearray = field(default_factory=bytearray, init=False)

    def use(self, handle: Any, multi: CurlMulti) -> None:  # noqa: ANN401 - a pycurl.Curl, which has no stubs
        """Sets the handle that carries it, and the multi that contains that."""
        self.handle, self.multi = handle, multi

    def go_on(self) -> None:
        """Marks the body as no longer paused."""
        self.paused = False

    def release(self) -> None:
        """Removes and closes its handle."""
        self.multi.remove(self.handle)
        self.handle.close()
        self.handle = None

    @property
    def awaits_accept(self) -> bool:
        """Whether the head was reported and the body isn't accepted yet."""
        return self._head_reported and self._sink is None and not self.over

    @property
    def is_accepted(self) -> bool:
        """Whether its body is accepted and hasn't ended."""
        return self._sink is not None and self.handle is not None

    @property
    def received(self) -> int:
        """The number of the body's bytes that were received."""
        return self._stored + self._filled - self._start

    @property
    def has_gathered(self) -> bool:
        """Whether bytes are gathered."""
        return self._filled > 0

    @property
    def has_progress(self) -> bool:
        """Whether stored bytes aren't reported yet."""
        return self._stored > self._reported

    # libcurl's callbacks: pycurl prints what they raise and goes on, so they raise nothing ---------------------

    def on_header(self, line: bytes) -> int | None:
        """Takes one line of a header section."""
        try:
            head = self._head.feed(line)
        except HeadRefusedError as error:
            self._failure = Failure(FailureKind.PROTOCOL, str(error))
            return _REFUSE
        except BaseException as error:  # noqa: BLE001 - see above
            self._failure = self._failure_for(error)
            return _REFUSE
        if head is None:
            return None
        if self.forwarded and head.status == _PROXY_AUTHENTICATION_REQUIRED:
            self._failure = Failure(FailureKind.PROXY, "the proxy wants other credentials (407)")
            return _REFUSE
        if head.status < _FIRST_ERROR_STATUS:
            self._report_head(head, b"")
        return None

    def on_body(self, piece: bytes) -> int | None:
        """Takes one piece of the body, or pauses libcurl until the body is accepted or the limit allows it."""
        try:
            if self._sink is None:
                return self._hold_back(piece)
            if self.limiter.limits:
                if self.limiter.delay_seconds() or self._has_had_its_turn:
                    self.queue.append(self)
                    self.paused, self._taken = True, 0
                    return int(pycurl.WRITEFUNC_PAUSE)
                self.limiter.spend(len(piece))
                self._taken += len(piece)
            return self._take(piece)
        except BaseException as error:  # noqa: BLE001 - see above
            self._failure = self._failure_for(error)
        return _REFUSE

    @property
    def _has_had_its_turn(self) -> bool:
        """Whether it has taken its part of what the limiter gives at a time: ready sockets come in no fair order."""
        return len(self.others) > 1 and self._taken * len(self.others) >= self.limiter.turn_bytes

    def _hold_back(self, piece: bytes) -> int | None:
        if self.over:
            return _REFUSE
        head = self._head.head
        if head is not None and not self._head_reported:
            self._report_head(head, piece[:EXCERPT_BYTES])
        self.paused = True
        return int(pycurl.WRITEFUNC_PAUSE)

    def _take(self, piece: bytes) -> int | None:
        size = len(piece)
        stop = self._stop
        if stop is not None:
            room = stop - self._stored - self._filled
            if size >= room:
                self._gather(piece[:room], room)
                if size > room or self._promises_more or self._hides_end:
                    self._cut = True
                    self._goes_on = self._promised is None
                    return _REFUSE
                return None
        self._gather(piece, size)
        return None

    def _gather(self, piece: bytes, size: int) -> None:
        filled = self._filled
        if filled + size > len(self._buffer):
            self.flush()
            filled = 0
            if size > len(self._buffer):
                self._write(piece, size)
                return
        if not filled:
            self.gathered_since = monotonic()
            self.gathering[self] = None
        self._buffer[filled : filled + size] = piece
        self._filled = filled + size

    # The transport's side ---------------------------------------------------------------------------------------

    def accept(self, sink: Sink, start: int, stop: int | None) -> None:
        """Lets the body flow; ends the exchange if the body is empty and has ended already."""
        if stop is None and self._hides_end:
            stop = start + (self._promised or 0)
        if stop is not None:
            stop = max(start, stop)
        self._buffer = self.buffers.take(GATHER_BYTES if stop is None else min(GATHER_BYTES, stop - start))
        self._start = self._stored = self._reported = start
        self._stop = stop
        self._sink = sink
        if self._body_is_whole:
            self._end()

    def narrow(self, stop: int) -> None:
        """Lowers the body's stop, and ends the exchange if everything before it has arrived."""
        if self._sink is None or (self._stop is not None and stop >= self._stop):
            return
        self._stop = stop
        surplus = self._stored + self._filled - stop
        if surplus > 0 or (surplus == 0 and self._promises_more):
            self._filled = max(0, self._filled - surplus)
            self._end()

    def finish(self, outcome: Failure | None) -> None:
        """Takes the end of the transfer; ``None`` means that it is complete according to libcurl."""
        head = self._head.head
        if head is not None and not self._head_reported and self._failure is None:
            self._report_head(head, b"")
        failure = self._failure or outcome
        if head is None and failure is None:
            # libcurl takes a connection that closes within the header section for a response without a body.
            failure = Failure(FailureKind.LOST, "the connection was closed within the response's head")
        if self._cut:
            self._end()
        elif failure is not None:
            self._fail(failure)
        elif self._sink is None:
            self._body_is_whole = True
        else:
            self._end()

    def flush_or_fail(self) -> bool:
        """Passes gathered bytes to the sink; ``False`` if that failed and has ended the exchange."""
        try:
            self.flush()
        except BaseException as error:  # noqa: BLE001 - it fails this exchange only
            self._fail(self._failure_for(error))
            return False
        return True

    def flush(self) -> None:
        """Passes gathered bytes to the sink."""
        filled = self._filled
        if filled:
            self._filled = 0
            del self.gathering[self]
            self._write(memoryview(self._buffer)[:filled], filled)

    def report_progress(self) -> None:
        """Reports the bytes stored since the last call as one event, unless the exchange is over."""
        if self._stored > self._reported and not self.over:
            self.report(BodyStored(self.exchange, Span(self._reported, self._stored)))
            self._reported = self._stored

    def silence(self) -> None:
        """Drops the exchange: its sink isn't called again, and it reports nothing more."""
        self.over = True
        self._sink = None
        self._filled = 0
        self.gathering.pop(self, None)
        self.progressed.pop(self, None)
        buffer, self._buffer = self._buffer, bytearray()
        self.buffers.give_back(buffer)

    def _write(self, data: bytes | memoryview, size: int) -> None:
        if self._sink is None:
            return  # dropped meanwhile
        self._sink.write(self._stored, data)
        self._stored += size
        self.progressed[self] = None

    @property
    def _promises_more(self) -> bool:
        """Whether the head states that the body continues beyond ``stop``."""
        length = self._promised
        return length is not None and self._stop is not None and self._start + length > self._stop

    @property
    def _hides_end(self) -> bool:
        """Whether libcurl waits for the connection's end although a length is stated, because of ``identity``."""
        head = self._head.head
        if head is None or head.transfer_coding or self._promised is None:
            return False
        return head.headers.get("Transfer-Encoding") is not None

    @property
    def _promised(self) -> int | None:
        """The body's length, if the head states it."""
        head = self._head.head
        return None if head is None else head.body_length

    def _report_head(self, head: ResponseHead, body: bytes) -> None:
        self._head_reported = True
        self.report(HeadArrived(self.exchange, head, excerpt_of(head, body)))

    def _end(self) -> None:
        if self.flush_or_fail():
            self.report_progress()
            self.report(BodyEnded(self.exchange, goes_on=self._goes_on))
            self.silence()

    def _fail(self, failure: Failure) -> None:
        # The bytes before the failure are in order and valid.
        if failure.kind not in NOT_TAKEN and not self.flush_or_fail():
            return
        self.report_progress()
        self.report(ExchangeFailed(self.exchange, failure))
        self.silence()

    def _failure_for(self, error: BaseException) -> Failure:
        """The failure for an exception of the sink or a callback. ``poll`` raises interrupts as well."""
        if not isinstance(error, Exception):
            self.escaped = error
        return raised(error)
