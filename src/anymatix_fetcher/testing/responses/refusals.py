"""Responses other than the file: errors, pages, redirects, and refused signatures."""

from __future__ import annotations

import hmac
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from anymatix_fetcher.testing.faults.ranges import Unsatisfiable
from anymatix_fetcher.testing.faults.refusals import Page, Redirect, RequireToken, Status
from anymatix_fetcher.testing.messages import reason_phrase
from anymatix_fetcher.testing.responses.making import Draft, document, unsatisfiable
from anymatix_fetcher.testing.signing import error_document

if TYPE_CHECKING:
    from anymatix_fetcher.testing.faults import RequestFault
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.resources import Resource, Signing
    from anymatix_fetcher.testing.responses.making import ChosenFaults, Place

_PAGES = {
    "html": ("text/html; charset=utf-8", "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n"),
    "json": ("application/json", '{"error":"The creator of this asset requires you to be logged in"}'),
    "xml": ("application/xml", error_document("AccessDenied", "Access Denied")),
    "lfs": (
        "text/plain; charset=utf-8",
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1000000\n",
    ),
}


def refusal(request: Request, resource: Resource | None, faults: ChosenFaults, place: Place) -> Draft | None:
    """The response instead of the file, if any."""
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
        return document(405, "text/plain", "405 Method Not Allowed\n", [("Allow", "GET, HEAD")])
    return None


def _scripted_refusal(fault: RequestFault, request: Request, resource: Resource | None, place: Place) -> Draft | None:
    match fault:
        case Status():
            retry = () if fault.retry_after is None else (("Retry-After", _retry_after(fault, place.now)),)
            text = f"{fault.code} {reason_phrase(fault.code)}\n" if fault.text is None else fault.text
            return document(fault.code, fault.content_type, text, retry)
        case Page():
            return document(fault.code, *_PAGES[fault.of])
        case RequireToken():
            return _token_refusal(fault, request, resource, place)
        case Redirect():
            return _redirect(fault, request, place)
        case Unsatisfiable() if "range" in request.headers and resource is not None:
            total = str(resource.content.size) if fault.total == "known" else fault.total
            return unsatisfiable(None if total == "absent" else total)
        case _:
            return None


def _retry_after(fault: Status, now: float) -> str:
    text = fault.retry_after or ""
    if text.startswith("date"):
        return formatdate(now + float(text.removeprefix("date") or 0), usegmt=True)
    return text


def _token_refusal(fault: RequireToken, request: Request, resource: Resource | None, place: Place) -> Draft | None:
    if place.listener == "target" and resource is not None and resource.signing is not None:
        return None  # The signature is the only credential there; a second one would be refused.
    given = request.headers.get("authorization", "")
    if hmac.compare_digest(given.encode(), f"Bearer {fault.value}".encode()):
        return None
    return document(
        401, "application/json", '{"error":"Unauthorized"}', [("WWW-Authenticate", 'Bearer realm="models"')]
    )


def _redirect(fault: Redirect, request: Request, place: Place) -> Draft | None:
    """The next hop; none after the last one. Hops are counted in the query."""
    if fault.location is not None:
        host = place.url.partition("://")[2]
        location = fault.location
        values = {"origin": place.origin_url, "target": place.target_url, "host": host, "path": request.path}
        for name, value in values.items():
            location = location.replace(f"{{{name}}}", value)
        return document(fault.code, "text/plain", "", [("Location", location)])
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
    return document(fault.code, "text/plain", "", [("Location", base + query)])


def _signed(request: Request, resource: Resource, signing: Signing, place: Place) -> Draft | None:
    """The redirect to a signed URL, or the refusal of a signature; none if it is valid."""
    if place.listener == "origin":
        # The signature covers this escaping, so a client that escapes differently is refused.
        path = quote(resource.path)
        query = place.signer.query("GET", path, now=place.now, ttl_seconds=signing.ttl_seconds, form=signing.form)
        made = document(signing.redirect_code, "text/plain", "", [("Location", f"{place.target_url}{path}?{query}")])
        made.signed_url = True
        return made
    if "authorization" in request.headers:
        return _store_error(400, "InvalidArgument", "Only one auth mechanism allowed")
    match place.signer.check(request.method, request.path, request.query, now=place.now):
        case "valid":
            return None
        case "missing":
            return _store_error(403, "AccessDenied", "Access Denied")
        case "mismatch":
            return _store_error(403, "SignatureDoesNotMatch", "The request signature does not match")
        case "expired":
            return _store_error(signing.expired_code, "AccessDenied", "Request has expired")


def _store_error(status: int, code: str, message: str) -> Draft:
    """The refusal of an S3-like store."""
    return document(status, "application/xml", error_document(code, message))
