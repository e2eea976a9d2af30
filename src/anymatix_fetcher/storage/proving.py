"""Reads kept blocks back, and keeps those with the journal's checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.messages import BlocksProved
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.storage.workers import Step, failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.messages import Event
    from anymatix_fetcher.storage.part_file import PartFile
    from anymatix_fetcher.storage.workers import Next

STEP_BYTES = 16 << 20


class Prover:
    """A task that proves blocks of the part file, in order, and reports them in several ``BlocksProved``.

    Together the events name every block that ``spans`` touch exactly once. Of a block that an earlier run hasn't
    finished, they name the recorded pieces.
    """

    def __init__(self, part: PartFile, path: Path, spans: SpanSet, *, report: Callable[[Event], None]) -> None:
        self._part = part
        self._path = path
        self._pieces = part.pieces(spans)
        partial = {piece.start // part.block_size for piece in self._pieces}
        self._blocks = [index for index in part.blocks(spans) if index not in partial]
        self._done = 0
        self._report = report

    def step(self) -> Next:
        """Implements ``Task.step``: proves blocks of :data:`STEP_BYTES`, or one larger one, and reports them."""
        good: list[Span] = []
        bad: list[Span] = []
        size = 0
        while self._pieces and size < STEP_BYTES:
            piece = self._pieces.pop()
            (good if self._part.prove_piece(piece) else bad).append(piece.span)
            size += piece.length
        while self._done < len(self._blocks) and size < STEP_BYTES:
            index = self._blocks[self._done]
            span = self._part.span(index)
            (good if self._part.prove(index) else bad).append(span)
            size += len(span)
            self._done += 1
        self._report(BlocksProved(SpanSet.of(*good), SpanSet.of(*bad)))
        return Step.MORE if self._pieces or self._done < len(self._blocks) else Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        self._report(failure(error, self._path))
