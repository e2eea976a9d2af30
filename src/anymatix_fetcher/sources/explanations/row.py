"""One row of the table: an answer that means something particular, and what that is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.signature_faults import SignatureFault, signature_fault

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.refusals import Refused
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An answer and its meaning. It fits where everything that it names does; patterns are searched without case.

    Args:
        status: One status, or several.
        header: A field's name, and a pattern in its value.
        body: A pattern in the body's beginning, which the transport keeps for a status of 400 and more.
        reason: A pattern in what the answer says of itself: in ``X-Error-Message``, or in the body's beginning.
        url: A pattern in the address that was asked.
        authorized: Whether credentials were sent; ``None`` where it doesn't matter.
        fault: What the answer says of the address's signature.
        error: Whose turn it is.
        sentence: What happened; names in braces are filled in, see ``words``.
        hint: What to do about it; the same.
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
        """Whether this is what ``refused``, the answer from ``url``, means."""
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
