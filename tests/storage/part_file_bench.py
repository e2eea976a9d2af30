"""A part file in memory, with its journal, for tests."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from anymatix_fetcher.core.values.journal import MIN_BLOCK_SIZE, JournalHeader, decode
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.storage.journal_file import JournalFile
from anymatix_fetcher.storage.part_file import PartFile

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = MIN_BLOCK_SIZE
LENGTH = 3 * BLOCK + 12_345
CONTENT = random.Random(7).randbytes(LENGTH)
OTHER = random.Random(8).randbytes(LENGTH)


class MemoryFile:
    """A ``RandomFile`` in memory. ``before_write`` and ``after_read`` let a test act in the middle of things."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.writes = 0
        self.before_write: Callable[[int], None] = lambda _offset: None
        self.after_read: Callable[[int], None] = lambda _offset: None

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        self.before_write(offset)
        self.writes += 1
        self.data.extend(bytes(max(0, offset + len(data) - len(self.data))))
        self.data[offset : offset + len(data)] = data

    def read_into(self, offset: int, buffer: bytearray | memoryview) -> int:
        piece = self.data[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        self.after_read(offset)
        return len(piece)

    def size(self) -> int:
        return len(self.data)

    def on_disk(self) -> int:
        return len(self.data)

    def truncate(self, length: int) -> None:
        del self.data[length:]
        self.data.extend(bytes(length - len(self.data)))

    def sync(self) -> None:
        """Memory is as durable as it gets."""

    def is_at(self, _path: object) -> bool:
        return True

    def duplicate(self) -> MemoryFile:
        return self

    def close(self) -> None:
        """Stays readable for the test."""


class Bench:
    """A part file in memory, with its journal and what it called back."""

    def __init__(self, length: int | None = LENGTH) -> None:
        self.file, self.journal = MemoryFile(), MemoryFile()
        self.fronts: list[int] = []
        self.forgotten: list[int] = []
        journal = JournalFile(self.journal)
        journal.begin(JournalHeader.create("r", block_size=BLOCK, salt=bytes(16)))
        self.part = PartFile(
            self.file,
            journal,
            on_front=lambda: self.fronts.append(self.part.front),
            on_forgotten=self.forgotten.append,
        )
        self.part.lay_out(BLOCK, length)

    def put(self, start: int, stop: int, content: bytes = CONTENT) -> None:
        self.part.write(start, content[start:stop])

    def journaled(self) -> dict[int, tuple[int, int]]:
        """Each journaled block's length and checksum."""
        table = decode(bytes(self.journal.data)).blocks
        return {index: (table.length(index), table.checksum(index)) for index in table}


def expected(*indices: int) -> dict[int, tuple[int, int]]:
    pieces = {index: CONTENT[index * BLOCK : (index + 1) * BLOCK] for index in indices}
    return {index: (len(piece), xxh3_64_intdigest(piece)) for index, piece in pieces.items()}


def spans(*indices: int) -> SpanSet:
    return SpanSet.of(*(Span(index * BLOCK, min((index + 1) * BLOCK, LENGTH)) for index in indices))
