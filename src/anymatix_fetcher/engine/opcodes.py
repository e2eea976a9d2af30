"""The opcodes of a file that may be a pickle, and what the disassembler gets to see of it.

The disassembler keeps all opcodes in memory, and a file can hold any number, so it gets a bounded view of each pickle:
what lies behind the bound isn't seen, and that is said.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

MOST_READS = 2_000_000
"""Of one file: an opcode takes one to three, and each costs memory. Checkpoints need some hundred thousand."""
MOST_BYTES = 256 << 20
_FEWEST_OPCODES = 3
"""An import, its arguments and the call: with fewer nothing happens."""
_ENOUGH_OPCODES = 1000


class Readable(Protocol):
    """A file that is read in place; ``Store`` is one."""

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fills ``buffer``; how many bytes that were: fewer only at the file's end."""


@dataclass(frozen=True, slots=True)
class Opcodes:
    """How a file reads as a pickle: whether there are enough to do anything, and no nonsense among the first ones."""

    may_act: bool
    sound: bool


def opcodes_in(file: BinaryIO, most: int = _ENOUGH_OPCODES) -> Opcodes:
    """The first opcodes of a file, read from where it stands. Old protocols begin with no mark of their own."""
    from pickletools import genops  # noqa: PLC0415 - few files need it

    count = 0
    view = Bounded(file, Spent())
    try:
        for _ in genops(cast("BinaryIO", view)):
            count += 1
            if count == most:
                break
    except Exception:  # noqa: BLE001 - nonsense makes it raise errors of every kind
        # What breaks off at the end of the bytes may be no more than a long text.
        at_end = not view.read(1)
        return Opcodes(may_act=at_end or count >= _FEWEST_OPCODES, sound=False)
    return Opcodes(may_act=count >= _FEWEST_OPCODES, sound=True)


class Spent:
    """How much of a file's bound is used up, by all of its pickles together."""

    def __init__(self) -> None:
        self.reads = 0
        self.size = 0


class Bounded:
    """A file for the disassembler that ends where the bound is reached: as much of a ``BinaryIO`` as that needs."""

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
        """Implements ``BinaryIO.seek``; picklescan goes back by one byte even where there is none."""
        if whence == io.SEEK_CUR and offset < 0:
            offset, whence = max(0, self._file.tell() + offset), io.SEEK_SET
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Implements ``BinaryIO.tell``."""
        return self._file.tell()


class InPlace(io.RawIOBase):
    """A file that is read in place, as Python's files are.

    Args:
        file: What to read.
        length: Bytes of it.

    Attributes:
        abandoned: Whether reading isn't wanted any more.
        trouble: What the disk has raised, which must not pass for a flaw of the content.
    """

    def __init__(self, file: Readable, length: int) -> None:
        super().__init__()
        self._file = file
        self._length = length
        self._position = 0
        self.abandoned = False
        self.trouble: OSError | None = None

    def abandon(self) -> None:
        """Nothing is to be read any more. May be called from any thread."""
        self.abandoned = True

    def readable(self) -> bool:
        """Implements ``RawIOBase.readable``."""
        return True

    def seekable(self) -> bool:
        """Implements ``RawIOBase.seekable``."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what BufferedReader gives is one
        """Implements ``RawIOBase.readinto``; once it is abandoned, the file has ended."""
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
