"""Texts in a PNG picture (W3C PNG, section 11.3.3), and in ComfyUI's own chunk for animations."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT_BYTES = 32 << 20
"""The limit on inflated text: a chunk of some kilobytes may expand to gigabytes."""

_FRAME = struct.Struct(">I4s")
_CHECKSUM_BYTES = 4


def is_png(content: bytes) -> bool:
    """Whether it begins like a PNG picture."""
    return content.startswith(SIGNATURE)


def texts_in(content: bytes) -> dict[str, bytes]:
    """The texts ``workflow`` and ``prompt``; of several the last one, as in ComfyUI's editor.

    Checksums aren't verified, and a truncated picture is read as far as it goes. A text that can't be inflated, or
    exceeds 32 MiB, is left out.
    """
    found: dict[str, tuple[bytes, bytes]] = {}
    for kind, body in _chunks(content):
        keyword, separator, rest = body.partition(b"\0")
        key = keyword.decode("latin-1").lower()
        if separator and key in {"workflow", "prompt"}:
            found[key] = (kind, rest)
    texts = {key: _text(kind, rest) for key, (kind, rest) in found.items()}
    return {key: text for key, text in texts.items() if text is not None}


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(SIGNATURE)
    while position + _FRAME.size <= len(content):
        length, kind = _FRAME.unpack_from(content, position)
        position += _FRAME.size
        if kind in {b"tEXt", b"zTXt", b"iTXt", b"comf"} and position + length <= len(content):
            yield kind, content[position : position + length]
        position += length + _CHECKSUM_BYTES


def _text(kind: bytes, rest: bytes) -> bytes | None:
    """The text after a chunk's keyword: raw, after a method byte, or after flags, language and translation."""
    if kind == b"zTXt":
        return _inflated(rest[1:])
    if kind == b"iTXt":
        is_compressed = rest[:1] == b"\1"
        _language, _, rest = rest[2:].partition(b"\0")
        _translation, _, rest = rest.partition(b"\0")
        return _inflated(rest) if is_compressed else rest
    return rest


def _inflated(data: bytes) -> bytes | None:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, MAX_TEXT_BYTES)
    except zlib.error:
        return None
    return text if inflater.eof else None
