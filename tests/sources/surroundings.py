"""What surrounds a source in tests: tokens and endpoints by hand, and what must hold whatever it resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.sources.base import Environment, Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.core.values.http import Headers, Request
    from anymatix_fetcher.core.values.resource import Resource

SERVICES = ("civitai", "huggingface", "github", "modelscope")


def surroundings(endpoints: dict[str, str] | None = None, **tokens: str) -> Environment:
    """An environment with these endpoints, and tokens by service."""
    return Environment(
        endpoints={service: Url.parse(url) for service, url in (endpoints or {}).items()},
        tokens={service: Secret(token) for service, token in tokens.items()},
    )


def authorization(headers: Headers) -> str | None:
    return headers.get("Authorization")


def hosts_that_see(secret: str, asked: Sequence[Request], resources: Sequence[Resource] = ()) -> set[str]:
    """The hosts that a secret goes to, in a URL or in a field."""
    found = [(request.url, request.headers) for request in asked]
    found += [(resource.url, resource.headers) for resource in resources]
    return {url.host for url, headers in found if secret in url.reveal() or secret in str(headers.fields)}
