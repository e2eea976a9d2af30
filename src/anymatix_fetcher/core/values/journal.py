"""The journal's records and their encoding; ``docs/journal-format.md`` describes the file.

A journal is a header followed by records, in chronological order. It isn't synced while it grows, so its end may be
cut, missing or zeroes: decoding stops at the first damaged record and returns its position, where the next writer
truncates. A record is a claim, no proof: a block counts once its bytes were read back and match the recorded checksum.
"""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.core.values.http import MAX_LENGTH
from anymatix_fetcher.core.values.messages import Identity
from anymatix_fetcher.core.values.queries import without_query
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.urls import Origin
from anymatix_fetcher.core.values.validators import EntityTag, Validator

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"anyfetch"
VERSION = 1

MIN_BLOCK_SIZE = 1 << 20
MAX_BLOCK_SIZE = 1 << 31
MAX_BLOCKS = 32_768
"""The block size grows so that a file of known length has no more blocks than this."""
MAX_BLOCK_INDEX = (1 << 24) - 1
"""16 TiB of the smallest blocks. A higher index is damage, and mustn't cost memory."""

SALT_BYTES = 16

_HEADER = struct.Struct(">8sHI16s32s")
_FRAME = struct.Struct(">BI")
_BLOCK = struct.Struct(">IIQ")
_FORGOTTEN = struct.Struct(">II")
_PIECE = struct.Struct(">QIQ")
_CHECKSUM = struct.Struct(">I")

_KIND_IDENTITY = 1
_KIND_BLOCK = 2
_KIND_FORGOTTEN = 3
_KIND_PIECE = 4

HEADER_BYTES = _HEADER.size + _CHECKSUM.size


@dataclass(frozen=True, slots=True)
class JournalHeader:
    """The header of a journal.

    ``block_size`` is in bytes. The reference itself may contain a signature or a token, so only ``fingerprint`` is
    written, the SHA-256 of ``salt`` and the reference.
    """

    block_size: int
    salt: bytes
    fingerprint: bytes

    @classmethod
    def create(cls, reference: str, *, block_size: int, salt: bytes) -> JournalHeader:
        """The header of a new journal for ``reference``; ``salt`` is :data:`SALT_BYTES` random bytes."""
        salt = _marked(salt, reference)
        return cls(block_size, salt, _fingerprint(salt, reference))

    def is_for(self, reference: str) -> bool:
        """Whether the journal belongs to ``reference``."""
        return self.fingerprint == _fingerprint(self.salt, reference)

    def differs_in_query_only(self, reference: str) -> bool:
        """Whether the journal belongs to another reference that is the same without its query."""
        return not self.is_for(reference) and self.salt == _marked(self.salt, reference)

    def encode(self) -> bytes:
        """The header's :data:`HEADER_BYTES` bytes."""
        return _sealed(_HEADER.pack(MAGIC, VERSION, self.block_size, self.salt, self.fingerprint))

    @classmethod
    def decode(cls, data: bytes) -> JournalHeader | None:
        """The header at the beginning of ``data``; ``None`` if it is damaged or has another version."""
        if len(data) < HEADER_BYTES or not _is_sealed(data, 0, _HEADER.size):
            return None
        magic, version, block_size, salt, fingerprint = _HEADER.unpack_from(data)
        if (magic, version) != (MAGIC, VERSION) or not 0 < block_size <= MAX_BLOCK_SIZE:
            return None
        return cls(block_size, salt, fingerprint)


@dataclass(frozen=True, slots=True)
class BlockRecorded:
    """The block's ``length`` bytes are stored and have this xxh3_64 ``checksum``."""

    index: int
    length: int
    checksum: int


@dataclass(frozen=True, slots=True)
class BlocksForgotten:
    """The blocks with the indices ``[first, stop)`` no longer count."""

    first: int
    stop: int


@dataclass(frozen=True, slots=True)
class PieceRecorded:
    """The ``length`` bytes from ``start``, all in one unfinished block, are stored and have this ``checksum``.

    Written when a download is stopped, because only complete blocks are recorded.
    """

    start: int
    length: int
    checksum: int

    @property
    def span(self) -> Span:
        """Its bytes."""
        return Span(self.start, self.start + self.length)


