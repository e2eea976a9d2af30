"""AIR, a URN for resources of AI services.

``urn:air:{ecosystem}:{type}:{source}:{id}[@{version}][+{file}][.{format}]``; ``urn:`` and ``air:`` may be omitted
(https://developer.civitai.com/site/guide/air).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_AIR = re.compile(
    r"(?P<prefix>(?:urn:)?(?:air:)?)(?P<kinds>(?:[a-z0-9_-]+:){0,2}?)(?P<source>civitai|huggingface):(?P<name>.+)",
    re.IGNORECASE | re.DOTALL,
)


class Air(NamedTuple):
    """The service named by an AIR, in lower case, and the rest of the name."""

    source: str
    name: str


def read_air(text: str) -> Air | None:
    """The parsed AIR; ``None`` if ``text`` isn't one. ``civitai:5`` is a reference of another form."""
    match = _AIR.fullmatch(text.strip())
    if match is None or not (match["prefix"] or match["kinds"]):
        return None
    return Air(match["source"].lower(), match["name"])
