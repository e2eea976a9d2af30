"""Recorded blocks that are fetched again to be compared: what is still to ask for, and what the answers said."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from anymatix_fetcher.core.spans import Span, SpanSet, union

if TYPE_CHECKING:
    from collections.abc import Iterable

SAMPLES = 3
"""How many recorded blocks have to agree where no validator can prove sameness."""


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

    @property
    def open(self) -> SpanSet:
        """What nothing is known of yet."""
        return self.blocks - self.agreed - self.differing

    def note(self, span: Span, *, equal: bool) -> None:
        """A block came again."""
        if equal:
            self.agreed = self.agreed.add(span)
        else:
            self.differing = self.differing.add(span)

    def give_up(self, span: Span) -> None:
        """What of ``span`` came without an answer never gets one: its records were struck meanwhile."""
        silent = self.open.within(span)
        self.blocks -= silent
        if self.question is Question.CULPRITS:
            self.differing |= silent
            self.blocks |= silent

    def next(self, in_flight: Iterable[Span], *, block_size: int, at_most: int) -> Span | None:
        """What to ask for next: whole blocks, about ``at_most`` bytes; ``None`` where everything has been asked for."""
        waiting = self.open
        for span in in_flight:
            waiting = waiting.remove(span)
        first = next(iter(waiting), None)
        if first is None:
            return None
        stop = max(first.start + at_most // block_size * block_size, first.start + block_size)
        return Span(first.start, min(stop, first.stop))


def samples(held: SpanSet, *, length: int, block_size: int) -> SpanSet:
    """A few whole blocks of what is held: the first, one in the middle and the last."""
    starts = [
        start
        for span in held
        for start in range(-(-span.start // block_size) * block_size, span.stop, block_size)
        if min(start + block_size, length) <= span.stop
    ]
    if not starts:
        return SpanSet()
    chosen = {starts[(len(starts) - 1) * index // (SAMPLES - 1)] for index in range(SAMPLES)}
    return union(Span(start, min(start + block_size, length)) for start in chosen)
