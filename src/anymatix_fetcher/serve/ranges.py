"""Evaluates range and conditional requests for one file (RFC 9110, sections 13 and 14). Pure.

A request for several ranges gets the whole file, as section 14.2 permits: no client of model files sends one, and a
multipart response could not be sent by ``sendfile``.
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
"""No file length has more digits, and Python refuses to parse very long numbers."""


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """The response to a request.

    Args:
        status: The status code.
        span: The part of the file to send; empty if the response has no content.
    """

    status: HTTPStatus
    span: Span


def asked(method: str, headers: Mapping[str, str], *, tag: str, length: int) -> FileAnswer:
    """The response to a request; preconditions are evaluated first (RFC 9110, section 13.2.2).

    Args:
        method: GET or HEAD.
        headers: The request's header; looked up case-insensitively.
        tag: The file's strong entity tag, with its quotes.
        length: The file's length in bytes.
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
    """The value of ``Content-Range``; an empty span means an unsatisfied range."""
    return f"bytes {span.start}-{span.stop - 1}/{length}" if span else f"bytes */{length}"


def _names(field: str, tag: str, *, weakly: bool) -> bool:
    """Whether a list of entity tags contains ``tag``."""
    tags = _TAG.findall(field)
    return field.strip() == "*" or tag in tags or (weakly and f"W/{tag}" in tags)


def _span(field: str, length: int) -> Span | None:
    """The requested range, cut to the file; empty if it is unsatisfiable, ``None`` if the field is ignored."""
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
