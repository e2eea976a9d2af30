"""Which bytes are where: stored, claimed by an earlier run, in flight, or waiting. Together they are the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span, SpanSet

if TYPE_CHECKING:
    from collections.abc import Iterable


class Coverage:
    """The account of one file's bytes.

    ``stored`` bytes are on the disk; ``claimed`` ones are, if an earlier run's journal proves true. The two never
    overlap. What is in flight belongs to the exchanges; what waits is the rest. ``is_resuming`` tells that claims are
    an earlier run's, and not those of blocks that are read back.
    """

    def __init__(self) -> None:
        self.stored = SpanSet()
        self.claimed = SpanSet()
        self.is_resuming = False
        self._given_up = SpanSet()
        """What was stored once and has to come again."""

    @property
    def held(self) -> SpanSet:
        """Stored and claimed together."""
        return self.stored | self.claimed if self.claimed else self.stored

    def store(self, span: Span) -> int:
        """``span`` has been written, or has come again: how many of its bytes had never been stored before."""
        gained = 0
        fresh = SpanSet.of(span) - self.claimed if self.claimed else (span,)
        for piece in fresh:
            gained += len(piece) - self.stored.count_in(piece) - self._given_up.count_in(piece)
            self._given_up = self._given_up.remove(piece)
            self.stored = self.stored.add(piece)
        return gained

    def resume(self, blocks: SpanSet) -> None:
        """An earlier run's journal says that ``blocks`` are there."""
        self.claim(blocks)
        self.is_resuming = True

    def claim(self, blocks: SpanSet) -> None:
        """``blocks`` have to be read before it is known that they are there."""
        self.claimed = blocks - self.stored
        self.is_resuming = False

    def prove(self, good: SpanSet, bad: SpanSet) -> None:
        """Claims turned out to be true or not."""
        true = good & self.claimed
        self.stored |= true
        self._given_up -= true
        self.claimed = self.claimed - good - bad
        self.is_resuming &= bool(self.claimed)

    def lose(self, spans: SpanSet) -> None:
        """``spans`` have to come again."""
        self._given_up |= self.stored & spans
        self.disown(spans)

    def disown(self, spans: SpanSet) -> None:
        """What is here of ``spans`` never belonged to this representation."""
        self.stored -= spans
        self.claimed -= spans
        self.is_resuming &= bool(self.claimed)

    def begin_anew(self) -> None:
        """Another representation comes: nothing of it has ever been stored."""
        self.is_resuming = False
        self.stored = self.claimed = self._given_up = SpanSet()

    def waiting(self, length: int, in_flight: Iterable[Span]) -> SpanSet:
        """The spans that are neither stored nor requested."""
        rest = self.held.missing(length)
        for span in in_flight:
            rest = rest.remove(span)
        return rest

    def complete(self, length: int) -> bool:
        """Whether every byte of the file is stored, none merely claimed."""
        return not self.claimed and self.stored.covers(Span(0, length))
