"""The part file: takes bytes at any offset from any thread, and records each complete block in the journal.

The states of a block::

    nothing --write--> unfinished --its last byte--> recorded, proved --forget--> nothing
                                                        ^      |
      a journal's claim --> recorded, claimed --prove---+      +--prove, and it doesn't match--> nothing

A block is recorded after its bytes are stored, never before. Recorded blocks aren't written to: bytes that arrive again
are compared. Therefore what the follower hashes, and what is published, matches the records. If a body that fills
missing blocks brings a recorded block differently, it may be of other content, and its next blocks too: these are
stored, but not recorded until the machine has decided.
"""

from __future__ import annotations

import errno
from threading import Condition, Lock
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.journal import (
    MIN_BLOCK_SIZE,
    BlockRecorded,
    BlocksForgotten,
    JournalContent,
)
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.storage.checksums import checksum_of
from anymatix_fetcher.storage.comparison import Comparisons
from anymatix_fetcher.storage.disk import read_exactly
from anymatix_fetcher.storage.open_block import OpenBlock
from anymatix_fetcher.storage.pieces import ClaimedPieces, cut, tenable
from anymatix_fetcher.storage.size_guard import SizeGuard

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.journal import PieceRecorded
    from anymatix_fetcher.core.values.messages import BlockCompared
    from anymatix_fetcher.core.values.ports import RandomFile
    from anymatix_fetcher.storage.journal_file import JournalFile


NO_CLAIMS = JournalContent()


