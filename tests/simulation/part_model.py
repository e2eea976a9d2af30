"""A model of the part file for places: which blocks are recorded, and whose wrong bytes they hold; no byte is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.messages import BlockCompared
from anymatix_fetcher.core.values.spans import Span, SpanSet

if TYPE_CHECKING:
    from collections.abc import Callable

    Wrong = dict[int, SpanSet]
    """By place, the bytes of a block that are wrong as that place has them."""

BLOCK = 1 << 20


@dataclass(slots=True)
class _Repeat:
    """A recorded block that arrives again, as far as it has come from its start on."""

    position: int
    wrong: Wrong


@dataclass(slots=True)
class PartModel:
    """Does with spans what the part file does with bytes.

    Args:
        length: Bytes of the file.
        wrong_in: What is wrong of a block as a place has it.
    """

    length: int
    wrong_in: Callable[[int, int], SpanSet]
    recorded: set[int] = field(default_factory=set)
    wrong: dict[int, Wrong] = field(default_factory=dict)
    compared: list[BlockCompared] = field(default_factory=list)
    _open: dict[int, SpanSet] = field(default_factory=dict)
    _disputed: set[int] = field(default_factory=set)
    _repeats: dict[int, _Repeat] = field(default_factory=dict)

    def block(self, index: int) -> Span:
        """The bytes of a block."""
        return Span(index * BLOCK, min((index + 1) * BLOCK, self.length))

    def write(self, place: int, span: Span) -> None:
        """Bytes of ``span`` come from ``place``: what is recorded is compared, the rest is stored."""
        for index in span.blocks(BLOCK):
            piece = self.block(index).intersection(span)
            if index in self.recorded:
                if self._feed(place, index, piece, filling=True):
                    self._disputed.add(index)
                continue
            self._mark(place, index, piece)
            self._open[index] = self._open.get(index, SpanSet()).add(piece)
            self._close(index)

    def compare(self, place: int, span: Span) -> None:
        """The same, and nothing is stored."""
        for index in span.blocks(BLOCK):
            if index in self.recorded:
                self._feed(place, index, self.block(index).intersection(span), filling=False)

    def forget(self, spans: SpanSet) -> None:
        """The blocks that ``spans`` touch come again."""
        was_disputed = bool(self._disputed)
        for span in spans:
            touched = Span(span.start, min(span.stop, self.length)).blocks(BLOCK) if span.start < self.length else ()
            for index in touched:
                self.recorded.discard(index)
                self._disputed.discard(index)
                self._open.pop(index, None)
                self._repeats.pop(index, None)
                self.wrong.pop(index, None)
            self.compared = [one for one in self.compared if one.span.start // BLOCK not in touched]
        if was_disputed and not self._disputed:
            for index in list(self._open):
                self._close(index)

    def _close(self, index: int) -> None:
        if not self._disputed and self._open[index].covers(self.block(index)):
            del self._open[index]
            self.recorded.add(index)

    def _mark(self, place: int, index: int, piece: Span) -> None:
        """What was wrong of ``piece`` is written over by what ``place`` has there."""
        wrong = {other: spans.remove(piece) for other, spans in self.wrong.pop(index, {}).items()}
        fresh = self.wrong_in(place, index).within(piece)
        if fresh:
            wrong[place] = wrong.get(place, SpanSet()) | fresh
        wrong = {other: spans for other, spans in wrong.items() if spans}
        if wrong:
            self.wrong[index] = wrong

    def _feed(self, place: int, index: int, piece: Span, *, filling: bool) -> bool:
        """Takes bytes of a recorded block; whether it is whole now, and differs."""
        block = self.block(index)
        if piece.start == block.start:
            self._repeats[index] = _Repeat(block.start, {})
        repeat = self._repeats.pop(index, None)
        if repeat is None or repeat.position != piece.start:
            return False
        fresh = self.wrong_in(place, index).within(piece)
        if fresh:
            repeat.wrong[place] = repeat.wrong.get(place, SpanSet()) | fresh
        repeat.position = piece.stop
        if repeat.position < block.stop:
            self._repeats[index] = repeat
            return False
        equal = repeat.wrong == self.wrong.get(index, {})
        self.compared.append(BlockCompared(block, equal=equal, filling=filling))
        return not equal
