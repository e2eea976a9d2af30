"""Recorded blocks that are fetched again to be compared: what is still to ask for, and what the answers said."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span, SpanSet, union

if TYPE_CHECKING:
    from collections.abc import Iterable

SAMPLES = 3
"""How many recorded blocks have to agree where no validator can prove sameness."""
SAMPLES_BESIDE_A_DIGEST = 1
"""The same where a digest will settle at the end what the whole is."""

PIECE_SHARE = 16
"""Where no block is whole yet, so small a part of one is compared: a connection may bring no more than that."""

SAMPLES_OF_FOREIGN = 16
"""How many blocks that another program has left have to agree where nothing will prove the whole."""


class Question(Enum):
    """What a comparison is to answer."""

    SAMENESS = auto()
    """Whether the server still has the representation that the blocks belong to."""
    CULPRITS = auto()
    """Which blocks spoil the digest."""


@dataclass(slots=True)
class Comparison:
    """Blocks on trial.

    ``blocks`` are whole ones; each ends up in ``agreed`` or ``differing``.
    """

    question: Question
    blocks: SpanSet
    agreed: SpanSet = field(default_factory=SpanSet)
    differing: SpanSet = field(default_factory=SpanSet)
    _begun: dict[int, int] = field(default_factory=dict)

    @property
    def open(self) -> SpanSet:
        """What nothing is known of yet."""
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
        """``blocks`` are compared as well."""
        self.blocks |= blocks

    def ended(self, span: Span, block_size: int) -> None:
        """``span`` came. Its blocks that have no answer never get one: their records were struck meanwhile.

        A server may send less than it was asked for: a block at the end that is there in part goes on from there.
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

    def next(self, in_flight: Iterable[Span], *, block_size: int, at_most: int) -> Span | None:
        """What to ask for next: whole blocks, about ``at_most`` bytes; ``None`` where everything has been asked for."""
        waiting = self.open
        for span in in_flight:
            waiting = waiting.remove(Span(span.start // block_size * block_size, span.stop))
        first = next(iter(waiting), None)
        if first is None:
            return None
        stop = max(first.start + at_most // block_size * block_size, first.start + block_size)
        start = self._begun.pop(first.start, first.start)  # once: should it break off, the whole block comes again
        return Span(start, min(stop, first.stop))


def whole_blocks(held: SpanSet, *, length: int | None, block_size: int) -> SpanSet:
    """The blocks of which all bytes are held."""
    return union(_blocks(held, length, block_size))


def samples(held: SpanSet, *, length: int | None, block_size: int, most: int = SAMPLES) -> SpanSet:
    """A few whole blocks of what is held: the first, one in the middle and the last; of one alone the last."""
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
    """The first whole blocks of what is held that follow each other, of ``most_bytes`` together, and one at least."""
    for span in held:
        start = -(-span.start // block_size) * block_size
        whole = length if span.stop == length else span.stop // block_size * block_size
        stop = min(whole, start + max(block_size, most_bytes // block_size * block_size))
        if start < stop:
            return SpanSet.of(Span(start, stop))
    return SpanSet()


def last_piece(held: SpanSet, *, block_size: int) -> SpanSet:
    """The last bytes of what is held, where no block of it is whole."""
    last = held.spans[-1]
    size = min(len(last), max(1, block_size // PIECE_SHARE), last.stop - (last.stop - 1) // block_size * block_size)
    return SpanSet.of(Span(last.stop - size, last.stop))
