"""One row of the tables: the conditions of a response, and its meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.signature_faults import SignatureFault, signature_fault

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A response and its meaning. All given conditions have to match; patterns are searched case-insensitively.

    Args:
        status: One status, or several.
        header: A field's name, and a pattern for its value.
        body: A pattern for the beginning of the body, which the transport keeps for a status of 400 and above.
        reason: A pattern for the response's own explanation: ``X-Error-Message``, or the beginning of the body.
        url: A pattern for the request's URL.
        authorized: Whether credentials were sent; ``None`` if irrelevant.
        fault: The fault of the URL's signature that the response states.
        error: The class of the error.
        sentence: The message; names in braces are replaced, see ``words``.
        hint: What to do about it; likewise.
    """

    status: int | tuple[int, ...]
    header: tuple[str, str] | None = None
    body: str | None = None
    reason: str | None = None
    url: str | None = None
    authorized: bool | None = None
    fault: SignatureFault | None = None
    error: type[FetchError]
    sentence: str
    hint: str

    def fits(self, refused: Refused, url: Url, *, authorized: bool) -> bool:
        """Whether ``refused``, the response from ``url``, matches."""
        statuses = self.status if isinstance(self.status, tuple) else (self.status,)
        if refused.status not in statuses or self.authorized not in (None, authorized):
            return False
        if self.header is not None and not _found(self.header[1], refused.headers.get(self.header[0])):
            return False
        if self.body is not None and not _found(self.body, refused.excerpt):
            return False
        if self.reason is not None:
            said = (refused.headers.get("X-Error-Message"), refused.excerpt)
            if not any(_found(self.reason, text) for text in said):
                return False
        if self.url is not None and not _found(self.url, url.reveal()):
            return False
        return self.fault in (None, signature_fault(refused.status, refused.headers, refused.excerpt))


def _found(pattern: str, text: str | None) -> bool:
    return text is not None and re.search(pattern, text, re.IGNORECASE) is not None
