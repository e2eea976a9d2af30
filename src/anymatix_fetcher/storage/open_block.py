"""One unfinished block: which of its bytes are stored, and the checksum as far as they came in order."""

from __future__ import annotations

from xxhash import xxh3_64

from anymatix_fetcher.core.values.spans import Span, SpanSet


class OpenBlock:
    """The bookkeeping of a block that isn't recorded yet; the part file's lock guards every call.

    Mostly one connection brings a block from its start to its stop, and the hasher goes along. Whatever else
    happens (a gap, two connections racing, bytes that come twice) is only counted, and the block is read back once
    it is whole: what counts is what the disk holds, not what was sent there.
    """

    __slots__ = ("_covered", "_hasher", "_position", "_start", "entries", "writers")

    def __init__(self, start: int) -> None:
        self._start = start
        # [start, position) is what the hasher has gone over; covered is what else is stored.
        self._position = start
        self._hasher = xxh3_64()
        self._covered = SpanSet()
        self.writers = 0
        """Writes under way."""
        self.entries = 0
        """Writes begun, ever: tells whether any came in between."""

    def enter(self, start: int, stop: int) -> xxh3_64 | None:
        """A write of ``[start, stop)`` begins. The hasher to feed where it goes on in order, else ``None``."""
        self.writers += 1
        self.entries += 1
        if start < self._position:
            self._disorder()
        # With another write under way, which of the two reaches the disk last is open: count, don't hash.
        if start == self._position and self.writers == 1:
            self._position = stop
            return self._hasher
        return None

    def hold(self) -> None:
        """The block is read, which counts as a write."""
        self.writers += 1

    def let_go(self) -> None:
        """It was read."""
        self.writers -= 1

    def leave(self, start: int, stop: int, hasher: xxh3_64 | None) -> None:
        """The write is done, with the hasher that :meth:`enter` gave for it."""
        self.writers -= 1
        if hasher is None:
            self._covered = self._covered.add(Span(start, stop))

    def spoil(self, start: int, stop: int) -> None:
        """Records a failed write, after which the content of its bytes is unknown."""
        self.writers -= 1
        if start < self._position:
            self._disorder()
        self._covered = self._covered.remove(Span(start, stop))

    def adopt(self, piece: Span) -> None:
        """An earlier run has stored the piece, and it was read back."""
        self._covered = self._covered.add(piece)

    @property
    def stored(self) -> SpanSet:
        """What is stored of it; nothing counts while a write is in progress."""
        return SpanSet() if self.writers else self._covered.add(Span(self._start, self._position))

    def is_whole(self, stop: int) -> bool:
        """Whether every byte up to ``stop``, the block's end, is stored and no write is in progress."""
        if self.writers:
            return False
        if self._position == stop or not self._covered:
            return self._position == stop
        return self._covered.add(Span(self._start, self._position)).covers(Span(self._start, stop))

    def holds(self, start: int, stop: int) -> bool:
        """Whether ``[start, stop)`` is stored and no write is in progress."""
        return self.stored.covers(Span(start, stop))

    def checksum(self, stop: int) -> int | None:
        """The whole block's xxh3_64 where all of it came in order, else ``None``."""
        return self._hasher.intdigest() if self._position == stop else None

    def _disorder(self) -> None:
        """What was hashed is being written over: it still is stored, but its checksum says nothing any longer."""
        self._covered = self._covered.add(Span(self._start, self._position))
        self._position = self._start
        self._hasher = xxh3_64()
