"""Texts in the comments of a FLAC recording (RFC 9639, section 8.6)."""

from __future__ import annotations

import struct

_COMMENTS = 4
_LAST_BLOCK = 0x80


def is_flac(content: bytes) -> bool:
    """Whether it begins like a FLAC recording."""
    return content.startswith(b"fLaC")


def texts_in(content: bytes) -> dict[str, bytes]:
    """The first texts ``workflow`` and ``prompt``."""
    position = 4
    while position + 4 <= len(content):
        header = content[position]
        stop = position + 4 + int.from_bytes(content[position + 1 : position + 4], "big")
        if header & ~_LAST_BLOCK == _COMMENTS:
            return _comments(content[position + 4 : stop])
        if header & _LAST_BLOCK:
            break
        position = stop
    return {}


def _comments(block: bytes) -> dict[str, bytes]:
    """A vendor's name, a count, and that many ``KEY=text``, each after its length."""
    found: dict[str, bytes] = {}
    position = 0
    try:
        position += 4 + struct.unpack_from("<I", block, position)[0]
        (count,) = struct.unpack_from("<I", block, position)
        position += 4
        for _ in range(count):
            (length,) = struct.unpack_from("<I", block, position)
            key, _, text = block[position + 4 : position + 4 + length].partition(b"=")
            found.setdefault(key.decode("latin-1").lower(), text)
            position += 4 + length
    except struct.error:
        pass  # truncated: the complete comments count
    return {key: found[key] for key in ("workflow", "prompt") if key in found}
