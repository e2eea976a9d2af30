"""The opcodes of a file that may be a pickle, and the bounded view of it for the disassembler.

The disassembler keeps all opcodes in memory, and a file can hold any number of them. It therefore sees each pickle up
to a limit, and content beyond the limit is reported as not scanned.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

MOST_READS = 2_000_000
"""The limit for one file: an opcode takes one to three reads, and memory. Checkpoints need some hundred thousand."""
MOST_BYTES = 256 << 20
_FEWEST_OPCODES = 3
"""A harmful pickle needs at least three opcodes: an import, its arguments and the call."""
_ENOUGH_OPCODES = 1000


class Readable(Protocol):
    """A file that is read at any offset; ``Store`` is one."""

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fills ``buffer``; returns the number of bytes, which is smaller only at the file's end."""


@dataclass(frozen=True, slots=True)
class Opcodes:
    """Whether a file has enough pickle opcodes to do anything, and whether the first ones are valid."""

    may_act: bool
    sound: bool


def opcodes_in(file: BinaryIO, most: int = _ENOUGH_OPCODES) -> Opcodes:
    """Reads the first opcodes from the current position. Old protocols have no magic number."""
    from pickletools import genops  # noqa: PLC0415 - few files need it

    count = 0
    view = Bounded(file, Spent())
    try:
        for _ in genops(cast("BinaryIO", view)):
            count += 1
            if count == most:
                break
    except Exception:  # noqa: BLE001 - invalid opcodes raise errors of every kind
        # A failure at the end of the bytes may only mean a long text.
        at_end = not view.read(1)
        return Opcodes(may_act=at_end or count >= _FEWEST_OPCODES, sound=False)
    return Opcodes(may_act=count >= _FEWEST_OPCODES, sound=True)


class Spent:
    """The reads and bytes that all pickles of a file have used of its limit."""

    def __init__(self) -> None:
        self.reads = 0
        self.size = 0


class Bounded:
    """A file that ends for the disassembler at the limit; implements the methods of ``BinaryIO`` that it needs."""

    def __init__(self, file: BinaryIO, spent: Spent) -> None:
        self._file = file
        self._spent = spent
        self.exhausted = False

    def read(self, size: int = -1) -> bytes:
        """Implements ``BinaryIO.read``."""
        rest = self._rest()
        data = self._file.read(rest if size < 0 else min(size, rest))
        self._spent.size += len(data)
        return data

    def readline(self) -> bytes:
        """Implements ``BinaryIO.readline``."""
        data = self._file.readline(self._rest())
        self._spent.size += len(data)
        return data

    def _rest(self) -> int:
        spent = self._spent
        spent.reads += 1
        self.exhausted |= spent.reads > MOST_READS or spent.size >= MOST_BYTES
        return 0 if self.exhausted else MOST_BYTES - spent.size

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Implements ``BinaryIO.seek``. picklescan seeks back by one byte even at the start."""
        if whence == io.SEEK_CUR and offset < 0:
            offset, whence = max(0, self._file.tell() + offset), io.SEEK_SET
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Implements ``BinaryIO.tell``."""
        return self._file.tell()


class InPlace(io.RawIOBase):
    """A :class:`Readable` as a Python file.

    Args:
        file: The file to read.
        length: Its size in bytes.

    Attributes:
        abandoned: Whether reading has to end.
        trouble: The disk's error, which mustn't be taken for invalid content.
    """

    def __init__(self, file: Readable, length: int) -> None:
        super().__init__()
        self._file = file
        self._length = length
        self._position = 0
        self.abandoned = False
        self.trouble: OSError | None = None

    def abandon(self) -> None:
        """Ends reading. May be called from any thread."""
        self.abandoned = True

    def readable(self) -> bool:
        """Implements ``RawIOBase.readable``."""
        return True

    def seekable(self) -> bool:
        """Implements ``RawIOBase.seekable``."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what BufferedReader gives is one
        """Implements ``RawIOBase.readinto``; an abandoned file has ended."""
        if self.abandoned:
            return 0
        size = max(0, min(len(buffer), self._length - self._position))
        try:
            count = self._file.read_into(self._position, memoryview(buffer)[:size]) if size else 0
        except OSError as trouble:
            self.trouble = trouble
            raise
        self._position += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Implements ``RawIOBase.seek``."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position
