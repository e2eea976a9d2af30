"""The block map of a file: which parts are stored, in flight or missing, as a row of cells."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anymatix_fetcher.core.values.spans import SpanSet


class Cell(Enum):
    """The state of the bytes that one cell stands for."""

    MISSING = "missing"
    IN_FLIGHT = "in flight"
    PARTLY = "partly done"
    DONE = "done"
    VERIFIED = "verified"


def cells(*, stored: SpanSet, in_flight: SpanSet, verified: int, length: int, count: int) -> tuple[Cell, ...]:
    """The file of ``length`` bytes as ``count`` cells, or one cell per byte if it has fewer.

    A cell is verified or done only if all its bytes are. An incomplete cell is shown as in flight if any of its bytes
    are.

    Args:
        stored: The bytes that are written.
        in_flight: The bytes that are requested.
        verified: How many bytes at the front are hashed.
        length: The file's length; 0 gives no cells.
        count: The largest number of cells.
    """
    count = min(count, length)
    bounds = [index * length // count for index in range(count + 1)] if count > 0 else [0]
    here, asked = _covered(stored, bounds), _covered(in_flight, bounds)
    return tuple(
        _cell(stop - start, has, wants, proved=stop <= verified)
        for start, stop, has, wants in zip(bounds, bounds[1:], here, asked, strict=False)
    )


def rows(line: Sequence[Cell], width: int) -> list[Sequence[Cell]]:
    """The cells in rows of ``width``. The last row may be shorter."""
    return [line[start : start + width] for start in range(0, len(line), width)]


def runs(line: Sequence[Cell]) -> Iterator[tuple[Cell, int]]:
    """Runs of equal cells with their lengths, so that a row takes a few pieces of text instead of eighty."""
    start = 0
    for index in range(1, len(line) + 1):
        if index == len(line) or line[index] is not line[start]:
            yield line[start], index - start
            start = index


def _cell(size: int, has: int, wants: int, *, proved: bool) -> Cell:
    if has == size:
        return Cell.VERIFIED if proved else Cell.DONE
    if wants:
        return Cell.IN_FLIGHT
    return Cell.PARTLY if has else Cell.MISSING


def _covered(offsets: SpanSet, bounds: Sequence[int]) -> list[int]:
    """How many bytes of the set lie between each two adjacent bounds, in one pass over both."""
    counts = [0] * (len(bounds) - 1)
    index = 0
    for span in offsets:
        while index < len(counts) and bounds[index + 1] <= span.start:
            index += 1
        at = index
        while at < len(counts) and bounds[at] < span.stop:
            counts[at] += min(span.stop, bounds[at + 1]) - max(span.start, bounds[at])
            at += 1
    return counts
