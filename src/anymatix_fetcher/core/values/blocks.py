"""The checksums of all blocks of a complete file, which later reveal changed bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span, SpanSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.core.values.journal import BlockTable

_CHECKSUM_BYTES = 8


@dataclass(frozen=True, slots=True)
class BlockChecksums:
    """The xxh3_64 of each block, in order.

    Args:
        block_size: The size of every block but the last one, in bytes.
        length: The file's length in bytes.
        data: The checksums, each in 8 bytes, big-endian.
    """

    block_size: int
    length: int
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, block_size: int, length: int, checksums: Iterable[int]) -> BlockChecksums:
        """Builds it from one number for each block.

        Raises:
            ValueError: The count of numbers is wrong.
        """
        numbers = tuple(checksums)
        found = cls(block_size, length, struct.pack(f">{len(numbers)}Q", *numbers))
        if len(numbers) != found.count:
            raise ValueError(f"{len(numbers)} checksums for the {found.count} blocks of {length} bytes")
        return found

    @classmethod
    def of_table(cls, table: BlockTable, block_size: int, length: int) -> BlockChecksums | None:
        """Builds it from a journal's records; ``None`` if a block is missing."""
        count = _count(block_size, length)
        wanted = [Span(index * block_size, min(length, (index + 1) * block_size)) for index in range(count)]
        if any(table.length(index) != len(span) for index, span in enumerate(wanted)):
            return None
        return cls.of(block_size, length, (table.checksum(index) for index in range(count)))

    @classmethod
    def read(cls, block_size: int, length: int, data: bytes) -> BlockChecksums | None:
        """Builds it from stored bytes; ``None`` if they are invalid."""
        makes_sense = block_size > 0 and length >= 0 and len(data) == _count(block_size, length) * _CHECKSUM_BYTES
        return cls(block_size, length, data) if makes_sense else None

    @property
    def count(self) -> int:
        """The number of blocks."""
        return _count(self.block_size, self.length)

    def checksum(self, index: int) -> int:
        """The block's xxh3_64."""
        return int.from_bytes(self.data[index * _CHECKSUM_BYTES : (index + 1) * _CHECKSUM_BYTES], "big")

    def span(self, index: int) -> Span:
        """The block's bytes."""
        start = index * self.block_size
        return Span(start, min(self.length, start + self.block_size))

    def differing(self, found: BlockChecksums) -> tuple[int, ...]:
        """The blocks that are missing or different in ``found``, which has the same block size."""
        if found.block_size != self.block_size:
            raise ValueError("blocks of different sizes can't be compared")
        return tuple(
            index
            for index in range(self.count)
            if index >= found.count
            or self.span(index) != found.span(index)
            or self.checksum(index) != found.checksum(index)
        )

    def spans(self, indices: Iterable[int]) -> SpanSet:
        """The bytes of these blocks."""
        return SpanSet.of(*map(self.span, indices))


def _count(block_size: int, length: int) -> int:
    return -(-length // block_size)
