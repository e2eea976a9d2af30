"""Taking over what another program has left: its bytes are copied into our part file, block by block.

What is copied becomes a recorded block like any other, with the checksum of what is there now: so it is proved to be on
the disk, and not yet to be right. The machine knows these blocks by their identity's origin, and compares some of them
with the server before it goes on. The original isn't touched.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.storage.workers import Step, failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.messages import StorageFailed
    from anymatix_fetcher.core.values.ports import RandomFile
    from anymatix_fetcher.core.values.spans import Span, SpanSet
    from anymatix_fetcher.storage.part_file import PartFile
    from anymatix_fetcher.storage.workers import Next

STEP_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class TakenOver:
    """All that was to be taken over is in the part file."""


class Adopter:
    """A task that copies every whole block that lies in ``stored``; a block of zeroes is taken for a hole.

    Programs that ask for the whole file's space beforehand leave zeroes where nothing came, and so does a power cut.
    """

    def __init__(
        self,
        part: PartFile,
        path: Path,
        source: RandomFile,
        stored: SpanSet,
        *,
        report: Callable[[TakenOver | StorageFailed], None],
    ) -> None:
        self._part = part
        self._path = path
        self._source = source
        self._report = report
        spans = (part.span(index) for index in part.blocks(stored))
        self._blocks = [span for span in spans if stored.covers(span)]
        self._done = 0
        self._buffer = memoryview(bytearray(max(map(len, self._blocks), default=0)))
        self._zeroes = bytes(len(self._buffer))

    def step(self) -> Next:
        """Implements ``Task.step``: copies blocks of :data:`STEP_BYTES`, or one larger one."""
        size = 0
        while self._done < len(self._blocks) and size < STEP_BYTES:
            span = self._blocks[self._done]
            self._copy(span)
            size += len(span)
            self._done += 1
        if self._done < len(self._blocks):
            return Step.MORE
        self._close()
        self._report(TakenOver())
        return Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        self._close()
        self._report(failure(error, self._path))

    def _close(self) -> None:
        with suppress(OSError):  # what closing tells is about writing, and nothing was written there
            self._source.close()

    def _copy(self, span: Span) -> None:
        piece = self._buffer[: len(span)]
        try:
            is_whole = self._source.read_into(span.start, piece) == len(span)
        except OSError:
            is_whole = False  # what can't be read comes from the server
        if is_whole and piece != memoryview(self._zeroes)[: len(span)]:
            self._part.write(span.start, piece)
