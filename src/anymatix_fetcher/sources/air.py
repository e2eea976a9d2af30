"""AIR: a resource's name that says at which service it lives.

``urn:air:{ecosystem}:{type}:{source}:{id}[@{version}][+{file}][.{format}]``; ``urn:`` and ``air:`` may be missing
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
    """A name's service, in lower case, and what it is called there."""

    source: str
    name: str


def read_air(text: str) -> Air | None:
    """The AIR that ``text`` is; ``None`` where it is none, as ``civitai:5``, which is a reference of its own."""
    match = _AIR.fullmatch(text.strip())
    if match is None or not (match["prefix"] or match["kinds"]):
        return None
    return Air(match["source"].lower(), match["name"])
