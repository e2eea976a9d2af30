"""Digests: their algorithms and strengths, and parsers for stated ones."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Headers

HEX_LENGTHS = {
    "sha512": 128,
    "sha384": 96,
    "blake3": 64,
    "sha256": 64,
    "sha1": 40,
    "md5": 32,
    "crc32": 8,
}
"""The supported algorithms, the strongest first, with the length of their hex form."""

_NAMES = {"sha-256": "sha256", "sha-512": "sha512", "sha-384": "sha384", "sha-1": "sha1", "sha": "sha1"}
_STORES_FIELDS = {"x-ms-blob-content-md5": "md5", "x-amz-checksum-sha256": "sha256"}
_FIELDS = frozenset({*_STORES_FIELDS, "x-goog-hash", "digest", "repr-digest"})
_DICTIONARY_ITEM = re.compile(r"\s*([a-z0-9-]+)\s*=\s*:?([A-Za-z0-9+/=_-]+):?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Digest:
    """A whole file's digest; ``algorithm`` is a key of :data:`HEX_LENGTHS`, ``hex`` is in lower case."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Reads ``ALGORITHM:HEX``; case and the dash of ``sha-256`` don't matter.

        Raises:
            ValueError: The algorithm is unknown, or the digest has the wrong length.
        """
        name, separator, value = text.strip().partition(":")
        name = name.strip().lower()
        name = _NAMES.get(name, name)
        if not separator or name not in HEX_LENGTHS:
            raise ValueError(f"not a digest: expected ALGORITHM:HEX with one of {', '.join(HEX_LENGTHS)}")
        value = value.strip().lower()
        if not re.fullmatch(rf"[0-9a-f]{{{HEX_LENGTHS[name]}}}", value):
            raise ValueError(f"not a {name} digest: expected {HEX_LENGTHS[name]} hexadecimal digits")
        return cls(name, value)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


COLLISION_FREE = frozenset({"sha256", "sha384", "sha512", "blake3"})
"""Collision-resistant algorithms: a match proves the content, so that another digest that differs is wrong."""


def strongest(digests: tuple[Digest, ...]) -> Digest | None:
    """The strongest digest; ``None`` if there is none."""
    order = list(HEX_LENGTHS)
    return min(digests, key=lambda digest: order.index(digest.algorithm), default=None)


def stated_digests(headers: Headers) -> tuple[Digest, ...]:
    """The digests of the whole representation that a response states.

    ``Repr-Digest`` (RFC 9530, section 3) and its predecessor ``Digest`` (RFC 3230) cover the representation even in a
    206; ``Content-Digest`` covers the slice and is ignored. The fields of three object stores are read as well:
    ``x-goog-hash``, ``x-amz-checksum-sha256`` (unless it is composed of parts' checksums), ``x-ms-blob-content-md5``.
    """
    if not headers.has_any(_FIELDS):
        return ()
    found: dict[str, Digest] = {}
    for field, algorithm in _STORES_FIELDS.items():
        digest = _from_base64(algorithm, (headers.get(field) or "").strip())
        if digest is not None and (headers.get("x-amz-checksum-type") or "FULL_OBJECT").upper() == "FULL_OBJECT":
            found[algorithm] = digest
    # The stated digest of a file that is stored compressed isn't that of the decompressed response.
    stored = (headers.get("x-goog-stored-content-encoding") or "identity").lower()
    for field in (*(("x-goog-hash",) if stored == "identity" else ()), "Digest", "Repr-Digest"):
        for item in (headers.get(field) or "").split(","):
            match = _DICTIONARY_ITEM.fullmatch(item)
            if match is None:
                continue
            name = match.group(1).lower()
            name = _NAMES.get(name, name)
            digest = _from_base64(name, match.group(2))
            if digest is not None:
                found[name] = digest
    return tuple(found.values())


def _from_base64(algorithm: str, text: str) -> Digest | None:
    if algorithm not in HEX_LENGTHS:
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Digest(algorithm, raw.hex()) if len(raw) * 2 == HEX_LENGTHS[algorithm] else None
