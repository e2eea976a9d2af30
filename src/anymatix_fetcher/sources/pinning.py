"""References that go on naming the same bytes, whatever is pushed or released later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.sources import huggingface_references as hub

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.resource import Resource


def pinned_reference(resource: Resource, commit: str = "") -> str:
    """The reference of these very bytes, as far as the source has names for them; else the resource's own.

    Args:
        resource: What a source gave.
        commit: What its host said that its answer is of; may be empty.
    """
    if resource.pinned:
        return resource.pinned
    if commit and hub.has_scheme(resource.reference):
        return str(replace(hub.read_scheme(resource.reference), revision=commit))
    return resource.reference
