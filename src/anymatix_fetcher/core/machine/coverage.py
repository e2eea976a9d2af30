"""Which bytes are stored, claimed by an earlier run, in flight, or waiting. Together they are the whole file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span, SpanSet

if TYPE_CHECKING:
    from collections.abc import Iterable


class Coverage:
    """The coverage of one file.

    ``stored`` bytes are on the disk; ``claimed`` ones may be, according to a journal. The two are disjoint. The bytes
    in flight belong to the exchanges, and the rest waits. ``is_resuming`` tells that the claims are an earlier run's,
    rather than blocks that are being read back.
    """

    def __init__(self) -> None:
        self.stored = SpanSet()
        self.claimed = SpanSet()
        self.is_resuming = False
        self._given_up = SpanSet()
        """The bytes that were stored once and have to be fetched again."""

    @property
    def held(self) -> SpanSet:
        """The stored and the claimed bytes."""
        return self.stored | self.claimed if self.claimed else self.stored

    def store(self, span: Span) -> int:
        """Adds stored bytes; returns how many of them had never been stored before."""
        gained = 0
        fresh = SpanSet.of(span) - self.claimed if self.claimed else (span,)
        for piece in fresh:
            gained += len(piece) - self.stored.count_in(piece) - self._given_up.count_in(piece)
            self._given_up = self._given_up.remove(piece)
            self.stored = self.stored.add(piece)
        return gained

    def resume(self, blocks: SpanSet) -> None:
        """Adds the claims of an earlier run's journal."""
        self.claim(blocks)
        self.is_resuming = True

    def claim(self, blocks: SpanSet) -> None:
        """Marks ``blocks`` as claimed, because they have to be read back."""
        self.claimed = blocks - self.stored
        self.is_resuming = False

    def prove(self, good: SpanSet, bad: SpanSet) -> None:
        """Takes the proof of claims."""
        true = good & self.claimed
        self.stored |= true
        self._given_up -= true
        self.claimed = self.claimed - good - bad
        self.is_resuming &= bool(self.claimed)

    def lose(self, spans: SpanSet) -> None:
        """Removes ``spans``, which have to be fetched again."""
        self._given_up |= self.stored & spans
        self.disown(spans)

    def disown(self, spans: SpanSet) -> None:
        """Removes ``spans``, which never belonged to this representation."""
        self.stored -= spans
        self.claimed -= spans
        self.is_resuming &= bool(self.claimed)

    def begin_anew(self) -> None:
        """Starts over with another representation."""
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
