"""Labels: whether the media types and codings that heads state are believed. The first bytes decide.

A label alone isn't sufficient to refuse a body: some servers call every file a web page, and stores keep codings that
were never applied. But a login page is labelled as one. So if a label suggests a refusal, the beginning of the body is
examined without storing it: either it is refused, or it is requested again, and this label is ignored from then on.
Another label is examined again. If a digest will verify the whole, more bytes are examined, as many as a page may have.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.refusals import Refusal

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.judge import Known
    from anymatix_fetcher.core.machine.exchange import Exchange

PEEKED_BYTES = 4096
"""These bytes distinguish a document from a model."""
PEEKED_BESIDE_A_DIGEST_BYTES = 1 << 20
"""No login page is longer."""


class Labels:
    """The labels of one download's responses.

    Args:
        as_is: Whether the user accepts any content.

    Attributes:
        doubted: The exchange with first bytes that are being examined; nothing else is requested meanwhile.
    """

    def __init__(self, *, as_is: bool) -> None:
        self.doubted: Exchange | None = None
        self._as_is = as_is
        self._believed = False
        self._disproved: frozenset[str] = frozenset()

    def look_at(self, exchange: Exchange) -> None:
        """Starts the examination of the first bytes of ``exchange``."""
        self.doubted = exchange

    def weigh(self, known: Known, *, is_fresh: bool) -> Known:
        """The facts for the judge, including which labels to ignore."""
        fresh = is_fresh and not self._believed
        return replace(known, is_fresh=fresh, ignores_labels=self._as_is, disproved=self._disproved)

    def seen(self, *, is_unwanted: bool) -> Exchange:
        """Ends the examination, and believes or ignores the label accordingly; returns the exchange."""
        if self.doubted is None:
            raise AssertionError("nothing is looked at")
        exchange, self.doubted = self.doubted, None
        self._believed = is_unwanted
        if not is_unwanted and exchange.head is not None and exchange.doubt is not None:
            head = exchange.head
            self._disproved |= {head.content_coding if exchange.doubt.kind is Refusal.ENCODED else head.media_type}
        return exchange
