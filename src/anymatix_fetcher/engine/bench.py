"""Measures the throughput of one file over several numbers of connections, and the speed of this machine.

Nothing is stored. Requests follow the same rules as downloads: redirects hop by hop, credentials for the origin only,
every head judged. Bodies go into a counting sink. Connections stay open from one step to the next.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.address import MAX_HOPS, Address
from anymatix_fetcher.core.answers.expiry import signs_range
from anymatix_fetcher.core.answers.explain import failure_error, refusal_error
from anymatix_fetcher.core.answers.judge import Accepted, Known, Redirected, judge
from anymatix_fetcher.core.pace.diagnosis import BenchStep, Machine, diagnose, is_clear
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Refused
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed, ExchangeId, HeadArrived
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import DownloadCancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.core.pace.diagnosis import Diagnosis
    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.transports.base import Transport, TransportEvent

WARM_UP_SHARE = 0.4
"""The share of a step that isn't measured, because congestion windows have to open first."""
SEGMENT_BYTES = 64 << 20
TURN_SECONDS = 0.05
ANSWER_SECONDS = 20.0
"""The deadline for the first response."""
UNANSWERED_SECONDS = 2.0
"""A connection that waits this long, and most of a step, for a response was refused."""
WORTH_ASKING_BYTES = 65_536
"""A body that breaks off before this counts as a refusal, so that a server that resets connections isn't hammered."""
RENEWALS = 5
_FORBIDDEN = (401, 403)
_HASHED_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The result of a benchmark.

    Args:
        url: The URL that was measured, without secrets.
        length: The file's length; ``None`` if the server doesn't state it.
        ranged: Whether the server supports ranges.
        bytes_transferred: The total transfer.
        steps: The steps, by increasing number of connections.
        machine: The capacities of this machine.
        disk_trouble: Why the disk wasn't measured; usually empty.
        interrupted: Whether it was stopped before its end.
    """

    url: str
    length: int | None = None
    ranged: bool = True
    bytes_transferred: int = 0
    steps: tuple[BenchStep, ...] = ()
    machine: Machine = Machine()  # noqa: RUF009 - frozen, so sharing it is safe
    disk_trouble: str = ""
    interrupted: bool = False

    @property
    def repeated(self) -> bool:
        """Whether parts of the file were transferred more than once, because it is small."""
        return self.length is not None and self.bytes_transferred > self.length

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The bottleneck and what to do about it; ``None`` if nothing was measured."""
        return diagnose(self.steps, self.machine, ranged=self.ranged)


@dataclass(slots=True, eq=False)
class _Flow:
    """One exchange: its request and its progress."""

    request: Request
    started_at: float
    hops: int
    wanted: Span | None
    flows: bool = False
    brought: int = 0


class _CountingSink:
    """Counts bytes and discards them."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Implements ``Sink``."""
        del offset
        self.count += len(data)


