"""What a source made of a reference: where the bytes are, and what is known of them beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.http import Headers

if TYPE_CHECKING:
    from anymatix_fetcher.core.digests import Digest
    from anymatix_fetcher.core.urls import Url


@dataclass(frozen=True, slots=True)
class Resource:
    """One file at one place.

    Args:
        url: Where to ask; its origin is the one that credentials belong to.
        name: The file's name as the source states it; not yet safe as a path.
        length: Bytes of the whole file, where the source states them.
        digests: What the source or the user states; checked always.
        headers: Fields for the origin only: they never go to where it redirects.
    """

    url: Url
    name: str | None = None
    length: int | None = None
    digests: tuple[Digest, ...] = ()
    headers: Headers = field(default_factory=Headers)
