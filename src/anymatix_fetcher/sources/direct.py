"""The direct source, for URLs that no other source knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.explanations.hosts import service_of
from anymatix_fetcher.sources.services import Explained

if TYPE_CHECKING:
    from anymatix_fetcher.sources.base import Environment, Resolving, Wish

SCHEMES = ("http://", "https://")


class Direct:
    """Any web server; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = "direct"

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        del environment
        return reference.lower().startswith(SCHEMES)

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The resource at an absolute http or https URL. A missing scheme isn't guessed.

        Raises:
            ReferenceSyntaxError: It isn't such a URL.
        """
        yield from ()  # no request is needed
        try:
            url = Url.parse(wish.reference.strip())
        except ValueError as error:
            raise ReferenceSyntaxError(
                f"not a reference: {error}", hint="Expected a URL such as https://example.com/model.safetensors."
            ) from None
        return (
            Resource(
                url,
                name=wish.name,
                digests=wish.digests,
                headers=environment.headers_for(url, wish),
                reference=wish.reference,
                mirrors=wish.mirrors,
                service=Explained(self.name, service_of(url)),
            ),
        )
