"""The interface of stand-ins: sites that respond like those of a model host, each on its own port."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.testing.hosts.sigv4 import query_pairs
from anymatix_fetcher.testing.responses.making import Draft, document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.resources import Resource


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of a request, and the URLs of all sites.

    Attributes:
        now: Seconds since 1970.
        urls: ``scheme://host:port`` of every site by its name.
    """

    now: float
    urls: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Serving:
    """A file or the requested part of it as the response.

    Attributes:
        account: The name under which the ledger counts its bytes, which is the same for all stores.
        bytes_per_second: The limit of a connection.
    """

    resource: Resource
    account: str
    bytes_per_second: float | None = None


class Site(Protocol):
    """One origin: a web site, an API, or a store."""

    stores: bool
    """Whether it is a store, the target of redirects, for rules."""

    def answer(self, request: Request, moment: Moment) -> Draft | Serving:
        """The response to a request; called by one thread at a time."""


@dataclass(frozen=True, slots=True)
class Host:
    """A model host and its sites.

    Attributes:
        sites: Its sites by name.
        variables: The environment variables that direct tools to the sites, with the site of each.
    """

    sites: Mapping[str, Site]
    variables: Mapping[str, str] = field(default_factory=dict)


def query_fields(request: Request) -> dict[str, str]:
    """The names and values of a request's query; the last value of a name counts."""
    return dict(query_pairs(request.query.replace("+", "%20")))


def bearer_token(request: Request) -> str | None:
    """The token in the Authorization field (RFC 6750 section 2.1), if there is one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "token"} and token.strip() else None


def json_answer(status: int, value: object, headers: Iterable[tuple[str, str]] = ()) -> Draft:
    """A JSON document."""
    return document(status, "application/json; charset=utf-8", json.dumps(value), headers)


def page(status: int, body: str, headers: Iterable[tuple[str, str]] = ()) -> Draft:
    """An HTML page."""
    return document(status, "text/html; charset=utf-8", f"<!DOCTYPE html>\n<html>{body}</html>\n", headers)


def redirect(status: int, location: str, headers: Iterable[tuple[str, str]] = (), *, signed: bool = False) -> Draft:
    """A redirect; ``signed`` makes the ledger count a signed URL."""
    made = document(status, "text/plain; charset=utf-8", f"Redirecting to {location}", headers)
    made.put("Location", location)
    made.signed_url = signed
    return made
