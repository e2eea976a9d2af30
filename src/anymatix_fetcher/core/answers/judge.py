"""The judge: compares a response's head with the request, before the first byte of the body is stored.

``judge`` is a pure function, and bodies that it hasn't accepted are never written. Servers send wrong responses (a 200
to a range, a 206 of another range, an HTML page under a model's name), so nothing is inferred from ``Accept-Ranges``,
from HEAD, or from earlier responses of the same server.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.core.answers.excerpts import reason_in
from anymatix_fetcher.core.values.http import Refused
from anymatix_fetcher.core.values.rate_limits import RateLimit
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.validators import Validator

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import ContentRange, Request, ResponseHead
    from anymatix_fetcher.core.values.urls import Url

REDIRECTS = frozenset({301, 302, 303, 307, 308})
UNAVAILABLE = frozenset({408, 421, 425, 500, 502, 504, *range(520, 531), 598, 599})
"""The statuses for temporary failures (RFC 9110, section 15, and additions of CDNs)."""

WEB_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
DOCUMENT_TYPES = frozenset({"application/json", "application/problem+json", "application/xml", "text/xml"})
WEB_PAGE_SUFFIXES = (".html", ".htm", ".xhtml", ".shtml", ".mhtml", ".php", ".asp", ".aspx", ".jsp")
MODEL_SUFFIXES = (
    *(".safetensors", ".sft", ".gguf", ".ggml", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl"),
    *(".onnx", ".h5", ".npz", ".tflite", ".engine", ".zip", ".tar", ".7z"),
)
COMPRESSED_SUFFIXES = {"gzip": (".gz", ".tgz", ".svgz"), "x-gzip": (".gz", ".tgz"), "br": (".br",), "zstd": (".zst",)}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The body contains the file's bytes ``[start, stop)``; with ``None`` its end isn't stated.

    ``length`` is the stated complete length. ``ranged`` tells that the server honoured the range. ``doubt`` is a
    refusal because of header fields, which the first bytes have to confirm.
    """

    start: int
    stop: int | None
    length: int | None
    ranged: bool
    validator: Validator
    doubt: Refused | None = None


@dataclass(frozen=True, slots=True)
class Redirected:
    """The response is at another URL."""

    url: Url


