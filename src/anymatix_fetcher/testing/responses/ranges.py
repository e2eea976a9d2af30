"""The part of the file to send, and its Content-Range (RFC 9110 section 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.testing.faults.ranges import (
    IgnoreRange,
    Longer,
    Multipart,
    NoContentRange,
    Shift,
    Shorter,
    Slice200,
    Whole206,
    WrongContentRange,
)
from anymatix_fetcher.testing.faults.representations import Flip
from anymatix_fetcher.testing.messages import FileSlice, requested_span
from anymatix_fetcher.testing.responses.making import Draft, unsatisfiable
from anymatix_fetcher.testing.responses.representations import precondition, same_representation

if TYPE_CHECKING:
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.resources import Resource
    from anymatix_fetcher.testing.responses.making import ChosenFaults

_BOUNDARY = "anymatix-boundary"


def file_or_part(request: Request, resource: Resource, faults: ChosenFaults) -> Draft:
    """The file or a part of it, with its validators."""
    refused = precondition(request, resource)
    if refused is not None:
        return refused
    size = resource.content.size
    span = requested_span(request.headers.get("range"), size) if request.method == "GET" else "whole"
    if span != "whole" and not same_representation(request, resource, faults):
        span = "whole"
    if faults.first(IgnoreRange) is not None:
        span = "whole"
    if span == "unsatisfiable":
        return unsatisfiable(str(size))
    if span == "whole":
        made = Draft(200, [("Content-Type", resource.content_type)])
        made.body = (_slice(resource, 0, size, faults),)
    else:
        made = _part(resource, span, faults)
        if resource.parts_as_200:
            made.status, made.stated_length = 200, _misstated_length(request, span, size)
    made.headers.append(("Accept-Ranges", "bytes"))
    if resource.etag is not None:
        made.headers.append(("ETag", resource.etag))
    if resource.last_modified is not None:
        made.headers.append(("Last-Modified", resource.last_modified))
    return made


def _misstated_length(request: Request, span: tuple[int, int], size: int) -> int | None:
    """The wrong length stated for a range beyond the file: that of the file or of the requested range."""
    start, _, last = request.headers["range"].partition("=")[2].partition("-")
    if start and last:
        asked = int(last) + 1 - int(start)
        return None if asked == span[1] - span[0] else asked
    return None if last or not int(start) else size


def _part(resource: Resource, asked: tuple[int, int], faults: ChosenFaults) -> Draft:
    """206 with the requested span, changed by the faults (RFC 9110 section 15.3.7)."""
    size = resource.content.size
    start, stop = labelled = asked
    shorter, longer, shift = faults.first(Shorter), faults.first(Longer), faults.first(Shift)
    if shorter is not None:
        stop = min(stop, start + shorter.limit)
        labelled = (start, stop) if shorter.labels == "honest" else labelled
    if longer is not None:
        stop = min(size, stop + longer.by)
        labelled = (start, stop) if longer.labels == "honest" else labelled
    if faults.first(Whole206) is not None:
        start, stop = labelled = (0, size)
    by = shift.by if shift is not None else 0
    part = _slice(resource, start + by, stop + by, faults)
    label = _content_range(labelled, size, faults)
    if faults.first(Multipart) is not None:
        lines = f"--{_BOUNDARY}\r\nContent-Type: {resource.content_type}\r\nContent-Range: {label}\r\n\r\n"
        end = f"\r\n--{_BOUNDARY}--\r\n"
        kind = f"multipart/byteranges; boundary={_BOUNDARY}"
        return Draft(206, [("Content-Type", kind)], (lines.encode(), part, end.encode()), start)
    made = Draft(200 if faults.first(Slice200) is not None else 206, [], (part,), start)
    made.headers.append(("Content-Type", resource.content_type))
    if faults.first(NoContentRange) is None:
        made.headers.append(("Content-Range", label))
    return made


def _content_range(labelled: tuple[int, int], size: int, faults: ChosenFaults) -> str:
    """The value of Content-Range (RFC 9110 section 14.4), or a lie."""
    wrong = faults.first(WrongContentRange) or WrongContentRange()
    if wrong.text is not None:
        return wrong.text
    start, stop = labelled
    total = "*" if wrong.unknown_total == "yes" else str(size + wrong.total)
    return f"{wrong.unit} {start + wrong.start}-{stop - 1 + wrong.stop}/{total}"


def _slice(resource: Resource, start: int, stop: int, faults: ChosenFaults) -> FileSlice:
    """The bytes from ``start``; a span that reaches past the end is taken further in front, length unchanged."""
    start, length = max(0, start), stop - start
    start = max(0, min(start, resource.content.size - length))
    flips = tuple(sorted({offset for flip in faults.all(Flip) for offset in flip.offsets}))
    return FileSlice(resource.content, start, start + length, flips)
