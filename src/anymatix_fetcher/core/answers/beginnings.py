"""How bodies begin, against what their labels say: as little as a first byte may show that a label is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.refusals import Refusal

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.refusals import Refused

CODED_BEGINNINGS = {
    "gzip": b"\x1f\x8b",
    "x-gzip": b"\x1f\x8b",
    "zstd": b"\x28\xb5\x2f\xfd",
    "compress": b"\x1f\x9d",
    "x-compress": b"\x1f\x9d",
}
"""How bodies begin that were coded so (RFC 1952, RFC 8878); the other codings have no mark of their own."""
_DOCUMENT_BEGINNINGS = b"<{[\xef\xfe\xff"
"""The first bytes of markup and of JSON, and those of the marks that may stand before them."""


def may_be_right(refused: Refused, coding: str, first: bytes) -> bool:
    """Whether a label may be right, by as little as the first byte: where that says nothing it may.

    Args:
        refused: What the label says.
        coding: How the body is said to be coded.
        first: How it begins.
    """
    if refused.kind is Refusal.ENCODED:
        return CODED_BEGINNINGS.get(coding, first)[:1] == first[:1]
    return not first.strip() or first.lstrip()[:1] in _DOCUMENT_BEGINNINGS
