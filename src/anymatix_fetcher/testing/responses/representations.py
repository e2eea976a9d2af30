"""The representation for a request, and its preconditions (RFC 9110 section 13)."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING

from anymatix_fetcher.testing.faults.representations import Changed, Grow, Validators
from anymatix_fetcher.testing.resources import entity_tag
from anymatix_fetcher.testing.responses.making import document

if TYPE_CHECKING:
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.resources import Resource
    from anymatix_fetcher.testing.responses.making import ChosenFaults, Draft, Place


def representation(resource: Resource, faults: ChosenFaults, place: Place) -> Resource:
    """The file for this request: possibly changed, resized, or with other validators."""
    for change in faults.all(Changed):
        content = resource.content.changed(change.version) if change.content == "new" else resource.content
        etag = resource.etag
        if change.etag == "new" and etag is not None:
            weak = "weak" if etag.startswith("W/") else "strong"
            etag = entity_tag(weak, content, f"{etag}#{change.version}")
        resource = replace(resource, content=content, etag=etag)
    for grow in faults.all(Grow):
        content = resource.content
        resource = replace(resource, content=content.resized(max(0, content.size + grow.by)))
    for validators in faults.all(Validators):
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


def same_representation(request: Request, resource: Resource, faults: ChosenFaults) -> bool:
    """Whether If-Range allows a part, by strong comparison (RFC 9110 section 13.1.5)."""
    condition = request.headers.get("if-range")
    if condition is None or any(change.if_range == "ignored" for change in faults.all(Changed)):
        return True
    if condition.startswith("W/"):
        return False
    return condition in (resource.etag, resource.last_modified)


def precondition(request: Request, resource: Resource) -> Draft | None:
    """The response if If-Match or If-None-Match fails (RFC 9110 sections 13.1.1 and 13.1.2)."""
    if "if-match" in request.headers and resource.etag is not None:
        wanted = [tag.strip() for tag in request.headers["if-match"].split(",")]
        if "*" not in wanted and resource.etag not in wanted:
            return document(412, "text/plain", "412 Precondition Failed\n")
    if "if-none-match" in request.headers and resource.etag is not None:
        known = [tag.strip().removeprefix("W/") for tag in request.headers["if-none-match"].split(",")]
        if "*" in known or resource.etag.removeprefix("W/") in known:
            return document(304, "", "", [("ETag", resource.etag)])
    return None
