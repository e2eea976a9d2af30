"""What a refusal says of the signature in the URL: over, not begun, wrong, or nothing that can be told.

Stores agree on nothing here: an expired signature is a 400, 401 or 403, and each has its own word for it. A refusal
that is taken for expiry and isn't sends the download round and round; one that isn't taken for it ends the download.
So what can't be told from the words stays untold, and the deadline in the URL decides (:func:`has_expired`).
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.values.http import parse_date

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Headers

REFUSING = frozenset({400, 401, 403, 404, 410})
"""Some servers say of what they no longer give that it isn't there."""
CLOCKS_DIFFER_SECONDS = 2.0
"""A refusal so shortly before the deadline is the deadline's: dates have whole seconds, and ways take time."""


class SignatureFault(Enum):
    """What is wrong with a signature, in the words of who refused it."""

    NONE = auto()
    """The refusal isn't about a signature."""
    EXPIRED = auto()
    """Its time is over."""
    NOT_YET_VALID = auto()
    """Its time hasn't come: the signer's clock and the store's disagree. A moment later it may be good."""
    INVALID = auto()
    """It never was good for this request: made with another key, for another method, or changed on the way."""
    OTHER_RANGE = auto()
    """It is good for another range only: the one that the address was asked for with."""
    UNCLEAR = auto()
    """It may be any of these, or a matter of permission."""


PARTICULAR = frozenset({SignatureFault.EXPIRED, SignatureFault.NOT_YET_VALID, SignatureFault.INVALID})
"""What leaves no doubt that it is the signature that is refused."""

_EXPIRED = re.compile(
    r"request has expired"  # S3, by both versions' signatures; Alibaba, Tencent
    r"|\b(?:ExpiredToken|ExpiredRequest|RequestExpired|expired_auth_token)\b"  # STS and Google; R2; NooBaa; Backblaze
    r"|the provided token has expired|signature (?:has )?expired"
    # Azure takes the moment of the request for the start where the URL names none.
    r"|signed expiry time \[[^\]]*\] (?:must|has to) be after signed start time",
    re.IGNORECASE,
)
_NOT_YET_VALID = re.compile(r"not yet valid|not valid yet|\bRequestTimeTooSkewed\b", re.IGNORECASE)
_INVALID = re.compile(
    r"\b(?:SignatureDoesNotMatch|InvalidAccessKeyId|AuthorizationQueryParametersError|MalformedSecurityHeader"
    r"|MalformedPolicy|bad_auth_token)\b"
    r"|signature did not match"  # Azure
    r"|invalid key pair id|unknown key\b|missing key-pair-id",  # CloudFront: a fresh URL can't mend these
    re.IGNORECASE,
)
_OTHER_RANGE = re.compile(r"auth failed: invalid range", re.IGNORECASE)  # Hugging Face's CDN
_AZURE_FRAME = re.compile(r"not valid in the specified (?:key )?time frame(?::\s*Start \[([^\]]*)\])?", re.IGNORECASE)
_AZURE_CURRENT = re.compile(r"Current \[([^\]]*)\]", re.IGNORECASE)


def signature_fault(status: int, headers: Headers, excerpt: str) -> SignatureFault:
    """What a refusal says of the signature.

    Args:
        status: Its status.
        headers: Its fields.
        excerpt: The beginning of its body.
    """
    if status not in REFUSING:
        return SignatureFault.NONE
    if frame := _AZURE_FRAME.search(excerpt):
        return _azure_fault(frame.group(1), excerpt)
    for pattern, fault in _WORDS:
        if pattern.search(excerpt):
            return fault
    if headers.get("X-Error-Code") is not None:
        return SignatureFault.NONE  # Hugging Face's own word for what it is: a licence, a name, a revision
    return SignatureFault.UNCLEAR


_WORDS = (
    (_EXPIRED, SignatureFault.EXPIRED),
    (_NOT_YET_VALID, SignatureFault.NOT_YET_VALID),
    (_INVALID, SignatureFault.INVALID),
    (_OTHER_RANGE, SignatureFault.OTHER_RANGE),
)


def _azure_fault(start: str | None, excerpt: str) -> SignatureFault:
    """Azure says that the moment is outside, and names all three; which side it is on has to be seen."""
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
