"""References that keep naming the same bytes after later pushes or releases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.sources import huggingface_references as hub

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.resource import Resource


def pinned_reference(resource: Resource, commit: str = "") -> str:
    """The pinned reference of these bytes, if the source has such references; otherwise the resource's own.

    Args:
        resource: The resource from a source.
        commit: The commit that the host's response belongs to; may be empty.
    """
    if resource.pinned:
        return resource.pinned
    if commit and hub.has_scheme(resource.reference):
        return str(replace(hub.read_scheme(resource.reference), revision=commit))
    return resource.reference
