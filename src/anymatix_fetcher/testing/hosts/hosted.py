"""A file of a model host, and the digests that hosts state for it."""

from __future__ import annotations

import hashlib
import importlib
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.testing.content import generate

if TYPE_CHECKING:
    from anymatix_fetcher.testing.content import FileContent

_MARK_BYTES = 4096
_AUTOV1_WINDOW = (0x100000, 0x110000)
_LONGEST_HEADER_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class HostedFile:
    """A file with its name."""

    name: str
    content: FileContent

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return self.content.size

    @property
    def sha256(self) -> str:
        """Its lower-case hexadecimal SHA-256."""
        return self.content.sha256()

    @property
    def mark(self) -> str:
        """32 digits that identify the file in entity tags, computed without reading all of it."""
        ends = self.content.read(0, _MARK_BYTES) + self.content.read(max(0, self.size - _MARK_BYTES), self.size)
        return hashlib.sha256(f"{self.name}:{self.size}:".encode() + ends).hexdigest()[:32]

    @property
    def xet_hash(self) -> str:
        """An identifier in the form of Xet's; it can't be used for downloads."""
        return hashlib.sha256(f"xet:{self.sha256}".encode()).hexdigest()

    @property
    def md5(self) -> str:
        """Its lower-case hexadecimal MD5."""
        return _digests(self.content)["MD5"].lower()

    @property
    def git_sha1(self) -> str:
        """The git blob id of the file."""
        return _git_sha1(self.content)

    def civitai_hashes(self) -> dict[str, str]:
        """All hashes that Civitai states, in upper case; BLAKE3 only if the package ``blake3`` is installed."""
        digests = _digests(self.content)
        start, stop = _AUTOV1_WINDOW
        return {
            "AutoV1": hashlib.sha256(self.content.read(start, stop)).hexdigest()[:8].upper(),
            "AutoV2": self.sha256[:10].upper(),
            "SHA256": self.sha256.upper(),
            "CRC32": digests["CRC32"],
            **({"BLAKE3": digests["BLAKE3"]} if "BLAKE3" in digests else {}),
            **({"AutoV3": digests["AutoV3"]} if "AutoV3" in digests else {}),
        }


def hosted(name: str, size: int, *, seed: int = 0) -> HostedFile:
    """A generated file with the header for its extension."""
    return HostedFile(name, generate(seed, name, size))


@lru_cache(maxsize=64)
def _digests(content: FileContent) -> dict[str, str]:
    """All digests except SHA-256, which the content caches itself, computed in one pass."""
    md5, crc = hashlib.md5(usedforsecurity=False), 0
    blake3 = _blake3()
    header = _safetensors_header_bytes(content)
    tensors = hashlib.sha256()
    at = 0
    for piece in content.pieces(0, content.size):
        md5.update(piece)
        crc = zlib.crc32(piece, crc)
        if blake3 is not None:
            blake3.update(bytes(piece))
        if header:
            tensors.update(piece[max(0, header - at) :])
        at += len(piece)
    found = {"MD5": md5.hexdigest().upper(), "CRC32": f"{crc:08X}"}
    if blake3 is not None:
        found["BLAKE3"] = blake3.hexdigest().upper()
    if header:
        found["AutoV3"] = tensors.hexdigest()[:12].upper()
    return found


def _blake3() -> Any | None:  # noqa: ANN401 - the package ships no types
    try:
        return importlib.import_module("blake3").blake3()
    except ImportError:
        return None


def _safetensors_header_bytes(content: FileContent) -> int:
    """The length of the header, including its length field; 0 if the file isn't a safetensors file."""
    start = content.read(0, 9)
    if len(start) < 9 or start[8:9] != b"{":  # noqa: PLR2004 - eight bytes of length, then JSON
        return 0
    (length,) = struct.unpack("<Q", start[:8])
    return length + 8 if length <= min(content.size - 8, _LONGEST_HEADER_BYTES) else 0


@lru_cache(maxsize=64)
def _git_sha1(content: FileContent) -> str:
    digest = hashlib.sha1(f"blob {content.size}\0".encode(), usedforsecurity=False)
    for piece in content.pieces(0, content.size):
        digest.update(piece)
    return digest.hexdigest()
