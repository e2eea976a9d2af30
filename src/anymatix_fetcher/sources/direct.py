"""The direct source: a URL is its own address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.resource import Resource
from anymatix_fetcher.core.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from anymatix_fetcher.core.digests import Digest
    from anymatix_fetcher.core.http import Headers


def resolve(reference: str, *, name: str | None, digests: tuple[Digest, ...], headers: Headers) -> Resource:
    """The resource at the URL ``reference``.

    Args:
        reference: An absolute http or https URL; one without a scheme isn't guessed at.
        name: What the file will be called, where the user has said so.
        digests: What the user says that it must have.
        headers: Fields for the URL's own origin.

    Raises:
        ReferenceSyntaxError: It isn't such a URL.
    """
    try:
        url = Url.parse(reference.strip())
    except ValueError as error:
        raise ReferenceSyntaxError(
            f"not a reference: {error}", hint="Expected a URL such as https://example.com/model.safetensors."
        ) from None
    return Resource(url, name=name, digests=digests, headers=headers)
