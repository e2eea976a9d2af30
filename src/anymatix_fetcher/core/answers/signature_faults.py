"""What a refusal says about the URL's signature: expired, not valid yet, invalid, or nothing definite.

Stores have no common rule: an expired signature is a 400, 401 or 403, each with other words. A refusal that is mistaken
for expiry makes the download loop; an expiry that isn't recognized ends it. Therefore unclear refusals stay unclear,
and the URL's deadline decides (:func:`has_expired`).
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.values.http import parse_date

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Headers

REFUSING = frozenset({400, 401, 403, 404, 410})
"""Some servers answer 404 or 410 for what they no longer serve."""
CLOCKS_DIFFER_SECONDS = 2.0
"""A refusal this shortly before the deadline counts as expiry: dates have whole seconds, and transmission takes time.
"""


class SignatureFault(Enum):
    """The fault of a signature according to its refusal."""

    NONE = auto()
    """The refusal isn't about a signature."""
    EXPIRED = auto()
    """It has expired."""
    NOT_YET_VALID = auto()
    """It isn't valid yet, because the signer's clock and the store's differ. A moment later it may be valid."""
    INVALID = auto()
    """It was never valid for this request: signed with another key, for another method, or altered."""
    OTHER_RANGE = auto()
    """It is valid for another range only, that of the request that the URL was issued for."""
    UNCLEAR = auto()
    """It may be any of these, or a matter of permission."""


PARTICULAR = frozenset({SignatureFault.EXPIRED, SignatureFault.NOT_YET_VALID, SignatureFault.INVALID})
"""The faults that are certainly about the signature."""

_EXPIRED = re.compile(
    r"request has expired"  # S3, by both versions' signatures; Alibaba, Tencent
    r"|\b(?:ExpiredToken|ExpiredRequest|RequestExpired|expired_auth_token)\b"  # STS and Google; R2; NooBaa; Backblaze
    r"|the provided token has expired|signature (?:has )?expired"
    # If the URL has no start, Azure uses the time of the request.
    r"|signed expiry time \[[^\]]*\] (?:must|has to) be after signed start time",
    re.IGNORECASE,
)
_NOT_YET_VALID = re.compile(r"not yet valid|not valid yet|\bRequestTimeTooSkewed\b", re.IGNORECASE)
_INVALID = re.compile(
    r"\b(?:SignatureDoesNotMatch|InvalidAccessKeyId|AuthorizationQueryParametersError|MalformedSecurityHeader"
    r"|MalformedPolicy|bad_auth_token)\b"
    r"|signature did not match"  # Azure
    r"|invalid key pair id|unknown key\b|missing key-pair-id",  # CloudFront: a fresh URL can't fix these
    re.IGNORECASE,
)
_OTHER_RANGE = re.compile(r"auth failed: invalid range", re.IGNORECASE)  # Hugging Face's CDN
_AZURE_FRAME = re.compile(r"not valid in the specified (?:key )?time frame(?::\s*Start \[([^\]]*)\])?", re.IGNORECASE)
_AZURE_CURRENT = re.compile(r"Current \[([^\]]*)\]", re.IGNORECASE)


def signature_fault(status: int, headers: Headers, excerpt: str) -> SignatureFault:
    """The fault that a refusal states.

    Args:
        status: The status.
        headers: The headers.
        excerpt: The beginning of the body.
    """
    if status not in REFUSING:
        return SignatureFault.NONE
    if frame := _AZURE_FRAME.search(excerpt):
        return _azure_fault(frame.group(1), excerpt)
    for pattern, fault in _WORDS:
        if pattern.search(excerpt):
            return fault
    if headers.get("X-Error-Code") is not None:
        return SignatureFault.NONE  # Hugging Face states the cause itself: a licence, a name, a revision
    return SignatureFault.UNCLEAR


_WORDS = (
    (_EXPIRED, SignatureFault.EXPIRED),
    (_NOT_YET_VALID, SignatureFault.NOT_YET_VALID),
    (_INVALID, SignatureFault.INVALID),
    (_OTHER_RANGE, SignatureFault.OTHER_RANGE),
)


def _azure_fault(start: str | None, excerpt: str) -> SignatureFault:
    """Azure states start, end and current time of a signature outside of its time frame; they decide which it is."""
    current = _AZURE_CURRENT.search(excerpt)
    begins, now = parse_date(start), parse_date(current.group(1)) if current else None
    ahead = begins is not None and now is not None and now < begins
    return SignatureFault.NOT_YET_VALID if ahead else SignatureFault.EXPIRED


def has_expired(fault: SignatureFault, seconds_left: float | None) -> bool | None:
    """Whether a refused URL has expired; ``None`` if unknown.

    Args:
        fault: The fault that the refusal states.
        seconds_left: How long the URL should still have worked; ``None`` if it states no deadline.
    """
    match fault:
        case SignatureFault.EXPIRED:
            return True
        case SignatureFault.NONE | SignatureFault.NOT_YET_VALID | SignatureFault.INVALID | SignatureFault.OTHER_RANGE:
            return False
        case SignatureFault.UNCLEAR:
            return None if seconds_left is None else seconds_left <= CLOCKS_DIFFER_SECONDS
        case _:
            assert_never(fault)
