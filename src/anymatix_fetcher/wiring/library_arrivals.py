"""Converts a completed download to the library's record of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.library.names import parse_hashed_name

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.shelf import Arrived
    from anymatix_fetcher.library.recording import Arrival


def arrival_of(kept: Arrived) -> Arrival:
    """The record of a file."""
    from anymatix_fetcher.library.recording import Arrival  # noqa: PLC0415 - brings SQLite

    resource, asked = kept.resource, kept.job.reference.strip()
    hashed = parse_hashed_name(kept.path.name)
    # A URL's sidecar is looked up by the URL as it was typed, not as its source resolved it.
    is_url = asked.lower().startswith(("http://", "https://"))
    return Arrival(
        kept.path,
        reference=resource.reference,
        url=asked if is_url else resource.url.reveal(),
        digests=kept.digests,
        verified=kept.verified,
        name=resource.name or (hashed.original if hashed else kept.path.name),
        type=kept.place.type,
        data=_description(resource),
        asked=asked,
        read_at=kept.verified_at,
        is_unnamed=kept.place.leaves_name,
        part_of=kept.job.part_of,
    )


def _description(resource: Resource) -> dict[str, Any] | None:
    """Civitai's description of the version; sidecars hold no other service's."""
    if resource.service.name != "civitai" or not resource.about.document:
        return None
    try:
        document = json.loads(resource.about.document)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