class PartFile:
    """A part file and its journal; implements ``Sink``. Every method may be called from any thread.

    Args:
        file: The open part file.
        journal: The open journal.
        on_front: Called, without the lock, when the proved front has grown.
        on_forgotten: Called, under the lock, with the offset of the first forgotten block.
        block_size: The block size in bytes, until :meth:`lay_out` sets another one.
    """

    def __init__(
        self,
        file: RandomFile,
        journal: JournalFile,
        *,
        on_front: Callable[[], None],
        on_forgotten: Callable[[int], None],
        block_size: int = MIN_BLOCK_SIZE,
    ) -> None:
        self._file = file
        self._journal = journal
        self._on_front = on_front
        self._on_forgotten = on_forgotten
        self._lock = Lock()  # held for bookkeeping and the journal's small appends, never for the bytes themselves
        self._writes_ended = Condition(self._lock)
        self._waiting = 0
        self._comparisons = Comparisons()
        self.lay_out(block_size, None)

    def lay_out(self, block_size: int, length: int | None, claims: JournalContent = NO_CLAIMS) -> None:
        """Starts anew, empty or with the blocks and pieces that a journal claims. No write may be in progress."""
        self._block_size = block_size
        self._length = length
        self._open: dict[int, OpenBlock] = {}
        self._disputed: set[int] = set()
        """Recorded blocks that have arrived differently. Until they are forgotten, no further block is recorded."""
        self._guard = SizeGuard(self._file)
        self._table, pieces = tenable(claims, self._file.size(), block_size, length)
        self._unproved = ClaimedPieces(block_size, pieces)
        self.recorded = self._table.spans(block_size)
        """The bytes of all recorded blocks, claimed ones too."""
        self._guard.expect(self.claimed.stop)
        self.proved = SpanSet()
        """The recorded bytes that this run has written, or read back and found equal."""
        self.front = 0
        """The end of the proved bytes at the file's start."""

    @property
    def claimed(self) -> SpanSet:
        """The recorded bytes, and unproved ones of unfinished blocks that an earlier run has recorded."""
        return self.recorded | self._unproved.claimed

    @property
    def block_size(self) -> int:
        """The size of every block but the last one, in bytes."""
        return self._block_size

    @property
    def length(self) -> int:
        """The file's length in bytes; 0 if unknown."""
        return self._length or 0

    @property
    def is_empty(self) -> bool:
        """Whether no byte counts as stored."""
        return not self.claimed and not self._open

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Stores ``data`` at ``offset``, or compares it if its block is recorded already; implements ``Sink``.

        Raises:
            OSError: The data or its record couldn't be written.
            ValueError: It exceeds the file's length.
        """
        stop = offset + len(data)
        if self._length is not None and stop > self._length:
            raise ValueError(f"a write up to {stop} in a file of {self._length} bytes")
        index = offset // self._block_size
        if stop <= (index + 1) * self._block_size:
            if data:
                self._write_within(index, offset, stop, data)
            return
        for index, start, piece in cut(memoryview(data), offset, self._block_size):
            self._write_within(index, start, start + len(piece), piece)

    def compare(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Compares ``data`` with the checksums of recorded blocks, and with the stored bytes of unfinished ones."""
        for index, start, piece in cut(memoryview(data), offset, self._block_size):
            with self._lock:
                if index in self._table:
                    self._comparisons.feed(self.span(index), start, piece, self._table.checksum(index))
                    continue
                block = self._open.get(index)
                is_stored = block is not None and block.holds(start, start + len(piece))
            stored = memoryview(bytearray(len(piece) if is_stored else 0))
            if is_stored and self.looks_whole() and self.read_into(start, stored):
                with self._lock:
                    self._comparisons.note(Span(start, start + len(piece)), equal=stored == piece)

    def _write_within(self, index: int, start: int, stop: int, data: bytes | bytearray | memoryview) -> None:
        with self._lock:
            block = self._open.get(index)
            if block is None:
                if index in self._table:
                    checksum = self._table.checksum(index)
                    if self._comparisons.feed(self.span(index), start, data, checksum, filling=True):
                        self._disputed.add(index)
                    return
                block = self._open[index] = OpenBlock(index * self._block_size)
            hasher = block.enter(start, stop)
        try:
            if stop >= self._guard.size:  # only such a write could hide that the file was shortened
                self.looks_whole()
            self._file.write_at(start, data)
            if hasher is not None:
                hasher.update(data)
        except BaseException:
            with self._lock:
                block.spoil(start, stop)
                self._wake_waiting()
            raise
        with self._lock:
            if self._length is None:
                self._guard.expect(max(self._guard.size, stop))
            block.leave(start, stop, hasher)
            self._wake_waiting()
            whole = block.is_whole(self._block_stop(index))
        if whole:
            self._close(index, block)

    def _close(self, index: int, block: OpenBlock) -> None:
        """Records a complete block. If its bytes came out of order, it is read back first."""
        if self._guard.has_found or not self.looks_whole():
            return  # its earlier bytes may be lost
        start = index * self._block_size
        while True:
            with self._lock:
                stop = self._block_stop(index)
                if self._disputed or self._open.get(index) is not block or not block.is_whole(stop):
                    return  # another thread has recorded it, or is writing again and will call this itself
                checksum = block.checksum(stop)
                if checksum is not None:
                    moved = self._record(index, stop - start, checksum)
                    break
                entries = block.entries
                block.hold()  # counts as a writer, which blocks forgetting and other closers
            try:
                checksum = checksum_of(self._file, start, stop)
            finally:
                with self._lock:
                    block.let_go()
                    self._wake_waiting()
            if checksum is None:
                if not self.looks_whole():
                    return
                raise OSError(errno.EIO, "the part file was shortened by another program")
            with self._lock:
                if self._open.get(index) is block and block.entries == entries and not block.writers:
                    moved = self._record(index, stop - start, checksum)
                    break
        if moved:
            self._on_front()

    def _record(self, index: int, length: int, checksum: int) -> bool:
        """Adds the block to journal and table; returns whether the front has grown. The lock is held."""
        self._journal.append(BlockRecorded(index, length, checksum))
        self._table.record(index, length, checksum)
        del self._open[index]
        span = Span(index * self._block_size, index * self._block_size + length)
        self.recorded = self.recorded.add(span)
        return self._prove(span)

    def _prove(self, span: Span) -> bool:
        self.proved = self.proved.add(span)
        moved = span.start == self.front
        if moved:
            self.front = self.proved.front()
        return moved

    def looks_whole(self) -> bool:
        """Whether the file has its expected size; if another program has shortened it, no block counts as proved.

        Raises:
            OSError: The size can't be determined.
        """
        with self._lock:
            is_whole = self._guard.is_whole()
            if not is_whole:
                self.proved, self.front = SpanSet(), 0
                self._on_forgotten(0)
        return is_whole

    def take_shortened(self) -> bool:
        """Whether the file was shortened since the last call."""
        return self._guard.has_found and self._guard.take()

    @property
    def is_unsettled(self) -> bool:
        """Whether the machine has to decide about a shortening or a difference before the file counts as proved."""
        return self._guard.has_found or bool(self._disputed)

    def prove(self, index: int) -> bool:
        """Reads a recorded block back and compares it. A block that differs, or isn't recorded, is forgotten."""
        span = Span(index * self._block_size, self._block_stop(index))
        with self._lock:
            recorded = index in self._table
        try:
            found = checksum_of(self._file, span.start, span.stop) if recorded else None
        except OSError:
            found = None  # an unreadable block is a bad one: its bytes are fetched again
        with self._lock:
            good = found is not None and index in self._table and self._table.checksum(index) == found
            moved = good and self._prove(span)
        if moved:
            self._on_front()
        if recorded and not good:
            self.forget(SpanSet.of(span))
        return good

    def pieces(self, spans: SpanSet) -> list[PieceRecorded]:
        """The pieces within the blocks of ``spans`` that aren't proved yet."""
        with self._lock:
            return self._unproved.within(spans)

    def prove_piece(self, piece: PieceRecorded) -> bool:
        """Reads a piece back and compares it, so that its block needs only the rest."""
        try:
            found = checksum_of(self._file, piece.start, piece.start + piece.length)
        except OSError:
            found = None
        index = piece.start // self._block_size
        with self._lock:
            good = self._unproved.take(piece) and found == piece.checksum and index not in self._table
            block = self._open.setdefault(index, OpenBlock(index * self._block_size)) if good else None
            if block is not None:
                block.restore(piece.span)
            whole = block is not None and block.is_whole(self._block_stop(index))
        if block is not None and whole:
            self._close(index, block)
        return good

    def unfinished(self) -> list[SpanSet]:
        """The stored bytes of each unfinished block; none if they are in doubt. No write may be in progress."""
        return [] if self.is_unsettled or not self.looks_whole() else [block.stored for block in self._open.values()]

    def forget(self, spans: SpanSet) -> None:
        """Forgets every block that ``spans`` touch, recorded or unfinished, after the writes in progress in them.

        If ``spans`` exceed the file's length, the length is unknown afterwards.
        """
        for span in spans:
            touched = span.blocks(self._block_size)
            with self._lock:
                self._waiting += 1
                while self._is_written_to(touched):
                    self._writes_ended.wait()
                self._waiting -= 1
                if self._length is not None and span.stop > self._length:
                    self._length = None  # the file turns out to be longer
                was_disputed = bool(self._disputed)
                self._strike(touched)
            if was_disputed and not self._disputed:
                self._close_those_that_waited()

    def _close_those_that_waited(self) -> None:
        """Records the blocks that were completed during a dispute, which has ended."""
        with self._lock:
            waiting = list(self._open.items())
        for index, block in waiting:
            self._close(index, block)

    def _strike(self, blocks: range) -> None:
        for index in [index for index in self._open if index in blocks]:
            del self._open[index]
        recorded = range(blocks.start, min(blocks.stop, max(self._table.stop, self._unproved.stop)))
        if any(index in self._table for index in recorded) or self._unproved.are_in_journal(recorded):
            self._journal.append(BlocksForgotten(recorded.start, recorded.stop))
        self._table.forget(recorded.start, recorded.stop)
        self._unproved.strike(blocks)
        self._disputed -= {index for index in self._disputed if index in blocks}
        gone = Span(blocks.start * self._block_size, blocks.stop * self._block_size)
        self._comparisons.drop(gone.start, gone.stop)
        self.recorded = self.recorded.remove(gone)
        self.proved = self.proved.remove(gone)
        self.front = self.proved.front()
        self._on_forgotten(gone.start)

    def set_length(self, length: int) -> None:
        """Sets the file's length, leaving a hole at its end, and forgets blocks that contradict it.

        Raises:
            OSError: The file system refuses.
        """
        self.looks_whole()
        if self._length != length:
            self._length = length
            self.forget(self.recorded - self._table.fitting(self._block_size, length))
        if self._file.size() != length:
            self._file.truncate(length)
        self._guard.expect(length)
        last = (length - 1) // self._block_size
        block = self._open.get(last)
        if block is not None:
            self._close(last, block)

    def checksums(self) -> BlockChecksums | None:
        """The checksums of all blocks; ``None`` if one isn't recorded, or the length is unknown."""
        if self._length is None:
            return None
        return BlockChecksums.of_table(self._table, self._block_size, self._length)

    def compared(self) -> list[BlockCompared]:
        """The comparisons that were finished since the last call."""
        if not self._comparisons.has_finished:  # called before each event, so without the lock in the usual case
            return []
        with self._lock:
            return self._comparisons.drain()

    def read_into(self, offset: int, buffer: memoryview) -> bool:
        """Fills ``buffer`` from the file; false if the file is shorter."""
        return read_exactly(self._file, offset, buffer)

    def blocks(self, spans: SpanSet) -> list[int]:
        """The indices of the blocks that ``spans`` touch, each once, in order."""
        return sorted({index for span in spans for index in span.blocks(self._block_size)})

    def span(self, index: int) -> Span:
        """The bytes of a block."""
        return Span(index * self._block_size, self._block_stop(index))

    def _block_stop(self, index: int) -> int:
        stop = (index + 1) * self._block_size
        if self._length is None or stop <= self._length:
            return stop
        return max(self._length, stop - self._block_size)

    def _is_written_to(self, blocks: range) -> bool:
        return any(block.writers for index, block in self._open.items() if index in blocks)

    def _wake_waiting(self) -> None:
        if self._waiting:
            self._writes_ended.notify_all()
