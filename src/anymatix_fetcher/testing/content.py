"""Generated files: any part of them is computed on demand and never stored.

A generated file repeats one seeded random block of 1 MiB, and each 4 KiB page of it starts with the page's own
index. So files differ from each other, and shifted, swapped or repeated bytes are detected.
The block comes from SHAKE-128, so the same seed gives the same bytes on every machine and Python version.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE_BYTES = 4096
BLOCK_BYTES = 1 << 20
_PAGES_PER_BLOCK = BLOCK_BYTES // PAGE_BYTES
_STAMP = struct.Struct(">Q")
_GGUF_VERSION = 3

Form = Literal["auto", "raw", "safetensors", "gguf"]
"""The form of a generated file: ``auto`` depends on the extension, ``raw`` has no header."""


class Content(Protocol):
    """The bytes of one representation, with random access."""

    @property
    def size(self) -> int:
        """The number of bytes."""

    def read(self, start: int, stop: int) -> bytes:
        """The bytes of ``[start, stop)``, cut at the end of the file."""

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """``[start, stop)`` in order, in pieces of at most 1 MiB; a piece is valid until the next one is requested."""

    def sha256(self) -> str:
        """The lower-case hexadecimal SHA-256 of the whole file."""


@dataclass(frozen=True, slots=True)
class GeneratedContent:
    """A file of ``size`` bytes that is a pure function of (seed, content id, offset).

    Attributes:
        seed: Any integer; the origin's seed.
        content_id: The file's identity among those with the same seed, usually its path.
        size: The length in bytes; needs neither disk nor memory.
        prefix: Bytes that replace the first generated ones, such as the header of a model format.
    """

    seed: int
    content_id: str
    size: int
    prefix: bytes = b""

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(f"size: {self.size} is negative")
        if len(self.prefix) > self.size:
            raise ValueError(f"prefix: {len(self.prefix)} bytes don't fit into a file of {self.size}")

    def read(self, start: int, stop: int) -> bytes:
        """The bytes of ``[start, stop)``, cut at the end of the file.

        Raises:
            ValueError: If ``start`` is negative.
        """
        # Each piece is copied before the next one overwrites the buffer.
        return b"".join([bytes(piece) for piece in self.pieces(start, stop)])

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """``[start, stop)`` in order, in pieces of at most 1 MiB, all in one reused buffer."""
        if start < 0:
            raise ValueError(f"start: {start} is negative")
        stop = min(stop, self.size)
        if start >= stop:
            return
        # Only the page indices in the block are rewritten, which makes this fast.
        buffer = bytearray(_base_block(self.seed, self.content_id))
        view = memoryview(buffer)
        at = start
        while at < stop:
            block = at // BLOCK_BYTES
            block_start = block * BLOCK_BYTES
            piece_stop = min(stop, block_start + BLOCK_BYTES)
            first_page = (at - block_start) // PAGE_BYTES
            last_page = (piece_stop - 1 - block_start) // PAGE_BYTES
            index = block * _PAGES_PER_BLOCK
            for page in range(first_page, last_page + 1):
                _STAMP.pack_into(buffer, page * PAGE_BYTES, index + page)
            piece = view[at - block_start : piece_stop - block_start]
            if at < len(self.prefix):
                # A copy, because the header must not remain in the buffer; this is rare.
                copy = bytearray(piece)
                header = self.prefix[at:piece_stop]
                copy[: len(header)] = header
                piece = memoryview(copy)
            yield piece
            at = piece_stop

    def sha256(self) -> str:
        """The lower-case hexadecimal SHA-256 of the whole file, computed as a stream and cached."""
        return _sha256(self)

    def resized(self, size: int) -> GeneratedContent:
        """The same file with another length: the bytes that both have are equal."""
        return GeneratedContent(self.seed, self.content_id, size, self.prefix[:size])

    def changed(self, version: str) -> GeneratedContent:
        """Another file with the same length and header, as after a replacement."""
        return GeneratedContent(self.seed, f"{self.content_id}#{version}", self.size, self.prefix)


@dataclass(frozen=True, slots=True)
class GivenContent:
    """A file of given bytes."""

    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self.data)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes of ``[start, stop)``, cut at the end of the file.

        Raises:
            ValueError: If ``start`` is negative.
        """
        if start < 0:
            raise ValueError(f"start: {start} is negative")
        return self.data[start : max(start, stop)]

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """``[start, stop)`` in order, at most 1 MiB a piece."""
        stop = min(stop, self.size)
        for at in range(start, stop, BLOCK_BYTES):
            # A copy, because the sender may flip bits in it.
            yield memoryview(bytearray(self.data[at : min(at + BLOCK_BYTES, stop)]))

    def sha256(self) -> str:
        """The lower-case hexadecimal SHA-256 of the whole file."""
        return hashlib.sha256(self.data).hexdigest()

    def resized(self, size: int) -> GivenContent:
        """The same bytes, cut or continued with zeros to ``size``."""
        return GivenContent(self.data[:size].ljust(size, b"\0"))

    def changed(self, version: str) -> GivenContent:
        """A file of the same length in which every byte differs, as after a replacement."""
        mask = 1 + hashlib.sha256(version.encode()).digest()[0] % 255
        return GivenContent(bytes(byte ^ mask for byte in self.data))


FileContent = GeneratedContent | GivenContent
"""The content of a file of the origin."""


def generate(seed: int, content_id: str, size: int, form: Form = "auto") -> GeneratedContent:
    """A generated file with the header of its form, if it is long enough for it.

    Args:
        seed: Any integer.
        content_id: Usually the path; its extension determines the form ``auto``.
        size: The length in bytes.
        form: ``safetensors`` gives a valid header with one tensor over the rest, ``gguf`` the magic number,
            version 3 and no tensors.

    Raises:
        ValueError: If the size is negative, or an explicit form's header doesn't fit into it.
    """
    wanted = form
    if form == "auto":
        ending = content_id.rpartition(".")[2].lower()
        wanted = "safetensors" if ending == "safetensors" else "gguf" if ending == "gguf" else "raw"
    prefix = b""
    if wanted == "safetensors":
        prefix = _safetensors_header(size)
    elif wanted == "gguf":
        prefix = b"GGUF" + struct.pack("<IQQ", _GGUF_VERSION, 0, 0)
    if form == "auto" and len(prefix) > size:
        prefix = b""
    return GeneratedContent(seed, content_id, size, prefix)


def _safetensors_header(size: int) -> bytes:
    """The header of a file of ``size`` bytes with one tensor of bytes, padded to 256 bytes."""
    length = 256
    tensor_bytes = max(0, size - length)
    tensor = {"dtype": "U8", "shape": [tensor_bytes], "data_offsets": [0, tensor_bytes]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "weight": tensor}).encode()
    return struct.pack("<Q", length - 8) + header.ljust(length - 8)


@lru_cache(maxsize=32)
def _base_block(seed: int, content_id: str) -> bytes:
    return hashlib.shake_128(f"{seed}:{content_id}".encode()).digest(BLOCK_BYTES)


@lru_cache(maxsize=256)
def _sha256(content: GeneratedContent) -> str:
    digest = hashlib.sha256()
    for piece in content.pieces(0, content.size):
        digest.update(piece)
    return digest.hexdigest()
