"""What a request is answered: a pure function from a request, a file and the faults to the plan of a response.

It works in the order in which a server does: a refusal or a redirect first; else which representation there is,
whether the range holds (RFC 9110 sections 13 and 14), what the head says, and how the body leaves. Each step asks
for the faults that concern it. Faults of the last two steps hold for refusals as well.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs, quote

from anymatix_fetcher.testing import faults as f
from anymatix_fetcher.testing.messages import (
    Body,
    Ending,
    FileSlice,
    Headers,
    Pace,
    Plan,
    Request,
    body_length,
    requested_span,
)
from anymatix_fetcher.testing.signing import SignedForm, Signer, error_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.testing.content import FileContent
    from anymatix_fetcher.testing.script import Chosen, ListenerName

FIXED_DATE = "Wed, 01 Jan 2025 00:00:00 GMT"
"""The Last-Modified of every file that isn't given another."""

_BOUNDARY = "anymatix-boundary"
_NO_CONTENT = (204, 205, 304)

_PAGES = {
    "html": ("text/html; charset=utf-8", "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n"),
    "json": ("application/json", '{"error":"The creator of this asset requires you to be logged in"}'),
    "xml": ("application/xml", error_document("AccessDenied", "Access Denied")),
    "lfs": (
        "text/plain; charset=utf-8",
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1000000\n",
    ),
}


@dataclass(frozen=True, slots=True)
class Signing:
    """How a file is given out by signed URLs."""

    ttl_seconds: float
    form: SignedForm = "s3"
    expired_code: int = 403
    redirect_code: int = 307


@dataclass(frozen=True, slots=True)
class Resource:
    """A file and what is said about it.

    Attributes:
        etag: The entity tag as it stands in the header, or none.
        last_modified: The date as it stands in the header, or none.
        headers: More fields, in which ``{sha256}`` and the like are filled in.
        signing: Set for a file that the first origin redirects and only the second one serves.
    """

    path: str
    content: FileContent
    etag: str | None = None
    last_modified: str | None = FIXED_DATE
    content_type: str = "application/octet-stream"
    headers: Headers = ()
    signing: Signing | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a request is answered.

    Attributes:
        now: Seconds since 1970.
        origin_url: ``scheme://host:port`` of the first origin.
        target_url: The same of the second one.
    """

    listener: ListenerName
    now: float
    origin_url: str
    target_url: str
    signer: Signer

    @property
    def url(self) -> str:
        """``scheme://host:port`` of the one that was asked."""
        return self.origin_url if self.listener == "origin" else self.target_url


def entity_tag(kind: str, content: FileContent, identity: str) -> str | None:
    """The entity tag of a kind (``strong``, ``weak``, ``none``, ``malformed``), or the text that was given."""
    opaque = hashlib.sha256(f"{identity}:{content.size}".encode()).hexdigest()[:32]
    known = {"strong": f'"{opaque}"', "weak": f'W/"{opaque}"', "none": None, "malformed": opaque}
    return known.get(kind, kind)


FaultType = TypeVar("FaultType")


@dataclass(frozen=True, slots=True)
class _Faults:
    """The faults that apply, asked for by type."""

    chosen: Sequence[Chosen[f.RequestFault]]

    def all(self, kind: type[FaultType]) -> list[FaultType]:
        return [one.fault for one in self.chosen if isinstance(one.fault, kind)]

    def first(self, kind: type[FaultType]) -> FaultType | None:
        return next(iter(self.all(kind)), None)