Record: TypeAlias = Identity | BlockRecorded | BlocksForgotten | PieceRecorded


class BlockTable:
    """The recorded blocks and their checksums: 12 bytes a block."""

    def __init__(self) -> None:
        self._lengths = array("I")
        self._checksums = array("Q")

    def __contains__(self, index: int) -> bool:
        return index < len(self._lengths) and self._lengths[index] != 0

    def __iter__(self) -> Iterator[int]:
        return (index for index, length in enumerate(self._lengths) if length)

    @property
    def stop(self) -> int:
        """One more than the highest index that was ever recorded."""
        return len(self._lengths)

    def length(self, index: int) -> int:
        """The recorded block's length in bytes; 0 if it isn't recorded."""
        return self._lengths[index] if index < len(self._lengths) else 0

    def checksum(self, index: int) -> int:
        """The recorded block's xxh3_64."""
        return self._checksums[index]

    def record(self, index: int, length: int, checksum: int) -> None:
        """Adds or replaces a block."""
        missing = index + 1 - len(self._lengths)
        if missing > 0:
            self._lengths.frombytes(bytes(missing * self._lengths.itemsize))
            self._checksums.frombytes(bytes(missing * self._checksums.itemsize))
        self._lengths[index] = length
        self._checksums[index] = checksum

    def forget(self, first: int, stop: int) -> None:
        """Removes the blocks with the indices ``[first, stop)``."""
        for index in range(first, min(stop, len(self._lengths))):
            self._lengths[index] = 0

    def fitting(self, block_size: int, length: int) -> SpanSet:
        """The bytes of the recorded blocks that fit a file of ``length`` bytes."""
        starts = ((index * block_size, self._lengths[index]) for index in self)
        return SpanSet.of(*(Span(at, at + size) for at, size in starts if size == min(block_size, length - at)))

    def spans(self, block_size: int) -> SpanSet:
        """The bytes of all recorded blocks."""
        starts = ((index * block_size, self._lengths[index]) for index in self)
        return SpanSet.of(*(Span(start, start + length) for start, length in starts))


@dataclass(frozen=True, slots=True)
class JournalContent:
    """The readable content of a journal.

    ``header`` is ``None`` if even that is unreadable. ``valid_bytes`` is where decoding stopped, and where appending
    continues after truncating the file.
    """

    header: JournalHeader | None = None
    identity: Identity | None = None
    blocks: BlockTable = field(default_factory=BlockTable)
    valid_bytes: int = 0
    pieces: tuple[PieceRecorded, ...] = ()

    @property
    def stored(self) -> SpanSet:
        """All bytes that are recorded as stored."""
        if self.header is None:
            return SpanSet()
        return self.blocks.spans(self.header.block_size) | SpanSet.of(*(piece.span for piece in self.pieces))


def block_size_for(length: int | None, *, smallest: int = MIN_BLOCK_SIZE) -> int:
    """The block size for a file of ``length`` bytes: ``smallest``, doubled while there would be too many blocks."""
    size = smallest
    while length is not None and length > size * MAX_BLOCKS and size < MAX_BLOCK_SIZE:
        size *= 2
    return size


def encode(record: Record) -> bytes:
    """Encodes a record for appending to a journal."""
    match record:
        case BlockRecorded():
            kind, payload = _KIND_BLOCK, _BLOCK.pack(record.index, record.length, record.checksum)
        case BlocksForgotten():
            kind, payload = _KIND_FORGOTTEN, _FORGOTTEN.pack(record.first, record.stop)
        case PieceRecorded():
            kind, payload = _KIND_PIECE, _PIECE.pack(record.start, record.length, record.checksum)
        case Identity():
            kind, payload = _KIND_IDENTITY, _encode_identity(record)
    return _sealed(_FRAME.pack(kind, len(payload)) + payload)


def records(data: bytes) -> Iterator[tuple[Record, int]]:
    """The records after the header, each with the offset of its end, up to the first damaged one."""
    position = HEADER_BYTES
    while position + _FRAME.size <= len(data):
        kind, length = _FRAME.unpack_from(data, position)
        stop = position + _FRAME.size + length
        if stop + _CHECKSUM.size > len(data) or not _is_sealed(data, position, stop):
            return
        record = _decode(kind, data[position + _FRAME.size : stop])
        if record is None:
            return
        position = stop + _CHECKSUM.size
        yield record, position


