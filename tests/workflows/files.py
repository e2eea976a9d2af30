"""Files as ComfyUI and others write them, made from a workflow's texts."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Texts = dict[str, str]


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(texts: Texts, *, kind: str = "tEXt", after: bytes = b"") -> bytes:
    """A PNG picture of one pixel with text chunks of a kind; ``iTXt+`` stands for a compressed one."""
    body = b""
    for key, text in texts.items():
        raw, keyword = text.encode(), key.encode()
        match kind:
            case "zTXt":
                body += chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(raw))
            case "iTXt":
                body += chunk(b"iTXt", keyword + b"\0\0\0en\0translated\0" + raw)
            case "iTXt+":
                body += chunk(b"iTXt", keyword + b"\0\1\0\0\0" + zlib.compress(raw))
            case _:
                body += chunk(kind.encode(), keyword + b"\0" + raw)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + header + body + pixels + after + chunk(b"IEND", b"")


def tiff(entries: Mapping[int, bytes], *, order: str = "<", kind: int = 2) -> bytes:
    """A TIFF structure of one directory with texts under tags."""
    start, values = 8 + 2 + 12 * len(entries) + 4, b""
    directory = struct.pack(f"{order}H", len(entries))
    for tag, text in entries.items():
        directory += struct.pack(f"{order}HHII", tag, kind, len(text) + 1, start + len(values))
        values += text + b"\0"
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}I", 8) + directory + bytes(4) + values


def exif(texts: Texts, *, order: str = "<") -> bytes:
    """EXIF data as ComfyUI writes it: prompt in ``Model``, the rest from ``Make`` downwards."""
    entries = {0x0110: f"prompt:{texts['prompt']}".encode()} if "prompt" in texts else {}
    others = [key for key in texts if key != "prompt"]
    entries |= {0x010F - number: f"{key}:{texts[key]}".encode() for number, key in enumerate(others)}
    return tiff(dict(sorted(entries.items())), order=order)


def webp(data: bytes) -> bytes:
    """A WebP file with EXIF data behind a picture of odd length."""
    parts = b"VP8L" + struct.pack("<I", 5) + b"/\0\0\0\0\0"
    parts += b"EXIF" + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WEBP" + parts


def jpeg(data: bytes) -> bytes:
    """The beginning of a JPEG file with EXIF data behind another segment."""
    body = b"Exif\0\0" + data
    return b"\xff\xd8\xff\xe0\0\4ab\xff\xe1" + struct.pack(">H", len(body) + 2) + body + b"\xff\xda\0\2" + bytes(9)


def flac(texts: Texts) -> bytes:
    """The beginning of a FLAC file with a comment block behind the stream's description."""
    comments = [f"{key.upper()}={text}".encode() for key, text in texts.items()]
    block = struct.pack("<I", 3) + b"lib" + struct.pack("<I", len(comments))
    block += b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    return b"fLaC\0" + (34).to_bytes(3, "big") + bytes(34) + b"\x84" + len(block).to_bytes(3, "big") + block
