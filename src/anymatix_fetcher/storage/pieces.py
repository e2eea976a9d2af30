"""Pieces of blocks: parts of unfinished blocks that were recorded when a run was stopped."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.journal import BlockTable, PieceRecorded
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.storage.checksums import checksum_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from anymatix_fetcher.core.values.journal import JournalContent
    from anymatix_fetcher.core.values.ports import RandomFile
    from anymatix_fetcher.storage.journal_file import JournalFile

_logger = logging.getLogger("anymatix_fetcher.storage")


def cut(data: memoryview, offset: int, block_size: int) -> Iterator[tuple[int, int, memoryview]]:
    """Cuts ``data`` at block boundaries; yields each piece with its block's index and its offset in the file."""
    while data:
        index = offset // block_size
        size = (index + 1) * block_size - offset
        yield index, offset, data[:size]
        data = data[size:]
        offset += size


def tenable(
    claims: JournalContent, file_size: int, block_size: int, length: int | None
) -> tuple[BlockTable, list[PieceRecorded]]:
    """The claimed blocks and pieces that are within the file's size and end at a possible position."""
    table = BlockTable()
    end = file_size if length is None else min(file_size, length)
    for index in claims.blocks:
        size, start = claims.blocks.length(index), index * block_size
        ends_well = size == block_size or (length is not None and start + size == length)
        if ends_well and size <= block_size and start + size <= end:
            table.record(index, size, claims.blocks.checksum(index))
    pieces = [
        piece
        for piece in claims.pieces
        if piece.span.stop <= min(end, (piece.start // block_size + 1) * block_size)
        and piece.start // block_size not in table
    ]
    return table, pieces


def record_pieces(unfinished: Callable[[], Iterable[SpanSet]], file: RandomFile, journal: JournalFile) -> None:
    """Records the stored parts of unfinished blocks, so that the next run needs only the rest. No write may run.

    Args:
        unfinished: ``PartFile.unfinished``.
        file: The part file.
        journal: Its journal.
    """
    try:
        for stored in unfinished():
            for span in stored:
                checksum = checksum_of(file, span.start, span.stop)
                if checksum is not None:
                    journal.append(PieceRecorded(span.start, len(span), checksum))
    except OSError as error:
        _logger.info("unfinished blocks will be fetched again: %s", error)


class ClaimedPieces:
    """The pieces that the journal claims. The part file's lock guards every call.

    Args:
        block_size: In bytes.
        claimed: The pieces that an earlier run has recorded.
    """

    def __init__(self, block_size: int, claimed: Iterable[PieceRecorded] = ()) -> None:
        self._block_size = block_size
        self._claimed = {piece.start: piece for piece in claimed}
        self._in_journal = {piece.start // block_size for piece in self._claimed.values()}

    @property
    def claimed(self) -> SpanSet:
        """The bytes that aren't proved yet."""
        return SpanSet.of(*(piece.span for piece in self._claimed.values()))

    def within(self, spans: SpanSet) -> list[PieceRecorded]:
        """The unproved pieces that ``spans`` touch, in order."""
        return [piece for _, piece in sorted(self._claimed.items()) if SpanSet.of(piece.span) & spans]

    def are_in_journal(self, blocks: range) -> bool:
        """Whether the journal has pieces of any of these blocks."""
        return any(index in blocks for index in self._in_journal)

    def take(self, piece: PieceRecorded) -> bool:
        """Removes a piece that was read back; false if it was forgotten meanwhile."""
        return self._claimed.get(piece.start) is piece and self._claimed.pop(piece.start) is piece

    def strike(self, blocks: range) -> None:
        """Removes all pieces of these blocks."""
        gone = Span(blocks.start * self._block_size, blocks.stop * self._block_size)
        self._claimed = {start: piece for start, piece in self._claimed.items() if start not in gone}
        self._in_journal -= {index for index in self._in_journal if index in blocks}

    @property
    def stop(self) -> int:
        """One more than the highest block with a piece in the journal."""
        return max(self._in_journal, default=-1) + 1
