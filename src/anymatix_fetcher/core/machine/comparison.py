"""Recorded blocks that are fetched again and compared: which ones are left to request, and the results."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span, SpanSet, union

if TYPE_CHECKING:
    from collections.abc import Iterable

SAMPLES = 3
"""The number of recorded blocks that have to match if no validator proves the representation."""
SAMPLES_BESIDE_A_DIGEST = 1
"""The same if a digest will verify the whole."""

PIECE_SHARE = 16
"""Without a complete block, this fraction of one is compared, as a connection may bring no more."""

SAMPLES_OF_FOREIGN = 16
"""The number of blocks of another program's file that have to match if no digest will verify the whole."""

MANY_DIFFERING = 8 << 20
"""The least number of differing bytes after which a comparison may be given up."""


class Question(Enum):
    """The purpose of a comparison."""

    SAMENESS = auto()
    """Whether the server still has the representation of the blocks."""
    CULPRITS = auto()
    """Which blocks cause the wrong digest."""


@dataclass(slots=True)
class Comparison:
    """The blocks of a comparison.

    ``blocks`` are complete ones; each ends up in ``agreed`` or ``differing``.
    """

    question: Question
    blocks: SpanSet
    agreed: SpanSet = field(default_factory=SpanSet)
    differing: SpanSet = field(default_factory=SpanSet)
    _begun: dict[int, int] = field(default_factory=dict)

    @property
    def open(self) -> SpanSet:
        """The blocks without a result."""
        return self.blocks - self.agreed - self.differing

    def note(self, span: Span, *, equal: bool) -> None:
        """Records a block that arrived again, whether or not it was requested."""
        if not self.blocks.covers(span) and self.question is Question.CULPRITS:
            return
        if equal:
            self.agreed = self.agreed.add(span)
        else:
            self.differing = self.differing.add(span)

    def add(self, blocks: SpanSet) -> None:
        """Adds ``blocks`` to the comparison."""
        self.blocks |= blocks

    def ended(self, span: Span, block_size: int) -> None:
        """Takes the end of ``span``. Its blocks without a result get none, because they were forgotten meanwhile.

        A server may send less than requested: an incomplete block at the end is continued from there.
        """
        unfinished = span.stop // block_size * block_size
        if span.stop < self.blocks.stop and unfinished < span.stop:
            self._begun[unfinished] = span.stop
        else:
            unfinished = span.stop
        silent = self.open.within(Span(span.start // block_size * block_size, unfinished))
        self.blocks -= silent
        if self.question is Question.CULPRITS:
            self.differing |= silent
            self.blocks |= silent

    def waiting(self, in_flight: Iterable[Span], *, block_size: int) -> SpanSet:
        """The blocks without a result that aren't requested."""
        waiting = self.open
        for span in in_flight:
            waiting = waiting.remove(Span(span.start // block_size * block_size, span.stop))
        return waiting

    @property
    def is_another_file(self) -> bool:
        """Whether most blocks differ, so that comparing the others would only delay fetching them."""
        return self.differing.total >= max(MANY_DIFFERING, self.agreed.total)

    def give_up(self) -> None:
        """Counts the blocks without a result as differing."""
        self.differing |= self.open

    def next(self, in_flight: Iterable[Span], *, block_size: int, at_most: int) -> Span | None:
        """The next span to request: complete blocks, about ``at_most`` bytes; ``None`` if all are requested."""
        first = next(iter(self.waiting(in_flight, block_size=block_size)), None)
        if first is None:
            return None
        stop = max(first.start + at_most // block_size * block_size, first.start + block_size)
        start = self._begun.pop(first.start, first.start)  # once: if it breaks off again, the whole block is requested
        return Span(start, min(stop, first.stop))


def whole_blocks(held: SpanSet, *, length: int | None, block_size: int) -> SpanSet:
    """The blocks of which all bytes are held."""
    return union(_blocks(held, length, block_size))


def samples(held: SpanSet, *, length: int | None, block_size: int, most: int = SAMPLES) -> SpanSet:
    """A few complete blocks of what is held: the first, the middle and the last one. A single sample is the last."""
    blocks = _blocks(held, length, block_size)
    if not blocks:
        return SpanSet()
    last = len(blocks) - 1
    return union({blocks[last * index // (most - 1)] for index in range(most)} if most > 1 else {blocks[last]})


def _blocks(held: SpanSet, length: int | None, block_size: int) -> list[Span]:
    end = held.stop if length is None else length
    blocks = (
        Span(start, min(start + block_size, end))
        for span in held
        for start in range(-(-span.start // block_size) * block_size, span.stop, block_size)
        if start < end
    )
    return [block for block in blocks if held.covers(block)]


def blocks_around(spans: SpanSet, *, length: int | None, block_size: int) -> SpanSet:
    """Every block that ``spans`` touch."""
    end = spans.stop + block_size if length is None else length
    return union(
        Span(span.start // block_size * block_size, max(span.stop, min(end, -(-span.stop // block_size) * block_size)))
        for span in spans
    )


def run_of_blocks(held: SpanSet, *, length: int, block_size: int, most_bytes: int) -> SpanSet:
    """The first consecutive complete blocks of what is held, up to ``most_bytes``, but at least one."""
    for span in held:
        start = -(-span.start // block_size) * block_size
        whole = length if span.stop == length else span.stop // block_size * block_size
        stop = min(whole, start + max(block_size, most_bytes // block_size * block_size))
        if start < stop:
            return SpanSet.of(Span(start, stop))
    return SpanSet()


def last_piece(held: SpanSet, *, block_size: int) -> SpanSet:
    """The last held bytes, if no block is complete."""
    last = held.spans[-1]
    size = min(len(last), max(1, block_size // PIECE_SHARE), last.stop - (last.stop - 1) // block_size * block_size)
    return SpanSet.of(Span(last.stop - size, last.stop))
