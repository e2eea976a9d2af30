"""What a response's ``Link`` fields lead to (RFC 8288): the next page, other places for the same file, its Metalink.

A field that can't be read is read as far as it makes sense, and never raises: servers' own code writes these by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.values.http import Headers
    from anymatix_fetcher.core.values.urls import Url

METALINK_TYPE = "application/metalink4+xml"

MAX_LINKS = 1000
"""More are cut off: no response that means well has them."""

LAST_PRIORITY = 999_999
"""The highest number that ``pri`` may have (RFC 6249, section 3.1), and what a link without one counts as."""

_TARGET = re.compile(r"[ \t]*<([^<>]*)>")
_PARAMETER = re.compile(
    r"""[ \t]*;[ \t]*(?P<name>[^\s=;,"<>]*)(?:[ \t]*=[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"?|(?P<token>[^;,\s]*)))?""",
    re.DOTALL,
)
_REST = re.compile(r"""(?:[^,"]|"(?:[^"\\]|\\.)*"?)*""", re.DOTALL)
_PRIORITY = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a response to somewhere.

    Args:
        url: Where it leads; relative ones are taken from the response's own URL.
        relations: What that is, in lower case; one link may be several things.
        parameters: The rest by name in lower case; of several with one name the first counts (section 3.4).
    """

    url: Url
    relations: tuple[str, ...]
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another place that has the same file (RFC 6249, section 3); whoever asks it needs a digest to believe it.

    Args:
        url: The place.
        priority: 1 is best.
        country: An ISO 3166-1 code in lower case, where it is known.
        same_validators: Whether its entity tags are those of the answering server (``pref``, section 3.3).
    """

    url: Url
    priority: int
    country: str | None = None
    same_validators: bool = False


def links(headers: Headers, base: Url) -> tuple[Link, ...]:
    """Every link of the response at ``base``, in order, of all its ``Link`` fields.

    Left out are links without a relation, to something that isn't http or https, and those about another resource
    (``anchor``, section 3.2): taking these for links of the response would be wrong.
    """
    found: list[Link] = []
    for target, parameters in chain.from_iterable(map(_elements, headers.all("Link"))):
        relations = tuple(parameters.pop("rel", "").lower().split())
        if not relations or "anchor" in parameters:
            continue
        try:
            found.append(Link(base.join(target.strip()), relations, parameters))
        except ValueError:
            continue
        if len(found) == MAX_LINKS:
            break
    return tuple(found)


def next_page(headers: Headers, base: Url) -> Url | None:
    """Where the list that this response is a page of goes on; ``None`` on the last page."""
    return next((link.url for link in links(headers, base) if "next" in link.relations), None)


def duplicates(headers: Headers, base: Url) -> tuple[Duplicate, ...]:
    """Other places for the same file, the best first (RFC 6249, section 3)."""
    if headers.get("Link") is None:
        return ()
    found = [
        Duplicate(
            link.url,
            _priority(link.parameters.get("pri", "")),
            link.parameters.get("geo", "").lower() or None,
            same_validators="pref" in link.parameters,
        )
        for link in links(headers, base)
        if "duplicate" in link.relations
    ]
    return tuple(sorted(found, key=lambda duplicate: duplicate.priority))


def metalink(headers: Headers, base: Url) -> Url | None:
    """Where a Metalink file describes this one (RFC 6249, section 4)."""
    for link in links(headers, base):
        media_type = link.parameters.get("type", "").partition(";")[0].strip().lower()
        if "describedby" in link.relations and media_type == METALINK_TYPE:
            return link.url
    return None


def _elements(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Targets and their parameters. What stands where a link should begin is passed over, up to the next comma."""
    position = 0
    while position < len(text):
        target = _TARGET.match(text, position)
        if target is None:
            position = _after_comma(text, position)
            continue
        parameters: dict[str, str] = {}
        position = target.end()
        while parameter := _PARAMETER.match(text, position):
            position = parameter.end()
            name = parameter["name"].lower()
            if name:
                parameters.setdefault(name, _value(parameter))
        yield target.group(1), parameters
        position = _after_comma(text, position)


def _value(parameter: re.Match[str]) -> str:
    quoted = parameter["quoted"]
    return re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if quoted is not None else parameter["token"] or ""


def _after_comma(text: str, position: int) -> int:
    """The place after the next comma outside of quotes."""
    rest = _REST.match(text, position)
    return (rest.end() if rest else position) + 1


def _priority(text: str) -> int:
    return int(text) if _PRIORITY.fullmatch(text) and int(text) > 0 else LAST_PRIORITY
