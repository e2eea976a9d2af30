"""Requests, and plans of responses, which determine every byte sent before the first one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from anymatix_fetcher.testing.content import FileContent

Headers = tuple[tuple[str, str], ...]
"""Fields in their order."""

_RANGE = re.compile(r"bytes\s*=\s*(\d*)-(\d*)", re.IGNORECASE)
_TARGET = re.compile(r"(?:https?://[^/?]*)?([^?]*)\??(.*)", re.IGNORECASE | re.DOTALL)
_WORDS_IN_REQUEST_LINE = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        target: The request target as sent.
        path: Its path, still percent-encoded.
        query: Its query, without the question mark.
        version: ``HTTP/1.1`` or ``HTTP/1.0``.
        headers: The fields by lower-case name; several of one name are joined by commas (RFC 9110 section 5.3).
        body: The body, if there is a Content-Length that isn't too large.
    """

    method: str
    target: str
    path: str
    query: str
    version: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


def parse_request(head: bytes) -> Request:
    """Parses the head of a request, without the empty line at its end (RFC 9112 section 3).

    Raises:
        ValueError: If it isn't an HTTP/1 request.
    """
    line, *lines = head.decode("latin-1").split("\r\n")
    words = line.split(" ")
    if len(words) != _WORDS_IN_REQUEST_LINE or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise ValueError(f"not an HTTP/1 request line: {line[:80]!r}")
    headers: dict[str, str] = {}
    for text in lines:
        name, colon, value = text.partition(":")
        if not colon:
            raise ValueError(f"not a header field: {text[:80]!r}")
        key, value = name.lower(), value.strip()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    target = _TARGET.fullmatch(words[1])
    path, query = (target[1] or "/", target[2]) if target else (words[1], "")
    return Request(words[0], words[1], path, query, words[2], headers)


def requested_span(value: str | None, size: int) -> tuple[int, int] | Literal["whole", "unsatisfiable"]:
    """The half-open span that a Range header requests (RFC 9110 section 14.1.2).

    A header with several ranges, another unit or an invalid value is ignored, as the standard permits.
    """
    found = _RANGE.fullmatch(value.strip()) if value is not None else None
    if found is None or (not found[1] and not found[2]):
        return "whole"
    if not found[1]:
        length = int(found[2])
        return (max(0, size - length), size) if length and size else "unsatisfiable"
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return "whole"
    if start >= size:
        return "unsatisfiable"
    return start, min(size, int(found[2]) + 1) if found[2] else size


@dataclass(frozen=True, slots=True)
class FileSlice:
    """A part of a body: the bytes ``[start, stop)`` of a file, with some bits flipped.

    Attributes:
        flips: Offsets in the file of the bytes that have their lowest bit flipped.
    """

    content: FileContent
    start: int
    stop: int
    flips: tuple[int, ...] = ()


Body = tuple[bytes | FileSlice, ...]
"""A body's parts in their order."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A limit on the rate.

    Attributes:
        rule: The index of its rule; bodies with the same rule and scope share the rate.
        scope: Whether one body, one connection or the whole origin shares it.
        after: The number of bytes of the body sent without limit.
        above: With more transfers than this, the rate falls to ``share`` of its value.
    """

    rule: int
    bytes_per_second: float
    scope: Literal["body", "connection", "total"]
    after: int = 0
    above: int | None = None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a response breaks off: before its head (``after`` is none), or after a number of bytes of the body."""

    how: Literal["silence", "reset", "truncate"]
    after: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A complete plan of a response.

    Attributes:
        status: The status of the final response.
        headers: All fields, including those for framing.
        body: The body; empty for HEAD.
        framing: How the end of the body is marked.
        close: Whether the connection ends with this response.
    """

    status: int
    headers: Headers
    body: Body = ()
    version: str = "HTTP/1.1"
    framing: Literal["length", "chunked", "close"] = "length"
    chunk_bytes: int = 65536
    chunk_end: Literal["proper", "missing", "broken"] = "proper"
    compressed: bool = False
    interim: tuple[int, ...] = ()
    delay_seconds: float = 0.0
    head_bytes_per_second: float | None = None
    paces: tuple[Pace, ...] = ()
    ending: Ending | None = None
    extra: bytes = b""
    close: bool = False
    signed_url: bool = False


def body_length(body: Body) -> int:
    """The number of bytes of a body."""
    return sum(len(part) if isinstance(part, bytes) else part.stop - part.start for part in body)


def reason_phrase(status: int) -> str:
    """The reason phrase of the status line."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
