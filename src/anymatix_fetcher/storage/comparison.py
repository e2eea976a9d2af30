"""Compares recorded blocks that arrive again with their checksums, without writing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xxhash import xxh3_64

from anymatix_fetcher.core.values.messages import BlockCompared

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.spans import Span


class Comparisons:
    """The comparisons in progress, by block. The part file's lock guards every call."""

    def __init__(self) -> None:
        self._under_way: dict[int, tuple[int, xxh3_64]] = {}
        self._finished: list[BlockCompared] = []

    def feed(
        self, block: Span, offset: int, data: bytes | bytearray | memoryview, checksum: int, *, filling: bool = False
    ) -> bool:
        """Takes bytes of a recorded ``block``. Bytes out of order are dropped, because they prove nothing.

        Returns:
            True if the block is complete now, and differs.
        """
        if offset == block.start:
            self._under_way[block.start] = (offset, xxh3_64())
        position, hasher = self._under_way.pop(block.start, (-1, xxh3_64()))
        if position != offset:
            return False
        hasher.update(data)
        position += len(data)
        if position < block.stop:
            self._under_way[block.start] = (position, hasher)
            return False
        equal = hasher.intdigest() == checksum
        self._finished.append(BlockCompared(block, equal=equal, filling=filling))
        return not equal

    def note(self, piece: Span, *, equal: bool) -> None:
        """Records the comparison of a piece of a block that isn't recorded yet."""
        self._finished.append(BlockCompared(piece, equal=equal))

    def drop(self, start: int, stop: int) -> None:
        """Drops the comparisons of blocks that begin in ``[start, stop)``, including finished ones."""
        for key in [key for key in self._under_way if start <= key < stop]:
            del self._under_way[key]
        self._finished = [compared for compared in self._finished if not start <= compared.span.start < stop]

    @property
    def has_finished(self) -> bool:
        """Whether a comparison was finished since the last :meth:`drain`."""
        return bool(self._finished)

    def drain(self) -> list[BlockCompared]:
        """Returns the comparisons that were finished since the last call."""
        finished, self._finished = self._finished, []
        return finished


class Comparing:
    """A sink that compares and stores nothing.

    Args:
        compare: ``PartFile.compare``.
    """

    def __init__(self, compare: Callable[[int, bytes | bytearray | memoryview], None]) -> None:
        self._compare = compare

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Implements ``Sink``."""
        self._compare(offset, data)