class Bench:
    """Streams one file over varying numbers of connections.

    Args:
        resource: The file.
        transport: The transport; the caller closes it.
        clock: The monotonic time in seconds.
        processor_clock: The processor time that this process has used, in seconds.
        is_cancelled: Whether to stop. The code that sets it also wakes the transport.
    """

    def __init__(
        self,
        resource: Resource,
        transport: Transport,
        *,
        clock: Callable[[], float],
        processor_clock: Callable[[], float],
        is_cancelled: Callable[[], bool],
    ) -> None:
        self.length: int | None = resource.length
        self.ranged = True
        self._address = Address(resource)
        self._transport = transport
        self._clock = clock
        self._processor_clock = processor_clock
        self._is_cancelled = is_cancelled
        self._sink = _CountingSink()
        self._flows: dict[ExchangeId, _Flow] = {}
        self._number = 0
        self._cursor = 0
        self._wanted = 1
        self._refusals = 0
        self._renewals = 0
        self._opening: Refused | Failure | None = None

    @property
    def bytes_transferred(self) -> int:
        """The payload so far."""
        return self._sink.count

    def open(self) -> None:
        """Sends the first request, and follows redirects until its body arrives.

        Raises:
            FetchError: The server refuses, or can't be reached.
            DownloadCancelled: It was stopped.
        """
        deadline = self._clock() + ANSWER_SECONDS
        while not self._flowing:
            if self._clock() >= deadline:
                self._opening = Failure(FailureKind.SILENT, "no answer came")
            if self._opening is not None:
                url = self._address.origin_url
                opening = self._opening
                raise failure_error(opening, url) if isinstance(opening, Failure) else refusal_error(opening, url)
            self._turn()

    def steps(self, counts: Sequence[int], seconds: float, on_step: Callable[[BenchStep], None]) -> bool:
        """Measures each count for ``seconds``, until further ones can't change the result. False if it was stopped.

        Args:
            counts: Increasing numbers of connections.
            seconds: The duration of each step.
            on_step: Called with each step as soon as it is measured.
        """
        measured: list[BenchStep] = []
        for count in counts if self.ranged else counts[:1]:
            try:
                measured.append(self._step(count, seconds))
            except DownloadCancelled:
                return False
            on_step(measured[-1])
            if is_clear(measured):
                break
        return True

    def close(self) -> None:
        """Cancels all exchanges."""
        for exchange in list(self._flows):
            self._drop(exchange)

    # Measuring --------------------------------------------------------------------------------------------

    def _step(self, count: int, seconds: float) -> BenchStep:
        self._wanted, self._refusals, self._opening = count, 0, None
        began = self._clock()
        self._run_until(began + seconds * WARM_UP_SHARE)
        measured_from, bytes_before, used_before = self._clock(), self._sink.count, self._processor_clock()
        borne = self._run_until(began + seconds)
        now = self._clock()
        elapsed = max(now - measured_from, 1e-9)
        patience = max(UNANSWERED_SECONDS, 0.8 * seconds)
        unanswered = sum(not flow.flows and now - flow.started_at >= patience for flow in self._flows.values())
        return BenchStep(
            connections=count,
            borne=borne,
            refusals=self._refusals + unanswered,
            bytes_per_second=(self._sink.count - bytes_before) / elapsed,
            processor_share=(self._processor_clock() - used_before) / elapsed,
        )

    def _run_until(self, moment: float) -> int:
        """Runs until ``moment``; returns the peak number of bodies in transfer."""
        most = self._flowing
        while self._clock() < moment:
            self._turn()
            most = max(most, self._flowing)
        return most

    def _turn(self) -> None:
        if self._is_cancelled():
            raise DownloadCancelled("the measurement was stopped", hint="Nothing was stored; measure again later.")
        while self._may_ask():
            self._ask(self._address.target or self._address.origin_url)
        for event in self._transport.poll(TURN_SECONDS):
            flow = self._flows.get(event.exchange)
            if flow is not None:
                self._take(event, flow)

    @property
    def _flowing(self) -> int:
        return sum(flow.flows for flow in self._flows.values())

    # Asking -----------------------------------------------------------------------------------------------

    def _may_ask(self) -> bool:
        if not self._address.settled and any(not flow.flows for flow in self._flows.values()):
            return False  # one request follows the redirects for all, because each such request may be counted
        return self._opening is None and len(self._flows) < max(1, self._wanted - self._refusals)

    def _ask(self, url: Url, hops: int = 0, span: Span | None = None) -> None:
        if span is None and self.ranged:
            span = self._next_span()
        self._number += 1
        exchange = ExchangeId(0, self._number)
        request = self._address.request(url, span, if_range=None, fresh_connection=False, http1_only=False)
        self._flows[exchange] = _Flow(request, self._clock(), hops, span)
        self._transport.start(exchange, request)

    def _next_span(self) -> Span:
        if self.length is None:
            return Span(0, SEGMENT_BYTES)
        start = self._cursor
        stop = min(start + max(1, min(SEGMENT_BYTES, self.length // self._wanted)), self.length)
        self._cursor = stop % self.length
        return Span(start, stop)

    def _drop(self, exchange: ExchangeId) -> None:
        self._flows.pop(exchange, None)
        self._transport.cancel(exchange)

    # Answers ----------------------------------------------------------------------------------------------

    def _take(self, event: TransportEvent, flow: _Flow) -> None:
        match event:
            case HeadArrived():
                self._judge(event, flow)
            case BodyStored():
                flow.brought += len(event.span)
            case BodyEnded():
                del self._flows[event.exchange]
            case ExchangeFailed():
                del self._flows[event.exchange]
                if flow.brought < WORTH_ASKING_BYTES:
                    self._refused(event.failure)

    def _judge(self, event: HeadArrived, flow: _Flow) -> None:
        match judge(flow.request, event.head, Known(self.length), event.excerpt):
            case Accepted() as accepted:
                self._accept(event.exchange, flow, accepted)
            case Redirected(url):
                self._drop(event.exchange)
                self._address.take_cookies(flow.request, event.head)
                if flow.hops < MAX_HOPS:
                    self._follow(url, flow)
                else:
                    self._refused(Failure(FailureKind.PROTOCOL, f"more than {MAX_HOPS} redirects"))
            case Refused() as refused:
                self._drop(event.exchange)
                if not self._renew(flow, refused):
                    self._refused(refused)

    def _follow(self, url: Url, flow: _Flow) -> None:
        """Requests a redirect's target; one that is signed for one range is requested again without a range."""
        if flow.request.span is not None and signs_range(url):
            url = flow.request.url
            self._address.range_signers.prove(url.origin)
        self._ask(url, flow.hops + 1, flow.wanted)

    def _accept(self, exchange: ExchangeId, flow: _Flow, accepted: Accepted) -> None:
        on_the_way = flow.wanted is not None and flow.request.span is None
        stop = accepted.stop
        if on_the_way and flow.wanted is not None and stop is not None:
            stop = min(stop, flow.wanted.stop)
        if not self._address.served:
            self.ranged = (accepted.ranged or on_the_way) and accepted.length is not None
            self.length = accepted.length
            self._cursor = (stop or 0) % max(1, accepted.length or 1)
        self._address.settle(flow.request.url)
        flow.flows = True
        self._transport.accept(exchange, self._sink, accepted.start, stop)

    def _renew(self, flow: _Flow, refused: Refused) -> bool:
        """True if the refusal only means that a signed URL has expired; it is then resolved again."""
        if refused.status not in _FORBIDDEN or flow.hops:
            return False
        if flow.request.url != (self._address.target or self._address.origin_url):
            return True  # another exchange has already found that out
        if not self._address.derived or self._renewals >= RENEWALS:
            return False
        self._renewals += 1
        self._address.expire()
        return True

    def _refused(self, why: Refused | Failure) -> None:
        self._refusals += 1
        if not self._flowing:
            self._opening = why


def hashing_speed(clock: Callable[[], float], *, seconds: float = 0.2) -> float:
    """The throughput of SHA-256 on one core, in bytes per second."""
    piece, hashed, digest = bytes(_HASHED_BYTES // 16), 0, hashlib.sha256()
    began = clock()
    while hashed < _HASHED_BYTES or clock() - began < seconds:
        digest.update(piece)
        hashed += len(piece)
    return hashed / max(clock() - began, 1e-9)
