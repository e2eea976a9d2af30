"""Services with error responses that the tables explain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import MAX_LENGTH
from anymatix_fetcher.core.values.resource import Stated

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused, ResponseHead
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError

_ETAG = re.compile(r'(?:W/)?"?([0-9a-fA-F]{64})"?')
_DIGITS = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Explained:
    """A service that describes files by standard fields only; implements ``core.values.resource.Service``.

    Args:
        name: Its name in results.
        table: The service with the rows that explain its refusals; itself by default.
        base_path: The path of the service's endpoint; usually empty.
    """

    name: str
    table: str = ""
    base_path: str = ""

    def stated(self, head: ResponseHead) -> Stated:
        """Implements ``Service.stated``."""
        del head
        return Stated()

    def explain(self, refused: Refused, url: Url, *, authorized: bool) -> FetchError | None:
        """Implements ``Service.explain``."""
        from anymatix_fetcher.sources.explanations.lookup import explain  # noqa: PLC0415 - few are refused

        return explain(self.table or self.name, refused, url, authorized=authorized, base_path=self.base_path)


def linked(head: ResponseHead) -> Stated:
    """The length and SHA-256 of the LFS file that a redirect leads to, by ``X-Linked-Size`` and ``X-Linked-Etag``.

    For small files the latter is the SHA-1 of the git blob, which isn't a digest of the content.
    """
    etag = _ETAG.fullmatch((head.headers.get("X-Linked-Etag") or "").strip())
    size = (head.headers.get("X-Linked-Size") or "").strip()
    length = int(size) if _DIGITS.fullmatch(size) else None
    return Stated(
        length=length if length is not None and length <= MAX_LENGTH else None,
        digests=(Digest("sha256", etag.group(1).lower()),) if etag else (),
    )