def decode(data: bytes) -> JournalContent:
    """Decodes a journal; never raises."""
    header = JournalHeader.decode(data)
    if header is None:
        return JournalContent()
    identity, blocks, valid_bytes = None, BlockTable(), HEADER_BYTES
    pieces = list[PieceRecorded]()
    for record, stop in records(data):
        match record:
            case BlockRecorded():
                blocks.record(record.index, record.length, record.checksum)
                pieces = _without(pieces, record.index, record.index + 1, header.block_size)
            case BlocksForgotten():
                blocks.forget(record.first, record.stop)
                pieces = _without(pieces, record.first, record.stop, header.block_size)
            case PieceRecorded():
                pieces = [piece for piece in pieces if not SpanSet.of(piece.span) & SpanSet.of(record.span)]
                pieces.append(record)
            case Identity():
                identity = record
        valid_bytes = stop
    return JournalContent(header, identity, blocks, valid_bytes, tuple(pieces))


def _without(pieces: list[PieceRecorded], first: int, stop: int, block_size: int) -> list[PieceRecorded]:
    """``pieces`` without those of the blocks with the indices ``[first, stop)``."""
    return [piece for piece in pieces if not first <= piece.start // block_size < stop] if pieces else pieces


def may_be_ours(data: bytes) -> bool:
    """Whether an unreadable journal was written by this program: cut, zeroed, or of another version.

    Anything else belongs to another program.
    """
    return MAGIC.startswith((data[: len(MAGIC)], data.rstrip(b"\x00")))


def _sealed(data: bytes) -> bytes:
    return data + _CHECKSUM.pack(zlib.crc32(data))


def _is_sealed(data: bytes, start: int, stop: int) -> bool:
    checksum: int = _CHECKSUM.unpack_from(data, stop)[0]
    return zlib.crc32(memoryview(data)[start:stop]) == checksum


def _fingerprint(salt: bytes, reference: str) -> bytes:
    return sha256(salt + reference.encode("utf-8", "surrogatepass")).digest()


def _marked(salt: bytes, reference: str) -> bytes:
    """The salt; its second half marks the reference without its query."""
    half = salt[: SALT_BYTES // 2]
    return half + _fingerprint(half, without_query(reference))[: SALT_BYTES - len(half)]


def _decode(kind: int, payload: bytes) -> Record | None:
    """The record; ``None`` if its content is invalid although its checksum matches."""
    if kind == _KIND_BLOCK and len(payload) == _BLOCK.size:
        block = BlockRecorded(*_BLOCK.unpack(payload))
        return block if block.index <= MAX_BLOCK_INDEX and block.length > 0 else None
    if kind == _KIND_FORGOTTEN and len(payload) == _FORGOTTEN.size:
        return BlocksForgotten(*_FORGOTTEN.unpack(payload))
    if kind == _KIND_PIECE and len(payload) == _PIECE.size:
        piece = PieceRecorded(*_PIECE.unpack(payload))
        return piece if piece.length > 0 and piece.span.stop <= MAX_LENGTH else None
    if kind == _KIND_IDENTITY:
        return _decode_identity(payload)
    return None


def _encode_identity(identity: Identity) -> bytes:
    etag, origin = identity.validator.etag, identity.origin
    return json.dumps(
        {
            "length": identity.length,
            "etag": None if etag is None else [etag.opaque, etag.weak],
            "modified": identity.validator.modified,
            "modified_is_strong": identity.validator.modified_is_strong,
            "origin": None if origin is None else list(origin),
        }
    ).encode("ascii")


def _decode_identity(payload: bytes) -> Identity | None:
    try:
        match json.loads(payload):
            case {
                "length": int() | None as length,
                "etag": [str(), bool()] | None as etag,
                "modified": str() | None as modified,
                "modified_is_strong": bool() as strong,
                "origin": [str(), str(), int()] | None as origin,
            } if length is None or length >= 0:
                return Identity(
                    length,
                    Validator(None if etag is None else EntityTag(*etag), modified, modified_is_strong=strong),
                    None if origin is None else Origin(*origin),
                )
    except (ValueError, RecursionError):
        pass
    return None
