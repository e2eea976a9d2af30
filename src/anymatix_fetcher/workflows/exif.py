"""Texts in the EXIF data of WebP and JPEG pictures, as ComfyUI writes them: ``workflow:{...}`` and ``prompt:{...}``.

ComfyUI stores them as ASCII in camera tags of the first directory (``Model`` for the prompt, ``Make`` for the
workflow). Other tools use other tags, so all are read. XMP isn't read: ComfyUI doesn't write it.
"""

from __future__ import annotations

import struct

_ASCII = 2
_TIFF_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_EXIF_MARK = b"Exif\0\0"
_START_OF_SCAN, _APP1 = 0xDA, 0xE1


def is_webp(content: bytes) -> bool:
    """Whether it begins like a WebP picture."""
    return content.startswith(b"RIFF") and content.startswith(b"WEBP", 8)


def is_jpeg(content: bytes) -> bool:
    """Whether it begins like a JPEG picture."""
    return content.startswith(b"\xff\xd8\xff")


def texts_in_webp(content: bytes) -> dict[str, bytes]:
    """The texts ``workflow`` and ``prompt`` in the first ``EXIF`` chunk that has one (RFC 9649, section 2.7)."""
    position = 12
    while position + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, position)
        position += 8
        if kind == b"EXIF":
            texts = _texts_in_tiff(content[position : position + length].removeprefix(_EXIF_MARK))
            if texts:
                return texts
        position += length + length % 2
    return {}


def texts_in_jpeg(content: bytes) -> dict[str, bytes]:
    """The texts ``workflow`` and ``prompt`` in the first EXIF segment that has one, at most 64 KiB."""
    position = 2
    while position + 4 <= len(content) and content[position] == 0xFF:  # noqa: PLR2004 - every marker begins so
        marker = content[position + 1]
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        body = content[position + 4 : position + 2 + length]
        if marker == _START_OF_SCAN or length < 2:  # noqa: PLR2004 - the length counts its own two bytes
            break
        if marker == _APP1 and body.startswith(_EXIF_MARK):
            texts = _texts_in_tiff(body.removeprefix(_EXIF_MARK))
            if texts:
                return texts
        position += 2 + length
    return {}


def _texts_in_tiff(data: bytes) -> dict[str, bytes]:
    """The texts of the first directory (TIFF 6.0, section 2), the first one for each key."""
    order = _TIFF_ORDERS.get(data[:4])
    if order is None or len(data) < 8:  # noqa: PLR2004 - mark and offset
        return {}
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    if start + 2 > len(data):
        return {}
    (count,) = struct.unpack_from(f"{order}H", data, start)
    found: dict[str, bytes] = {}
    for number in range(count):
        entry = start + 2 + 12 * number
        if entry + 12 > len(data):
            break
        _tag, kind, length, offset = struct.unpack_from(f"{order}HHII", data, entry)
        if kind != _ASCII or offset + length > len(data):
            continue
        # Many entries may point to one large text, so only its beginning is copied until it is needed.
        key, separator, _ = data[offset : min(offset + length, offset + 16)].partition(b":")
        name = key.decode("latin-1").strip().lower()
        if separator and name in {"workflow", "prompt"} and name not in found:
            found[name] = data[offset + len(key) + 1 : offset + length].rstrip(b"\0")
    return found
