"""Spans and sets of spans: the interval arithmetic for bytes of files.

A span is half-open, ``[start, stop)``, in bytes from the beginning of the file. A :class:`SpanSet` has one canonical
form (sorted, disjoint, never adjacent), so equal sets are equal values.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The bytes ``[start, stop)``."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.stop:
            raise ValueError(f"not a span: [{self.start}, {self.stop})")

    def __len__(self) -> int:
        return self.stop - self.start

    def __bool__(self) -> bool:
        return self.stop > self.start

    def __contains__(self, offset: int) -> bool:
        return self.start <= offset < self.stop

    def __str__(self) -> str:
        return f"[{self.start}, {self.stop})"

    def covers(self, other: Span) -> bool:
        """Whether every byte of ``other`` is in this span; always true for an empty one."""
        return not other or (self.start <= other.start and other.stop <= self.stop)

    def intersection(self, other: Span) -> Span:
        """The bytes in both spans; an empty span at this one's start if there are none."""
        start, stop = max(self.start, other.start), min(self.stop, other.stop)
        return Span(start, stop) if start < stop else Span(self.start, self.start)

    def blocks(self, size: int) -> range:
        """The indices of the blocks of ``size`` bytes that this span touches."""
        if not self:
            return range(0)
        return range(self.start // size, (self.stop - 1) // size + 1)


@dataclass(frozen=True, slots=True)
class SpanSet:
    """A set of byte offsets, as sorted, disjoint, non-empty spans with gaps between them.

    Built by :meth:`of`; the constructor doesn't check its argument.
    """

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, *spans: Span) -> SpanSet:
        """The union of ``spans``, in any order, overlapping or not."""
        if len(spans) == 1:
            return cls(spans if spans[0] else ())
        merged: list[Span] = []
        for span in sorted(span for span in spans if span):
            if merged and span.start <= merged[-1].stop:
                if span.stop > merged[-1].stop:
                    merged[-1] = Span(merged[-1].start, span.stop)
            else:
                merged.append(span)
        return cls(tuple(merged))

    @classmethod
    def whole(cls, length: int) -> SpanSet:
        """Every offset of a file of ``length`` bytes."""
        return cls.of(Span(0, length))

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, offset: int) -> bool:
        index = bisect_right(self.spans, offset, key=_start) - 1
        return index >= 0 and offset in self.spans[index]

    def __str__(self) -> str:
        return "{" + ", ".join(map(str, self.spans)) + "}"

    @property
    def total(self) -> int:
        """The number of bytes in the set."""
        return sum(map(len, self.spans))

    @property
    def stop(self) -> int:
        """One more than the last offset in the set; 0 for the empty set."""
        return self.spans[-1].stop if self.spans else 0

    def covers(self, span: Span) -> bool:
        """Whether every byte of ``span`` is in the set."""
        if not span:
            return True
        index = bisect_right(self.spans, span.start, key=_start) - 1
        return index >= 0 and self.spans[index].covers(span)

    def count_in(self, span: Span) -> int:
        """The number of bytes of ``span`` in the set."""
        first = bisect_right(self.spans, span.start, key=_stop)
        last = bisect_left(self.spans, span.stop, key=_start)
        return sum(len(one.intersection(span)) for one in self.spans[first:last])

    def front(self, offset: int = 0) -> int:
        """The first offset at or after ``offset`` that isn't in the set."""
        index = bisect_right(self.spans, offset, key=_start) - 1
        return self.spans[index].stop if index >= 0 and offset in self.spans[index] else offset

    def add(self, span: Span) -> SpanSet:
        """The set including ``span``."""
        if not span:
            return self
        # Only spans that touch the new one change; the others are copied without sorting.
        first = bisect_left(self.spans, span.start, key=_stop)
        last = bisect_right(self.spans, span.stop, key=_start)
        if first < last:
            span = Span(min(span.start, self.spans[first].start), max(span.stop, self.spans[last - 1].stop))
        return SpanSet((*self.spans[:first], span, *self.spans[last:]))

    def remove(self, span: Span) -> SpanSet:
        """The set without the bytes of ``span``."""
        if not span:
            return self
        first = bisect_right(self.spans, span.start, key=_stop)
        last = bisect_left(self.spans, span.stop, key=_start)
        if first >= last:
            return self
        kept = []
        if self.spans[first].start < span.start:
            kept.append(Span(self.spans[first].start, span.start))
        if self.spans[last - 1].stop > span.stop:
            kept.append(Span(span.stop, self.spans[last - 1].stop))
        return SpanSet((*self.spans[:first], *kept, *self.spans[last:]))

    def __or__(self, other: SpanSet) -> SpanSet:
        return SpanSet.of(*self.spans, *other.spans)

    def __sub__(self, other: SpanSet) -> SpanSet:
        rest = self
        for span in other.spans:
            rest = rest.remove(span)
        return rest

    def __and__(self, other: SpanSet) -> SpanSet:
        return self - (self - other)

    def within(self, span: Span) -> SpanSet:
        """The part of the set within ``span``."""
        return self & SpanSet.of(span)

    def missing(self, length: int) -> SpanSet:
        """The bytes of a file of ``length`` bytes that aren't in this set."""
        return SpanSet.whole(length) - self


def union(spans: Iterable[Span]) -> SpanSet:
    """The set of all bytes in ``spans``."""
    return SpanSet.of(*spans)


def _start(span: Span) -> int:
    return span.start


def _stop(span: Span) -> int:
    return span.stop


EVERYTHING = SpanSet.of(Span(0, 1 << 62))
"""Every offset that a file can have."""