@dataclass(slots=True)
class _Answer:
    """A response in the making; becomes a `Plan`."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: Body = ()
    start: int = 0
    signed_url: bool = False

    def put(self, name: str, value: str) -> None:
        self.drop(name)
        self.headers.append((name, value))

    def drop(self, name: str) -> None:
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]


def answer(request: Request, resource: Resource | None, chosen: Sequence[Chosen[f.RequestFault]], place: Place) -> Plan:
    """The response to a request, with everything that goes wrong in it."""
    faults = _Faults(chosen)
    made = _refusal(request, resource, faults, place)
    if made is None and resource is not None:
        resource = _representation(resource, faults, place)
        made = _file(request, resource, faults)
    if made is None:
        made = _document(404, "text/plain; charset=utf-8", "404 Not Found\n")
    made.put("Date", formatdate(place.now, usegmt=True))
    made.put("Server", "anymatix-testing")
    _add_headers(made, resource, faults, place)
    return _plan(request, made, faults)


def _document(status: int, content_type: str, text: str, headers: Iterable[tuple[str, str]] = ()) -> _Answer:
    if status in _NO_CONTENT:
        return _Answer(status, list(headers))
    return _Answer(status, [("Content-Type", content_type), *headers], (text.encode(),))


def _xml(status: int, code: str, message: str) -> _Answer:
    return _document(status, "application/xml", error_document(code, message))


# ---- Refusals and redirects ----


def _refusal(request: Request, resource: Resource | None, faults: _Faults, place: Place) -> _Answer | None:
    """What is answered instead of the file, if anything is."""
    for one in faults.chosen:
        made = _scripted_refusal(one.fault, request, resource, place)
        if made is not None:
            return made
    if resource is None:
        return None
    if resource.signing is not None:
        made = _signed(request, resource, resource.signing, place)
        if made is not None:
            return made
    if request.method not in ("GET", "HEAD"):
        return _document(405, "text/plain", "405 Method Not Allowed\n", [("Allow", "GET, HEAD")])
    return None


def _scripted_refusal(
    fault: f.RequestFault, request: Request, resource: Resource | None, place: Place
) -> _Answer | None:
    match fault:
        case f.Status():
            retry = () if fault.retry_after is None else (("Retry-After", _retry_after(fault, place.now)),)
            text = f"{fault.code} {_reason(fault.code)}\n" if fault.text is None else fault.text
            return _document(fault.code, fault.content_type, text, retry)
        case f.Page():
            return _document(fault.code, *_PAGES[fault.of])
        case f.RequireToken():
            return _token_refusal(fault, request, resource, place)
        case f.Redirect():
            return _redirect(fault, request, place)
        case f.Unsatisfiable() if "range" in request.headers and resource is not None:
            total = str(resource.content.size) if fault.total == "known" else fault.total
            return _unsatisfiable(None if total == "absent" else total)
        case _:
            return None


def _unsatisfiable(total: str | None) -> _Answer:
    """416, which should name the complete length (RFC 9110 section 15.5.17)."""
    headers = [] if total is None else [("Content-Range", f"bytes */{total}")]
    return _document(416, "text/plain", "416 Range Not Satisfiable\n", headers)


def _retry_after(fault: f.Status, now: float) -> str:
    text = fault.retry_after or ""
    if text.startswith("date"):
        return formatdate(now + float(text.removeprefix("date") or 0), usegmt=True)
    return text


def _token_refusal(fault: f.RequireToken, request: Request, resource: Resource | None, place: Place) -> _Answer | None:
    if place.listener == "target" and resource is not None and resource.signing is not None:
        return None  # The signature is the credential there, and a second one would be refused.
    given = request.headers.get("authorization", "")
    if hmac.compare_digest(given.encode(), f"Bearer {fault.value}".encode()):
        return None
    return _document(
        401, "application/json", '{"error":"Unauthorized"}', [("WWW-Authenticate", 'Bearer realm="models"')]
    )


def _redirect(fault: f.Redirect, request: Request, place: Place) -> _Answer | None:
    """The next hop, or nothing once the request has come along all of them; hops are counted in the query."""
    if fault.location is not None:
        host = place.url.partition("://")[2]
        location = fault.location
        values = {"origin": place.origin_url, "target": place.target_url, "host": host, "path": request.path}
        for name, value in values.items():
            location = location.replace(f"{{{name}}}", value)
        return _document(fault.code, "text/plain", "", [("Location", location)])
    fields = parse_qs(request.query)
    hop = int(fields["hop"][0]) if fields.get("hop", [""])[0].isdecimal() else 0
    if fault.loop == "no" and hop >= fault.hops:
        return None
    query = f"?hop={1 if fault.loop == 'same' else hop + 1}"
    base = {
        "absolute": place.url + request.path,
        "path": request.path,
        "relative": "",
        "network": "//" + place.url.partition("://")[2] + request.path,
        "target": place.target_url + request.path,
    }[fault.form]
    return _document(fault.code, "text/plain", "", [("Location", base + query)])


def _signed(request: Request, resource: Resource, signing: Signing, place: Place) -> _Answer | None:
    """The redirect to a signed URL, or what is wrong with the signature; nothing where it opens the file."""
    if place.listener == "origin":
        # Signed as it is escaped here, so a client that escapes it in another way doesn't get in.
        path = quote(resource.path)
        query = place.signer.query("GET", path, now=place.now, ttl_seconds=signing.ttl_seconds, form=signing.form)
        made = _document(signing.redirect_code, "text/plain", "", [("Location", f"{place.target_url}{path}?{query}")])
        made.signed_url = True
        return made
    if "authorization" in request.headers:
        return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
    match place.signer.check(request.method, request.path, request.query, now=place.now):
        case "valid":
            return None
        case "missing":
            return _xml(403, "AccessDenied", "Access Denied")
        case "mismatch":
            return _xml(403, "SignatureDoesNotMatch", "The request signature does not match")
        case "expired":
            return _xml(signing.expired_code, "AccessDenied", "Request has expired")


# ---- The file: which representation, which bytes of it ----


def _representation(resource: Resource, faults: _Faults, place: Place) -> Resource:
    for change in faults.all(f.Changed):
        content = resource.content.changed(change.version) if change.content == "new" else resource.content
        etag = resource.etag
        if change.etag == "new" and etag is not None:
            weak = "weak" if etag.startswith("W/") else "strong"
            etag = entity_tag(weak, content, f"{etag}#{change.version}")
        resource = replace(resource, content=content, etag=etag)
    for grow in faults.all(f.Grow):
        content = resource.content
        resource = replace(resource, content=content.resized(max(0, content.size + grow.by)))
    for validators in faults.all(f.Validators):
        etag = resource.etag
        if validators.etag != "strong":
            etag = entity_tag(validators.etag, resource.content, resource.path)
        dates = {
            "fixed": resource.last_modified,
            "none": None,
            "now": formatdate(place.now, usegmt=True),
        }
        date = dates.get(validators.last_modified, validators.last_modified)
        resource = replace(resource, etag=etag, last_modified=date)
    return resource


def _same_representation(request: Request, resource: Resource, faults: _Faults) -> bool:
    """Whether If-Range allows a part, by strong comparison (RFC 9110 section 13.1.5)."""
    condition = request.headers.get("if-range")
    if condition is None or any(change.if_range == "ignored" for change in faults.all(f.Changed)):
        return True
    if condition.startswith("W/"):
        return False
    return condition in (resource.etag, resource.last_modified)


def _precondition(request: Request, resource: Resource) -> _Answer | None:
    if "if-match" in request.headers and resource.etag is not None:
        wanted = [tag.strip() for tag in request.headers["if-match"].split(",")]
        if "*" not in wanted and resource.etag not in wanted:
            return _document(412, "text/plain", "412 Precondition Failed\n")
    if "if-none-match" in request.headers and resource.etag is not None:
        known = [tag.strip().removeprefix("W/") for tag in request.headers["if-none-match"].split(",")]
        if "*" in known or resource.etag.removeprefix("W/") in known:
            return _document(304, "", "", [("ETag", resource.etag)])
    return None


def _file(request: Request, resource: Resource, faults: _Faults) -> _Answer:
    """The file or a part of it, with its validators."""
    refused = _precondition(request, resource)
    if refused is not None:
        return refused
    size = resource.content.size
    span = requested_span(request.headers.get("range"), size) if request.method == "GET" else "whole"
    if span != "whole" and not _same_representation(request, resource, faults):
        span = "whole"
    if faults.first(f.IgnoreRange) is not None:
        span = "whole"
    if span == "unsatisfiable":
        return _unsatisfiable(str(size))
    if span == "whole":
        made = _Answer(200, [("Content-Type", resource.content_type)])
        made.body = (_slice(resource, 0, size, faults),)
    else:
        made = _part(resource, span, faults)
    made.headers.append(("Accept-Ranges", "bytes"))
    if resource.etag is not None:
        made.headers.append(("ETag", resource.etag))
    if resource.last_modified is not None:
        made.headers.append(("Last-Modified", resource.last_modified))
    return made


def _part(resource: Resource, asked: tuple[int, int], faults: _Faults) -> _Answer:
    """206 with the span that was asked for, or what the faults make of it (RFC 9110 section 15.3.7)."""
    size = resource.content.size
    start, stop = labelled = asked
    shorter, longer, shift = faults.first(f.Shorter), faults.first(f.Longer), faults.first(f.Shift)
    if shorter is not None:
        stop = min(stop, start + shorter.limit)
        labelled = (start, stop) if shorter.labels == "honest" else labelled
    if longer is not None:
        stop = min(size, stop + longer.by)
        labelled = (start, stop) if longer.labels == "honest" else labelled
    if faults.first(f.Whole206) is not None:
        start, stop = labelled = (0, size)
    by = shift.by if shift is not None else 0
    part = _slice(resource, start + by, stop + by, faults)
    label = _content_range(labelled, size, faults)
    if faults.first(f.Multipart) is not None:
        lines = f"--{_BOUNDARY}\r\nContent-Type: {resource.content_type}\r\nContent-Range: {label}\r\n\r\n"
        end = f"\r\n--{_BOUNDARY}--\r\n"
        kind = f"multipart/byteranges; boundary={_BOUNDARY}"
        return _Answer(206, [("Content-Type", kind)], (lines.encode(), part, end.encode()), start)
    made = _Answer(200 if faults.first(f.Slice200) is not None else 206, [], (part,), start)
    made.headers.append(("Content-Type", resource.content_type))
    if faults.first(f.NoContentRange) is None:
        made.headers.append(("Content-Range", label))
    return made


def _content_range(labelled: tuple[int, int], size: int, faults: _Faults) -> str:
    """The value of Content-Range (RFC 9110 section 14.4), or a lie."""
    wrong = faults.first(f.WrongContentRange) or f.WrongContentRange()
    if wrong.text is not None:
        return wrong.text
    start, stop = labelled
    total = "*" if wrong.unknown_total == "yes" else str(size + wrong.total)
    return f"{wrong.unit} {start + wrong.start}-{stop - 1 + wrong.stop}/{total}"


def _slice(resource: Resource, start: int, stop: int, faults: _Faults) -> FileSlice:
    """The bytes from ``start``; a span that reaches past the end is taken further in front, length unchanged."""
    start, length = max(0, start), stop - start
    start = max(0, min(start, resource.content.size - length))
    flips = tuple(sorted({offset for flip in faults.all(f.Flip) for offset in flip.offsets}))
    return FileSlice(resource.content, start, start + length, flips)


# ---- The head ----


def _add_headers(made: _Answer, resource: Resource | None, faults: _Faults, place: Place) -> None:
    """Everything in the head that isn't framing."""
    extra = list(resource.headers) if resource is not None and made.status < 400 else []  # noqa: PLR2004 - errors
    extra += [(header.name, header.value) for header in faults.all(f.Header)]
    for name, value in extra:
        made.put(name, _filled(value, resource))
    for disposition in faults.all(f.Disposition):
        made.put("Content-Disposition", _content_disposition(disposition))
    for limit in faults.all(f.RateLimit):
        for name, value in _rate_limit(limit, place.now):
            made.put(name, value)
    for big in faults.all(f.BigHead):
        made.headers += [(f"X-Padding-{index}", "x" * (big.size // big.fields)) for index in range(big.fields)]


def _filled(value: str, resource: Resource | None) -> str:
    """The value with the file's digest and length in it; the digest is computed only where it is wanted."""
    if resource is None or "{" not in value:
        return value
    value = value.replace("{size}", str(resource.content.size)).replace("{etag}", resource.etag or "")
    if "{sha256" in value:
        hexadecimal = resource.content.sha256()
        encoded = base64.b64encode(bytes.fromhex(hexadecimal)).decode()
        value = value.replace("{sha256}", hexadecimal).replace("{sha256_base64}", encoded)
    return value


def _content_disposition(fault: f.Disposition) -> str:
    """RFC 6266: ``filename`` as it is, ``filename*`` percent-encoded (RFC 8187)."""
    plain = f'filename="{fault.filename}"'
    extended = f"filename*=UTF-8''{quote(fault.filename, safe='')}"
    parts = {"plain": [plain], "extended": [extended], "both": [plain, extended]}[fault.form]
    return "; ".join(["attachment", *parts])


def _rate_limit(fault: f.RateLimit, now: float) -> list[tuple[str, str]]:
    if fault.form == "structured":
        return [
            ("RateLimit", f'"default";r={fault.remaining};t={fault.reset}'),
            ("RateLimit-Policy", f'"default";q={fault.limit};w={max(60, fault.reset)}'),
        ]
    prefix, reset = ("X-RateLimit", int(now) + fault.reset) if fault.form == "x" else ("RateLimit", fault.reset)
    return [
        (f"{prefix}-Limit", str(fault.limit)),
        (f"{prefix}-Remaining", str(fault.remaining)),
        (f"{prefix}-Reset", str(reset)),
    ]


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


# ---- Framing and delivery ----


def _plan(request: Request, made: _Answer, faults: _Faults) -> Plan:
    """The plan of a response that is decided but for its framing and the way in which it leaves."""
    plan = _framed(request, made, faults)
    closing = faults.all(f.Close)
    wanted = request.headers.get("connection", "").lower()
    announced = (
        plan.framing == "close"
        or "close" in wanted
        or (request.version == "HTTP/1.0" and "keep-alive" not in wanted)
        or request.method not in ("GET", "HEAD")  # Whatever body the request has isn't read.
        or any(fault.announced == "yes" for fault in closing)
    )
    close = announced or plan.close or bool(closing)
    for header in faults.all(f.NoHeader):
        made.drop(header.name)
    if announced:
        made.put("Connection", "close")
    elif request.version == "HTTP/1.0":
        made.put("Connection", "keep-alive")
    slow, interim = faults.first(f.SlowHead), faults.all(f.Interim)
    return replace(
        plan,
        headers=tuple(made.headers),
        body=() if request.method == "HEAD" else plan.body,
        interim=tuple(one.code for one in interim for _ in range(one.count)),
        delay_seconds=sum(delay.seconds for delay in faults.all(f.Delay)),
        head_bytes_per_second=None if slow is None else slow.rate,
        paces=_paces(made, faults),
        ending=_ending(made, faults),
        close=close,
        signed_url=made.signed_url,
    )


def _framed(request: Request, made: _Answer, faults: _Faults) -> Plan:
    """The plan with its framing (RFC 9112 section 6), which is written into the head."""
    plan = Plan(status=made.status, headers=(), body=made.body)
    if made.status in _NO_CONTENT:
        return plan
    chunked, close, extra = faults.first(f.Chunked), faults.first(f.CloseDelimited), faults.first(f.Extra)
    compressed = faults.first(f.Gzip) is not None
    if compressed:
        made.put("Content-Encoding", "gzip")
        made.put("Vary", "Accept-Encoding")
        plan = replace(plan, compressed=True)
    if close is not None or ((compressed or chunked is not None) and request.version == "HTTP/1.0"):
        version = "HTTP/1.1" if close is None else f"HTTP/{close.version}"
        return replace(plan, framing="close", version=version, close=True)
    length = body_length(made.body)
    if chunked is not None or compressed:
        made.put("Transfer-Encoding", "chunked")
        chunked = chunked or f.Chunked()
        if chunked.length == "present":
            made.put("Content-Length", str(length))
        broken = chunked.end != "proper"
        return replace(plan, framing="chunked", chunk_bytes=chunked.size, chunk_end=chunked.end, close=broken)
    wrong = faults.first(f.WrongContentLength)
    said = str(length)
    if wrong is not None:
        said = str(max(0, length + wrong.by)) if wrong.text is None else wrong.text
    made.put("Content-Length", said)
    return replace(plan, close=wrong is not None, extra=_extra(extra))


def _extra(fault: f.Extra | None) -> bytes:
    if fault is None:
        return b""
    if fault.looks == "response":
        return b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
    return b"X" * fault.size


def _in_body(made: _Answer, after: int | None, offset: int | None) -> int | None:
    """Where in the body something happens: after so many bytes, or at an offset of the file if that is in it."""
    if offset is None:
        return after
    length = body_length(made.body)
    return offset - made.start if made.start <= offset < made.start + length else None


def _ending(made: _Answer, faults: _Faults) -> Ending | None:
    """The earliest of the endings that apply."""
    found: list[Ending] = []
    for one in faults.chosen:
        match one.fault:
            case f.Silence():
                ending = Ending("silence", _in_body(made, one.fault.after, one.fault.offset))
            case f.Reset():
                ending = Ending("reset", _in_body(made, one.fault.after, one.fault.offset))
            case f.Truncate():
                ending = Ending("truncate", _in_body(made, one.fault.after, one.fault.offset))
            case _:
                continue
        if one.fault.offset is None or ending.after is not None:
            found.append(ending)
    return min(found, key=lambda ending: -1 if ending.after is None else ending.after, default=None)


def _paces(made: _Answer, faults: _Faults) -> tuple[Pace, ...]:
    paces: list[Pace] = []
    for one in faults.chosen:
        match one.fault:
            case f.Throttle():
                paces.append(Pace(one.index, one.fault.rate, one.fault.scope))
            case f.Collapse():
                paces.append(Pace(one.index, one.fault.rate, "total", above=one.fault.above, share=one.fault.share))
            case f.Trickle():
                after = _in_body(made, one.fault.after or 0, one.fault.offset)
                if after is not None:
                    paces.append(Pace(one.index, one.fault.rate, "body", after=after))
            case _:
                pass
    return tuple(paces)
