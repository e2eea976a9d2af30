"""An unfinished block: which of its bytes are stored, and the checksum of those that came in order."""

from __future__ import annotations

from xxhash import xxh3_64

from anymatix_fetcher.core.values.spans import Span, SpanSet


class OpenBlock:
    """The state of a block that isn't recorded yet. The part file's lock guards every call.

    Usually one connection brings a block from start to stop, and the hasher follows. In all other cases (a gap, two
    racing connections, bytes that come twice) the bytes are only counted, and the complete block is read back: its
    checksum has to be that of the bytes on the disk, which may differ from those sent.
    """

    __slots__ = ("_covered", "_hasher", "_position", "_start", "entries", "writers")

    def __init__(self, start: int) -> None:
        self._start = start
        # [start, position) is hashed; covered is what else is stored.
        self._position = start
        self._hasher = xxh3_64()
        self._covered = SpanSet()
        self.writers = 0
        """The number of writes in progress."""
        self.entries = 0
        """The number of writes so far, which shows whether one happened in between."""

    def enter(self, start: int, stop: int) -> xxh3_64 | None:
        """Begins a write of ``[start, stop)``. Returns the hasher to feed if it is in order, otherwise ``None``."""
        self.writers += 1
        self.entries += 1
        if start < self._position:
            self._disorder()
        # With two concurrent writes, the order in which they reach the disk is unknown, so they aren't hashed.
        if start == self._position and self.writers == 1:
            self._position = stop
            return self._hasher
        return None

    def hold(self) -> None:
        """Begins a read of the block, which counts as a write in progress."""
        self.writers += 1

    def let_go(self) -> None:
        """Ends a read of the block."""
        self.writers -= 1

    def leave(self, start: int, stop: int, hasher: xxh3_64 | None) -> None:
        """Ends a write; ``hasher`` is what :meth:`enter` returned for it."""
        self.writers -= 1
        if hasher is None:
            self._covered = self._covered.add(Span(start, stop))

    def spoil(self, start: int, stop: int) -> None:
        """Records a failed write, after which the content of its bytes is unknown."""
        self.writers -= 1
        if start < self._position:
            self._disorder()
        self._covered = self._covered.remove(Span(start, stop))

    def restore(self, piece: Span) -> None:
        """Adds a piece that an earlier run has stored and that was read back."""
        self._covered = self._covered.add(piece)

    @property
    def stored(self) -> SpanSet:
        """The stored bytes; none while a write is in progress."""
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
        """The whole block's xxh3_64 if all of it came in order, otherwise ``None``."""
        return self._hasher.intdigest() if self._position == stop else None

    def _disorder(self) -> None:
        """Hashed bytes are being overwritten: they are still stored, but the checksum is no longer valid."""
        self._covered = self._covered.add(Span(self._start, self._position))
        self._position = self._start
        self._hasher = xxh3_64()
