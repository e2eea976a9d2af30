"""What a request asks of one file: all of it, a range, or nothing where it is known already (RFC 9110). Pure.

One range is answered as it is asked for. Several at once are answered with the whole file, as section 14.2 permits: no
client of model files asks so, and an answer in parts could not be sent by the system alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

_RANGE = re.compile(r"\s*bytes\s*=\s*(?:([0-9]*)-([0-9]*))\s*", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?"[^"]*"')
_MOST_DIGITS = 18
"""No file has a length of more digits; Python would refuse to read very many."""


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """How a request is answered.

    Args:
        status: The answer's.
        span: What is sent of the file; empty where the answer has no content.
    """

    status: HTTPStatus
    span: Span


def asked(method: str, headers: Mapping[str, str], *, tag: str, length: int) -> FileAnswer:
    """How a request for a file is answered, its preconditions first (RFC 9110, section 13.2.2).

    Args:
        method: GET or HEAD.
        headers: The request's fields; names in any case.
        tag: The file's strong entity tag, with its quotes.
        length: Of the file, in bytes.
    """
    nothing, whole = Span(0, 0), Span(0, length)
    matched = headers.get("If-Match")
    if matched is not None and not _names(matched, tag, weakly=False):
        return FileAnswer(HTTPStatus.PRECONDITION_FAILED, nothing)
    known = headers.get("If-None-Match")
    if known is not None and _names(known, tag, weakly=True):
        return FileAnswer(HTTPStatus.NOT_MODIFIED, nothing)
    wanted = headers.get("Range") if method == "GET" else None
    if wanted is None or headers.get("If-Range", tag).strip() != tag:
        return FileAnswer(HTTPStatus.OK, whole)
    span = _span(wanted, length)
    if span is None:
        return FileAnswer(HTTPStatus.OK, whole)
    return FileAnswer(HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, span)


def content_range(span: Span, length: int) -> str:
    """The field ``Content-Range`` of an answer; an empty span says that nothing asked for is in the file."""
    return f"bytes {span.start}-{span.stop - 1}/{length}" if span else f"bytes */{length}"


def _names(field: str, tag: str, *, weakly: bool) -> bool:
    """Whether a list of entity tags names this one."""
    tags = _TAG.findall(field)
    return field.strip() == "*" or tag in tags or (weakly and f"W/{tag}" in tags)


def _span(field: str, length: int) -> Span | None:
    """The one range that is asked for, cut to the file; empty where none of it is in there, ``None`` to be ignored."""
    found = _RANGE.fullmatch(field)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = (_position(digits) for digits in found.groups())
    if first is None:
        return Span(max(0, length - (last or 0)), length)
    if last is not None and last < first:
        return None
    start = min(first, length)
    return Span(start, length if last is None else min(max(start, last + 1), length))


def _position(digits: str) -> int | None:
    if not digits:
        return None
    return int(digits) if len(digits.lstrip("0")) <= _MOST_DIGITS else 10**_MOST_DIGITS
