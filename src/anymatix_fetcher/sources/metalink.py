"""Metalink files, version 4 (RFC 5854): files with their sizes, digests, pieces and URLs.

``metaurl`` (torrents), signatures, descriptions of people and licences, and extensions are ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import HEX_LENGTHS, Digest
from anymatix_fetcher.core.values.filenames import SafeName, safe_name
from anymatix_fetcher.core.values.http import MAX_LENGTH
from anymatix_fetcher.core.values.links import LAST_PRIORITY
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources import elements

if TYPE_CHECKING:
    from anymatix_fetcher.sources.elements import Element

NAMESPACE = "urn:ietf:params:xml:ns:metalink"
NAMESPACE_3 = "http://www.metalinker.org/"
MAX_METALINK_BYTES = 64 << 20

_NUMBER = re.compile(r"[0-9]{1,19}")
_HINT = "Expected a Metalink 4 file (.meta4) as in RFC 5854."


@dataclass(frozen=True, slots=True)
class MetalinkMirror:
    """A URL of a file. ``priority`` 1 is best; ``country`` is an ISO 3166-1 code in lower case, if known."""

    url: Url
    priority: int
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Pieces:
    """Digests of a file's pieces in order, of one algorithm, each of ``length`` bytes except the last."""

    length: int
    digests: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class MetalinkFile:
    """A file that a Metalink describes.

    Args:
        name: Its name.
        folder: The folder below the chosen one: safe components joined by ``/``; usually empty.
        mirrors: Its URLs, the best first; at least one.
        size: In bytes, if stated.
        digests: The stated digests of known algorithms.
        pieces: The digests of its pieces, by the strongest known algorithm.
    """

    name: SafeName
    folder: str
    mirrors: tuple[MetalinkMirror, ...]
    size: int | None = None
    digests: tuple[Digest, ...] = ()
    pieces: Pieces | None = None


def parse(content: bytes) -> tuple[MetalinkFile, ...]:
    """The files that a Metalink describes, in order.

    Raises:
        ReferenceSyntaxError: It isn't a Metalink 4 file, contradicts itself, or a file has no http or https URL.
    """
    if len(content) > MAX_METALINK_BYTES:
        raise ReferenceSyntaxError(f"the Metalink is larger than {MAX_METALINK_BYTES >> 20} MiB", hint=_HINT)
    try:
        root = elements.parse(content)
    except ValueError as reason:
        raise ReferenceSyntaxError(f"the Metalink can't be parsed: {reason}", hint=_HINT) from None
    if root.namespace == NAMESPACE_3 or (
        root.name == "metalink" and root.attributes.get("version", "").startswith("3")
    ):
        raise ReferenceSyntaxError(
            "the file is a Metalink of version 3, which isn't supported",
            hint="Most servers offer the newer .meta4 beside it; aria2 and other tools convert between them.",
        )
    if (root.namespace, root.name) != (NAMESPACE, "metalink"):
        raise ReferenceSyntaxError("the XML in the file isn't a Metalink", hint=_HINT)
    files = [_file(number, element) for number, element in enumerate(root.all("file"), start=1)]
    if not files:
        raise ReferenceSyntaxError("the Metalink describes no file", hint=_HINT)
    return tuple(files)


def _file(number: int, element: Element) -> MetalinkFile:
    try:
        folder, name = _path(element.attributes.get("name", ""))
        size = element.first("size")
        found = MetalinkFile(
            name,
            folder,
            _mirrors(element),
            None if size is None else _whole_number(size.text, what="size"),
            _digests(element),
            _pieces(element),
        )
        _check(found)
    except ValueError as reason:
        raise ReferenceSyntaxError(f"file {number} of the Metalink can't be used: {reason}", hint=_HINT) from None
    return found


def _path(text: str) -> tuple[str, SafeName]:
    """Folder and name (RFC 5854, section 4.1.2.1). The path may only lead into subfolders."""
    *folders, last = text.split("/")
    name = safe_name(last)
    if name is None or "\\" in text or any(safe_name(folder) != folder for folder in folders):
        raise ValueError("its name isn't a path below the chosen folder")
    return "/".join(folders), name


def _mirrors(element: Element) -> tuple[MetalinkMirror, ...]:
    found: dict[Url, MetalinkMirror] = {}
    for place in element.all("url"):
        try:
            url = Url.parse(place.text)
        except ValueError:
            continue  # ftp and others; an empty list is refused below
        stated = place.attributes.get("priority", "")
        priority = int(stated) if _NUMBER.fullmatch(stated) and 0 < int(stated) <= LAST_PRIORITY else LAST_PRIORITY
        found.setdefault(url, MetalinkMirror(url, priority, place.attributes.get("location", "").lower() or None))
    if not found:
        raise ValueError("it has no http or https URL")
    return tuple(sorted(found.values(), key=lambda mirror: mirror.priority))


def _digests(element: Element) -> tuple[Digest, ...]:
    found: dict[str, Digest] = {}
    for stated in element.all("hash"):
        digest = _digest(stated.attributes.get("type", ""), stated.text)
        if digest is not None and found.setdefault(digest.algorithm, digest) != digest:
            raise ValueError(f"it states two different digests of {digest.algorithm}")
    return tuple(found.values())


def _pieces(element: Element) -> Pieces | None:
    strength = list(HEX_LENGTHS)
    best: Pieces | None = None
    for stated in element.all("pieces"):
        digests = [_digest(stated.attributes.get("type", ""), piece.text) for piece in stated.all("hash")]
        known = tuple(digest for digest in digests if digest is not None)
        if not known:
            continue
        pieces = Pieces(_whole_number(stated.attributes.get("length", ""), what="length of pieces"), known)
        if best is None or strength.index(known[0].algorithm) < strength.index(best.digests[0].algorithm):
            best = pieces
    return best


def _check(file: MetalinkFile) -> None:
    """Checks the number of pieces against the size.

    Raises:
        ValueError: The number is wrong, or the pieces have no length.
    """
    pieces = file.pieces
    if pieces is None:
        return
    if not pieces.length or (file.size is not None and -(-file.size // pieces.length) != len(pieces.digests)):
        raise ValueError("its pieces don't add up to its size")


def _digest(algorithm: str, text: str) -> Digest | None:
    """The digest; ``None`` for an unknown algorithm (RFC 5854, section 4.2.4)."""
    try:
        return Digest.parse(f"{algorithm}:{text}")
    except ValueError:
        if algorithm.strip().lower().replace("-", "") in HEX_LENGTHS:
            raise
        return None


def _whole_number(text: str, *, what: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MAX_LENGTH:
        raise ValueError(f"its {what} isn't a number of bytes")
    return int(text)
