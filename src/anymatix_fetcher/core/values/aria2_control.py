"""aria2's control file, ``NAME.aria2`` beside ``NAME``: which bytes of an unfinished download are stored.

The format is described in aria2's technical notes, "Control File Format". A file consists of pieces with one bit each,
and a piece in progress has bits for its blocks of 16 KiB. Version 1 is big-endian; version 0 uses the byte order of its
machine.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from anymatix_fetcher.core.values.http import MAX_LENGTH
from anymatix_fetcher.core.values.spans import Span, union

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.values.spans import SpanSet

BLOCK_BYTES: Final = 16 << 10
"""The block size in a piece in progress."""
MAX_CONTROL_BYTES: Final = 32 << 20
"""A larger file isn't a control file: one bit per MiB of a 100 TB file makes 13 MB."""
MAX_HASH_BYTES: Final = 64

_NEWEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class Control:
    """The content of a control file.

    Args:
        length: The length of the whole file in bytes.
        stored: The stored bytes.
    """

    length: int
    stored: SpanSet


def read_control(data: bytes) -> Control | None:
    """Parses a control file; ``None`` if it is incomplete or contradictory. Never raises."""
    version = int.from_bytes(data[:2], "big")
    orders: tuple[Literal[">", "<"], ...] = (">",) if version else ("<", ">")
    if version > _NEWEST_VERSION:
        return None
    for order in orders:
        try:
            return _Reader(data, order).control()
        except (struct.error, ValueError):
            continue
    return None


class _Reader:
    def __init__(self, data: bytes, order: Literal[">", "<"]) -> None:
        self._data = data
        self._order = order
        self._position = 2

    def control(self) -> Control:
        self._take(4)  # an extension field, relevant for torrents only
        hash_bytes = self._number("I")
        if hash_bytes > MAX_HASH_BYTES:
            raise ValueError("the info hash is too long")
        self._take(hash_bytes)
        piece_bytes, length, _ = self._number("I"), self._number("Q"), self._number("Q")
        if not piece_bytes or not 0 < length <= MAX_LENGTH:
            raise ValueError("there is nothing to be had in pieces")
        count = -(-length // piece_bytes)
        whole = [_piece(index, piece_bytes, length) for index in _set_bits(self._bits(count))]
        under_way = [span for _ in range(self._number("I")) for span in self._under_way(count, piece_bytes, length)]
        return Control(length, union((*whole, *under_way)))

    def _under_way(self, count: int, piece_bytes: int, length: int) -> Iterator[Span]:
        """The stored blocks of an incomplete piece."""
        index, own_bytes = self._number("I"), self._number("I")
        if index >= count:
            raise ValueError("there is no such piece")
        piece = _piece(index, piece_bytes, length)
        if own_bytes != len(piece):
            raise ValueError("the piece has another length")
        for block in _set_bits(self._bits(-(-own_bytes // BLOCK_BYTES))):
            start = piece.start + block * BLOCK_BYTES
            yield Span(start, min(start + BLOCK_BYTES, piece.stop))

    def _bits(self, count: int) -> tuple[bytes, int]:
        """A field of ``count`` bits, most significant bit first."""
        size = self._number("I")
        if size != -(-count // 8):
            raise ValueError("the field has another length")
        return self._take(size), count

    def _number(self, kind: Literal["I", "Q"]) -> int:
        number: int = struct.unpack_from(f"{self._order}{kind}", self._data, self._position)[0]
        self._position += struct.calcsize(f"{self._order}{kind}")
        return number

    def _take(self, size: int) -> bytes:
        taken = self._data[self._position : self._position + size]
        if len(taken) < size:
            raise ValueError("it ends too early")
        self._position += size
        return taken


def _piece(index: int, piece_bytes: int, length: int) -> Span:
    return Span(index * piece_bytes, min((index + 1) * piece_bytes, length))


def _set_bits(field: tuple[bytes, int]) -> Iterator[int]:
    bits, count = field
    return (index for index in range(count) if bits[index >> 3] & 0x80 >> (index & 7))
