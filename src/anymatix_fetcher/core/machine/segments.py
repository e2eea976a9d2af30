"""Segments: the sizes of requests from the front, and work stealing at the end.

Large segments mean few requests: some hosts count them, and each costs a round trip. But the digest follows the
contiguous front, so the segments in flight together stay within a window. Towards the end they shrink, so that all
connections finish at about the same time. The rest of the slowest one is then shared with idle connections.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.core.values.messages import ExchangeId
    from anymatix_fetcher.core.values.spans import SpanSet

MEBIBYTE = 1 << 20
FIRST_SEGMENT = 8 * MEBIBYTE
"""The size of the opening request: large enough to be worth a connection, small enough to lose little."""
SMALLEST_SEGMENT = 4 * MEBIBYTE
SEGMENT_SECONDS = 4.0
WINDOW = 256 * MEBIBYTE
"""The distance that the connections may run ahead of the digest, or a sixteenth of the file if that is more."""
EVEN = 0.8
"""The largest part of the average remaining work of a connection that a segment may be, so that it ends with the
others. The rest is divided again, because connections aren't equally fast."""
LEAST_EVEN_SEGMENT = 2 * MEBIBYTE
SMALLEST_THEFT = MEBIBYTE // 2
"""A smaller rest isn't worth another request."""
LEAST_SAVED_SECONDS = 0.15
"""The minimum time that a theft has to save in addition to its cost."""
LEAST_COST = 128 << 10
"""The minimum bytes in flight that are lost for each connection closed in mid-body, because servers write ahead."""
OPEN_SECONDS = 1.0
"""A younger connection may still be in slow start, so it is assumed to be at least as fast as usual."""
LARGE_BLOCKS = 4
"""A rest of at least this many blocks is cut at a block boundary."""
GRAIN = MEBIBYTE // 16
"""The granularity of cuts within a block."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes above in bytes as a value, so that a simulation can divide small files like large ones."""

    first_segment: int = FIRST_SEGMENT
    smallest_segment: int = SMALLEST_SEGMENT
    window: int = WINDOW
    least_even_segment: int = LEAST_EVEN_SEGMENT
    smallest_theft: int = SMALLEST_THEFT


SIZES = Sizes()


def next_segment(
    waiting: SpanSet,
    *,
    length: int,
    block_size: int,
    connections: int,
    bytes_per_second: float,
    under_way: int = 0,
    sizes: Sizes = SIZES,
) -> Span | None:
    """The next span to request, low offsets first; ``None`` if none is left.

    Args:
        waiting: The spans that aren't requested yet.
        length: The file's size in bytes.
        block_size: Segments end at a block boundary, or at the end of the gap.
        connections: The number of connections that share the rest.
        bytes_per_second: The rate of one connection; 0 if unknown.
        under_way: The bytes that are requested and still to come.
        sizes: The smallest and largest segment.
    """
    if not waiting:
        return None
    guided = waiting.total // (2 * connections)
    by_window = max(sizes.window, length // 16) // connections
    by_time = int(bytes_per_second * SEGMENT_SECONDS) or sizes.first_segment
    size = max(sizes.smallest_segment, min(guided, by_window, max(by_time, sizes.first_segment)))
    if under_way:
        even = int(EVEN * (waiting.total + under_way)) // connections
        size = min(size, max(even, sizes.least_even_segment))
    gap = next(iter(waiting))
    stop = max((gap.start + size) // block_size, gap.start // block_size + 1) * block_size
    if gap.stop - stop < min(size, sizes.smallest_segment) // 2:
        stop = gap.stop  # a remainder isn't worth its own request
    return Span(gap.start, stop)


@dataclass(frozen=True, slots=True)
class Flow:
    """The state of one flow: its remaining span, its rate, and its silence."""

    exchange: ExchangeId
    rest: Span
    bytes_per_second: float
    age_seconds: float = 0.0
    silent_seconds: float = 0.0
    narrowed: bool = False
    """Whether its connection will be closed anyway, because it brings less than was requested."""

    @property
    def seconds_left(self) -> float:
        """The estimated remaining time; infinite if nothing arrives."""
        return _seconds_for(self.rest, self.bytes_per_second)


@dataclass(frozen=True, slots=True)
class Theft:
    """An idle connection takes over ``span``, the end of the segment of ``victim``.

    ``cost`` is the number of bytes in flight that are lost.
    """

    victim: ExchangeId
    span: Span
    cost: int


@dataclass(frozen=True, slots=True)
class Thief:
    """The idle connection, and the limits of a theft.

    Attributes:
        bytes_per_second: The usual rate of a connection; 0 if unknown.
        start_seconds: The time until the idle connection reaches it.
        round_trip_seconds: The time that bytes are in flight.
        budget: The number of bytes that may be lost.
    """

    bytes_per_second: float = 0.0
    start_seconds: float = 0.0
    round_trip_seconds: float = 0.0
    budget: float = inf


def theft(flows: Iterable[Flow], block_size: int, thief: Thief, sizes: Sizes = SIZES) -> Theft | None:
    """The work that an idle connection should take over from the slowest flow, so that both end at the same time.

    Args:
        flows: The flows.
        block_size: A large rest is cut at a block boundary.
        thief: The idle connection.
        sizes: The limits on segment sizes.

    Returns:
        The theft; ``None`` if nothing is worth another request.
    """
    large_enough = [flow for flow in flows if len(flow.rest) >= sizes.smallest_theft]
    slowest_first = sorted(large_enough, key=lambda flow: _seconds_left(flow, thief), reverse=True)
    thefts = (_share(flow, block_size, thief) for flow in slowest_first)
    return next((taken for taken in thefts if taken is not None), None)


def _share(flow: Flow, block_size: int, thief: Thief) -> Theft | None:
    rest, left = flow.rest, _seconds_left(flow, thief)
    kept = cost = 0.0
    if 0 < left < inf:
        alone = _seconds_for(rest, thief.bytes_per_second or len(rest) / left)  # the idle connection for all of it
        kept = (thief.start_seconds + alone) / (left + alone)  # kept * left == start + (1 - kept) * alone
        cost = 0.0 if flow.narrowed else max(len(rest) / left * thief.round_trip_seconds, LEAST_COST)
    if (1 - kept) * left < LEAST_SAVED_SECONDS or cost > thief.budget:
        return None
    grain = block_size if len(rest) >= LARGE_BLOCKS * block_size else min(GRAIN, block_size // 4)
    middle = max(-(-(rest.start + int(kept * len(rest))) // grain), rest.start // grain + 1) * grain
    return Theft(flow.exchange, Span(middle, rest.stop), int(cost)) if middle < rest.stop else None


def _seconds_left(flow: Flow, thief: Thief) -> float:
    """The estimated remaining time of a flow; 0.0 if it can't be estimated yet."""
    if flow.age_seconds >= OPEN_SECONDS:
        return flow.seconds_left
    rate = max(flow.bytes_per_second, thief.bytes_per_second)
    return _seconds_for(flow.rest, rate) if rate > 0 else 0.0


def _seconds_for(span: Span, bytes_per_second: float) -> float:
    return len(span) / bytes_per_second if bytes_per_second > 0 else inf
