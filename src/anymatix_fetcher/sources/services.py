"""Services whose refusals are explained by the table of answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.resource import Stated

if TYPE_CHECKING:
    from anymatix_fetcher.core.http import ResponseHead
    from anymatix_fetcher.core.judge import Refused
    from anymatix_fetcher.core.urls import Url
    from anymatix_fetcher.errors import FetchError


@dataclass(frozen=True, slots=True)
class Explained:
    """A service that says nothing of a file but in standard fields; implements ``core.resource.Service``.

    Args:
        name: What results call it.
        table: Whose rows explain its refusals; the service's own by default.
    """

    name: str
    table: str = ""

    def stated(self, head: ResponseHead) -> Stated:
        """Implements ``Service.stated``."""
        del head
        return Stated()

    def explain(self, refused: Refused, url: Url, *, authorized: bool) -> FetchError | None:
        """Implements ``Service.explain``."""
        from anymatix_fetcher.sources.explanations.lookup import explain  # noqa: PLC0415 - few are refused

        return explain(self.table or self.name, refused, url, authorized=authorized)
