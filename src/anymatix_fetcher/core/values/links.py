"""The ``Link`` fields of responses (RFC 8288): the next page, duplicates of the file, its Metalink.

Malformed fields are parsed as far as possible without raising, because many servers compose them by hand.
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
"""Further links are ignored."""

LAST_PRIORITY = 999_999
"""The highest valid ``pri`` (RFC 6249, section 3.1), and the default of links without one."""

_TARGET = re.compile(r"[ \t]*<([^<>]*)>")
_PARAMETER = re.compile(
    r"""[ \t]*;[ \t]*(?P<name>[^\s=;,"<>]*)(?:[ \t]*=[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"?|(?P<token>[^;,\s]*)))?""",
    re.DOTALL,
)
_REST = re.compile(r"""(?:[^,"]|"(?:[^"\\]|\\.)*"?)*""", re.DOTALL)
_PRIORITY = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a response.

    Args:
        url: Its target; relative ones are resolved against the response's own URL.
        relations: Its relation types in lower case.
        parameters: The other parameters, by name in lower case; of repeated ones, the first counts (section 3.4).
    """

    url: Url
    relations: tuple[str, ...]
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A duplicate of the file (RFC 6249, section 3), which has to be verified by a digest.

    Args:
        url: Its URL.
        priority: Its priority; 1 is the best.
        country: An ISO 3166-1 code in lower case, if known.
        same_validators: Whether it has the entity tags of the responding server (``pref``, section 3.3).
    """

    url: Url
    priority: int
    country: str | None = None
    same_validators: bool = False


def links(headers: Headers, base: Url) -> tuple[Link, ...]:
    """Every link of the response at ``base``, in order.

    Links without a relation, to other schemes than http and https, or about another resource (``anchor``, section 3.2)
    are left out.
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
    """The next page of the list; ``None`` on the last page."""
    return next((link.url for link in links(headers, base) if "next" in link.relations), None)


def duplicates(headers: Headers, base: Url) -> tuple[Duplicate, ...]:
    """The duplicates of the file, the best first (RFC 6249, section 3)."""
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
    """The Metalink that describes the file (RFC 6249, section 4)."""
    for link in links(headers, base):
        media_type = link.parameters.get("type", "").partition(";")[0].strip().lower()
        if "describedby" in link.relations and media_type == METALINK_TYPE:
            return link.url
    return None


def _elements(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields targets with their parameters. Invalid text is skipped up to the next comma."""
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
    """The position after the next comma outside of quotes."""
    rest = _REST.match(text, position)
    return (rest.end() if rest else position) + 1


def _priority(text: str) -> int:
    return int(text) if _PRIORITY.fullmatch(text) and int(text) > 0 else LAST_PRIORITY
