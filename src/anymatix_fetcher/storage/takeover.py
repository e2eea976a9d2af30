"""The takeover of another program's partial file: its bytes are copied into our part file, block by block.

A copied block is recorded with the checksum of its bytes, so it is proved to be on the disk, but not to be right. The
machine recognizes these blocks by the origin of their identity, and compares some of them with the server first. The
original is left unchanged.
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
    """The event that the copying has ended."""


class PartialCopier:
    """A task that copies every complete block within ``stored``. A block of zeroes counts as a hole.

    Programs that preallocate the file leave zeroes where nothing arrived, and so does a power cut.
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
        with suppress(OSError):  # errors of closing concern writes, and nothing was written
            self._source.close()

    def _copy(self, span: Span) -> None:
        piece = self._buffer[: len(span)]
        try:
            is_whole = self._source.read_into(span.start, piece) == len(span)
        except OSError:
            is_whole = False  # unreadable blocks come from the server
        if is_whole and piece != memoryview(self._zeroes)[: len(span)]:
            self._part.write(span.start, piece)
