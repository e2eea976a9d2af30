"""Labels: whether what heads say of their bodies is believed, a media type or a coding. First bytes know better.

A label alone condemns nothing: some servers call every file a web page, and stores keep codings that were never
applied. Nor is it worthless: a login page says that it is one. So the beginning of a body whose label speaks against it
is looked at, and kept nowhere: either it is refused for what it says, or it is asked for again and this label counts no
longer. A page that comes later under another label is still a page. Where a digest settles what the whole is, as much
is looked at as a page may have: the digest decides then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.refusals import Refusal

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.judge import Known
    from anymatix_fetcher.core.machine.exchange import Exchange

PEEKED_BYTES = 4096
"""They tell a document from a model."""
PEEKED_BESIDE_A_DIGEST_BYTES = 1 << 20
"""No login page is longer."""


class Labels:
    """The labels of one download's answers.

    Args:
        as_is: Whether the user wants what comes, whatever it is called.

    Attributes:
        doubted: The answer whose first bytes are being looked at; nothing else is asked for meanwhile.
    """

    def __init__(self, *, as_is: bool) -> None:
        self.doubted: Exchange | None = None
        self._as_is = as_is
        self._believed = False
        self._disproved: frozenset[str] = frozenset()

    def look_at(self, exchange: Exchange) -> None:
        """The first bytes of ``exchange`` are here, to be looked at."""
        self.doubted = exchange

    def weigh(self, known: Known, *, is_fresh: bool) -> Known:
        """What the judge has to know of the next answer, with what labels are worth."""
        fresh = is_fresh and not self._believed
        return replace(known, is_fresh=fresh, ignores_labels=self._as_is, disproved=self._disproved)

    def seen(self, *, is_unwanted: bool) -> Exchange:
        """The first bytes were looked at: from now on labels are believed, or this one isn't. Whose bytes they were."""
        if self.doubted is None:
            raise AssertionError("nothing is looked at")
        exchange, self.doubted = self.doubted, None
        self._believed = is_unwanted
        if not is_unwanted and exchange.head is not None and exchange.doubt is not None:
            head = exchange.head
            self._disproved |= {head.content_coding if exchange.doubt.kind is Refusal.ENCODED else head.media_type}
        return exchange
