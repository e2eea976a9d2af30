"""What to ask for next: guided sizes from the front, and taking over from the slowest at the end.

Large segments mean few requests: some hosts count them, and each costs a round trip. But the digest follows the
contiguous front, so the segments in flight together stay within a window; and towards the end they shrink, so that
all connections finish at about the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.core.messages import ExchangeId
    from anymatix_fetcher.core.spans import SpanSet

MEBIBYTE = 1 << 20
FIRST_SEGMENT = 8 * MEBIBYTE
"""What the opening request asks for: enough to be worth a connection, little enough to lose nothing by it."""
SMALLEST_SEGMENT = 4 * MEBIBYTE
SEGMENT_SECONDS = 4.0
WINDOW = 256 * MEBIBYTE
"""How far the connections together may run ahead of the digest, or a sixteenth of the file where that is more."""
SMALLEST_THEFT = 2 * MEBIBYTE
"""Less than this left isn't worth another request, where it comes soon."""
SHORTEST_THEFT_SECONDS = 0.5
LONG_SECONDS = 1.5
"""What would take so long is worth another request, however little it is: many connections end together by that."""
SMALLEST_LONG_THEFT = MEBIBYTE // 4
OPEN_SECONDS = 1.0
"""A younger connection may still be opening its window: how long its rest will take can't be told yet."""
GRAIN = MEBIBYTE // 16
"""Little is divided inside a block, where the halves don't meet the blocks' edges."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes above, in bytes, as one value: a simulation divides small files as large ones are divided."""

    first_segment: int = FIRST_SEGMENT
    smallest_segment: int = SMALLEST_SEGMENT
    window: int = WINDOW
    smallest_theft: int = SMALLEST_THEFT
    smallest_long_theft: int = SMALLEST_LONG_THEFT


SIZES = Sizes()


def next_segment(
    waiting: SpanSet,
    *,
    length: int,
    block_size: int,
    connections: int,
    bytes_per_second: float,
    sizes: Sizes = SIZES,
) -> Span | None:
    """The next span to ask for: low offsets first; ``None`` where nothing waits.

    Args:
        waiting: What nobody has been asked for yet.
        length: Bytes of the whole file.
        block_size: Segments end on a block's boundary, or where the gap ends.
        connections: How many share the rest.
        bytes_per_second: What one connection brings; 0 where unknown.
        sizes: How small and how large.
    """
    if not waiting:
        return None
    guided = waiting.total // (2 * connections)
    by_window = max(sizes.window, length // 16) // connections
    by_time = int(bytes_per_second * SEGMENT_SECONDS) or sizes.first_segment
    size = max(sizes.smallest_segment, min(guided, by_window, max(by_time, sizes.first_segment)))
    gap = next(iter(waiting))
    stop = max((gap.start + size) // block_size, gap.start // block_size + 1) * block_size
    if gap.stop - stop < sizes.smallest_segment // 2:
        stop = gap.stop  # a remainder isn't worth its own request
    return Span(gap.start, stop)


@dataclass(frozen=True, slots=True)
class Lane:
    """What one flowing exchange still has to bring, how fast it does, and how long it has brought nothing."""

    exchange: ExchangeId
    rest: Span
    bytes_per_second: float
    age_seconds: float = 0.0
    silent_seconds: float = 0.0

    @property
    def seconds_left(self) -> float:
        """When it will be done at this rate; infinite where nothing comes."""
        return len(self.rest) / self.bytes_per_second if self.bytes_per_second > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class Theft:
    """An idle connection takes ``span`` from the end of ``victim``'s segment."""

    victim: ExchangeId
    span: Span


def theft(lanes: Iterable[Lane], block_size: int, sizes: Sizes = SIZES) -> Theft | None:
    """What an idle connection should take over: half of what the slowest would still need.

    ``None`` where nothing is worth another request.
    """
    worth = [
        Theft(lane.exchange, Span(middle, lane.rest.stop))
        for lane in sorted(lanes, key=lambda lane: lane.seconds_left, reverse=True)
        if (grain := _grain(lane, block_size, sizes)) is not None
        if lane.rest.start < (middle := _middle(lane.rest, grain)) < lane.rest.stop
    ]
    return worth[0] if worth else None


def _grain(lane: Lane, block_size: int, sizes: Sizes) -> int | None:
    """What a cut through the lane's rest has to be a multiple of; ``None`` where it isn't worth one."""
    if lane.age_seconds >= OPEN_SECONDS and lane.seconds_left > LONG_SECONDS:
        if len(lane.rest) >= max(sizes.smallest_theft, 4 * block_size):
            return block_size
        return min(GRAIN, block_size // 4) if len(lane.rest) >= sizes.smallest_long_theft else None
    worth = len(lane.rest) >= sizes.smallest_theft and lane.seconds_left > SHORTEST_THEFT_SECONDS
    return block_size if worth else None


def _middle(rest: Span, grain: int) -> int:
    middle = rest.start + len(rest) // 2
    return -(-middle // grain) * grain  # up: the victim's own block stays whole