Verdict: TypeAlias = Accepted | Redirected | Refused


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about the representation when the response arrives.

    ``validator`` is that of the same host's earlier responses, or empty; ``name`` is the file's name. ``is_fresh``
    tells that nothing was accepted yet, so the first bytes can decide. ``ignores_labels`` tells that media types and
    codings are ignored because the user wants any content. ``disproved`` are those that first bytes have refuted.
    """

    length: int | None = None
    validator: Validator = Validator()  # noqa: RUF009 - frozen, so sharing it is safe
    name: str = ""
    is_fresh: bool = False
    ignores_labels: bool = False
    disproved: frozenset[str] = frozenset()


def judge(request: Request, head: ResponseHead, known: Known, excerpt: str = "") -> Verdict:
    """The verdict on the response with this ``head`` (RFC 9110, sections 14.4 and 15).

    Args:
        request: The request.
        head: The final response's head.
        known: What earlier responses and the source have stated about the representation.
        excerpt: The beginning of an error's body, for the message.
    """
    if head.status in REDIRECTS:
        return _redirect(request, head)
    if head.status not in (200, 203, 206):
        return _refuse_status(request, head, excerpt)
    verdict = _accept(request, head, known)
    fits = isinstance(verdict, Accepted) and verdict.length is not None and verdict.length == known.length
    unwanted = None if known.ignores_labels else _unwanted_content(request, head, known, fits=fits)
    if unwanted is None:
        return verdict
    may_be_seen = isinstance(verdict, Accepted) and verdict.start == 0 and known.is_fresh
    return replace(verdict, doubt=unwanted) if isinstance(verdict, Accepted) and may_be_seen else unwanted


def _accept(request: Request, head: ResponseHead, known: Known) -> Verdict:
    labelled = head.content_range
    if head.media_type == "multipart/byteranges":
        return _refused(Refusal.MISLABELLED, request, head, "answered one range with several")
    if head.content_length is None and head.headers.get("Content-Length") is not None and not head.is_chunked:
        return _refused(Refusal.MISLABELLED, request, head, "sent a Content-Length that can't be read")
    labelled_so = labelled is not None and (request.span is not None or labelled.is_part)
    if head.status == HTTPStatus.PARTIAL_CONTENT or labelled_so:
        # Some servers send a slice with status 200; Content-Range decides, if it is fully consistent.
        return _accept_slice(request, head, known, labelled)
    validator, length = Validator.of(head.headers), head.body_length
    if _differs(known, length, validator):
        return _refused(Refusal.CHANGED, request, head, "now has other content")
    if request.span is not None and request.span.start > 0:
        return _refused(Refusal.RANGE_IGNORED, request, head, "answered a range with the whole file")
    return Accepted(0, length, length, ranged=False, validator=validator)


def _accept_slice(request: Request, head: ResponseHead, known: Known, labelled: ContentRange | None) -> Verdict:
    asked, length, validator = request.span, head.content_length, Validator.of(head.headers)
    fault = ""
    if asked is None:
        fault = "answered with a part of the file where the whole was asked for"
    elif labelled is None or labelled.span is None:
        fault = "sent a part of the file without a readable Content-Range"
    elif labelled.span.start != asked.start:
        fault = f"sent bytes from {labelled.span.start} on where {asked.start} was asked for"
    elif length is not None and length != len(labelled.span) and not head.is_chunked:
        fault = "labels a part with another length than it sends"
    elif head.status != HTTPStatus.PARTIAL_CONTENT and length != len(labelled.span):
        fault = "labels the whole file as a part"
    if fault or asked is None or labelled is None or labelled.span is None:
        return _refused(Refusal.MISLABELLED, request, head, fault)
    if _differs(known, labelled.total, validator):
        return _refused(Refusal.CHANGED, request, head, "now has other content")
    # A longer part is cut at the stop; a shorter one is valid (section 15.3.7), and the rest is requested again.
    stop = min(asked.stop, labelled.span.stop)
    return Accepted(asked.start, stop, labelled.total, ranged=True, validator=validator)


def _differs(known: Known, length: int | None, validator: Validator) -> bool:
    if length is not None and known.length is not None and length != known.length:
        return True
    return known.validator.contradicts(validator)


def _unwanted_content(request: Request, head: ResponseHead, known: Known, *, fits: bool) -> Refused | None:
    """The refusal because of media type or coding. A body that ``fits`` the file's length isn't a page."""
    name, media_type = (known.name or request.url.last_segment).lower(), head.media_type
    coding = "" if head.content_coding in known.disproved else head.content_coding
    if coding and not name.endswith(COMPRESSED_SUFFIXES.get(coding, ())):
        # "identity" was requested. A coded slice is useless, and a coded whole has another length and digest.
        return _refused(Refusal.ENCODED, request, head, "compressed the answer unasked")
    if fits or media_type in known.disproved:
        return None
    if media_type in WEB_PAGE_TYPES and not name.endswith(WEB_PAGE_SUFFIXES):
        return _refused(Refusal.NOT_A_MODEL, request, head, "sent a web page instead of the file")
    if media_type in DOCUMENT_TYPES and name.endswith(MODEL_SUFFIXES):
        return _refused(Refusal.NOT_A_MODEL, request, head, f"sent a {media_type} document instead of the file")
    return None


def _redirect(request: Request, head: ResponseHead) -> Verdict:
    location = head.headers.get("Location")
    if not location:
        return _refused(Refusal.UNEXPECTED, request, head, f"redirects to nowhere ({head.status} without Location)")
    try:
        url = request.url.join(location)
    except ValueError as error:
        return _refused(Refusal.UNSAFE_REDIRECT, request, head, f"redirects to where we don't go: {error}")
    if request.url.origin.scheme == "https" and url.origin.scheme == "http":
        return _refused(Refusal.UNSAFE_REDIRECT, request, head, "redirects from https to plain http")
    return Redirected(url)


_STATUS_KINDS = {
    400: Refusal.BAD_REQUEST,
    401: Refusal.UNAUTHORIZED,
    402: Refusal.FORBIDDEN,
    403: Refusal.FORBIDDEN,
    404: Refusal.NOT_FOUND,
    407: Refusal.UNAUTHORIZED,
    410: Refusal.GONE,
    416: Refusal.UNSATISFIABLE,
    429: Refusal.THROTTLED,
    451: Refusal.FORBIDDEN,
    503: Refusal.THROTTLED,
}


def _refuse_status(request: Request, head: ResponseHead, excerpt: str) -> Refused:
    kind = _STATUS_KINDS.get(head.status, Refusal.UNEXPECTED)
    if head.status in UNAVAILABLE:
        kind = Refusal.UNAVAILABLE
    reason = reason_in(excerpt, request)
    status = status_text(head.status)
    text = f"answered {status}" + (f": {reason}" if reason and reason.rstrip(".") not in status else "")
    return _refused(kind, request, head, text, excerpt)


def _refused(kind: Refusal, request: Request, head: ResponseHead, what: str, excerpt: str = "") -> Refused:
    unsatisfied = head.content_range if head.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE else None
    return Refused(
        kind,
        f"{request.url.host} {what}",
        head.status,
        retry_after_seconds=_asked_to_wait(head),
        length=unsatisfied.total if unsatisfied else None,
        headers=head.headers,
        excerpt=excerpt,
    )


def _asked_to_wait(head: ResponseHead) -> float | None:
    seconds = head.retry_after_seconds()
    quota = RateLimit.parse(head.headers) if seconds is None and head.status == HTTPStatus.TOO_MANY_REQUESTS else None
    return quota.reset_seconds if quota is not None else seconds


def status_text(status: int) -> str:
    """The status with its name: "403 Forbidden"."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
