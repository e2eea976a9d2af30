"""A zip archive's directory, read from its end (PKWARE's APPNOTE.TXT, sections 4.3.12 to 4.3.16).

PyTorch checkpoints are zip archives that contain a pickle; no entry is unpacked here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.formats.prefix import TRUNCATED_HINT, DamagedError

LOCAL_HEADER = b"PK\x03\x04"
EMPTY_ARCHIVE = b"PK\x05\x06"
SPANNED_ARCHIVE = b"PK\x07\x08"

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FIELD = struct.Struct("<2H")
_UTF8_FLAG = 0x800
_ZIP64_FIELD = 1
_UNKNOWN = 0xFFFFFFFF

TAIL_SIZE = 16 * 1024
"""The end record is in the last 22 bytes unless there is a comment, which model files don't have."""


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """An entry: its name, and its uncompressed size in bytes."""

    name: str
    size: int


def find_directory(tail: bytes, length: int) -> Span:
    """The position of the directory.

    Args:
        tail: The file's last bytes, at least :data:`TAIL_SIZE` of them unless the file is shorter.
        length: The size of the whole file.

    Raises:
        DamagedError: The end record is missing, or contradicts the file.
    """
    at = tail.rfind(EMPTY_ARCHIVE, 0, max(0, len(tail) - _END.size + len(EMPTY_ARCHIVE)))
    if at < 0:
        raise DamagedError("it is a zip archive without its end", hint=TRUNCATED_HINT)
    size, start = _END.unpack_from(tail, at)[5:7]
    locator = at - _END64_LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
        record = _END64_LOCATOR.unpack_from(tail, locator)[2] - (length - len(tail))
        if 0 <= record <= len(tail) - _END64.size and tail[record : record + 4] == b"PK\x06\x06":
            size, start = _END64.unpack_from(tail, record)[8:10]
    if start + size > length - _END.size:
        raise DamagedError("it is a zip archive, and its list of entries lies outside of it", hint=TRUNCATED_HINT)
    return Span(start, start + size)


def read_entries(directory: bytes) -> tuple[ZipEntry, ...]:
    """The entries in the directory, as far as it is complete, in the archive's order.

    Raises:
        DamagedError: It isn't a directory.
    """
    entries = []
    position = 0
    while position + _ENTRY.size <= len(directory):
        signature, _, _, flags, *_, size, name_size, extra_size, comment_size, _, _, _, _ = _ENTRY.unpack_from(
            directory, position
        )
        if signature != b"PK\x01\x02":
            raise DamagedError("it is a zip archive, and its list of entries can't be read")
        position += _ENTRY.size
        name = directory[position : position + name_size].decode("utf-8" if flags & _UTF8_FLAG else "cp437", "replace")
        extra = directory[position + name_size : position + name_size + extra_size]
        entries.append(ZipEntry(name, _size64(extra) if size == _UNKNOWN else size))
        position += name_size + extra_size + comment_size
    return tuple(entries)


def first_name(first: bytes) -> str:
    """The name of the archive's first entry, from its local header; empty if that is incomplete."""
    if len(first) < _LOCAL.size or not first.startswith(LOCAL_HEADER):
        return ""
    name_size = _LOCAL.unpack_from(first)[9]
    return first[_LOCAL.size : _LOCAL.size + name_size].decode("utf-8", "replace")


def _size64(extra: bytes) -> int:
    position = 0
    while position + _FIELD.size <= len(extra):
        kind, size = _FIELD.unpack_from(extra, position)
        position += _FIELD.size
        if kind == _ZIP64_FIELD and size >= 8 and position + 8 <= len(extra):  # noqa: PLR2004 - a 64-bit number
            return int.from_bytes(extra[position : position + 8], "little")
        position += size
    return _UNKNOWN
