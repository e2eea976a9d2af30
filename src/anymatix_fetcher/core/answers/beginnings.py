"""Compares the first bytes of bodies with their header fields, which a single byte may refute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.refusals import Refusal

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused

CODED_BEGINNINGS = {
    "gzip": b"\x1f\x8b",
    "x-gzip": b"\x1f\x8b",
    "zstd": b"\x28\xb5\x2f\xfd",
    "compress": b"\x1f\x9d",
    "x-compress": b"\x1f\x9d",
}
"""The magic numbers of content codings (RFC 1952, RFC 8878); other codings have none."""
_DOCUMENT_BEGINNINGS = b"<{[\xef\xfe\xff"
"""The first bytes of markup and JSON, and of byte order marks before them."""


def may_be_right(refused: Refused, coding: str, first: bytes) -> bool:
    """Whether a header field may be right according to the first bytes; true if they don't decide.

    Args:
        refused: The refusal because of the field.
        coding: The stated content coding.
        first: The first bytes.
    """
    if refused.kind is Refusal.ENCODED:
        return CODED_BEGINNINGS.get(coding, first)[:1] == first[:1]
    return not first.strip() or first.lstrip()[:1] in _DOCUMENT_BEGINNINGS
