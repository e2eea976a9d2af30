"""How long an address on loan still works, by the clock of who lends it.

Our own clock may be years off, and needn't be a wall clock at all: how the server's ``Date`` stood to it when the
address was given tells how the two go together. So ``now`` is any clock of ours here, the monotonic one too, as long as
it is always the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import parse_date

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.expiry import Expiry
    from anymatix_fetcher.core.values.http import Headers

RENEW_EARLY_SECONDS = 45.0
"""So long before the end of a long life the next address is fetched."""
SHORT_LIFE_SHARE = 0.8
"""Of a short one so much is used."""
HALF_A_SECOND = 0.5
"""``Date`` leaves out the fraction (RFC 9110, section 5.6.7); in the mean it is this."""

_AGE = re.compile(r"\d{1,9}", re.ASCII)


def skew_seconds(headers: Headers, now: float) -> float | None:
    """How far the clock of who answered is ahead of ours; ``None`` where it doesn't tell its time.

    Args:
        headers: Of the response that gave the address. From a cache, its ``Age`` has passed since its ``Date`` (RFC
            9111, section 5.1).
        now: Our clock when it came.
    """
    date = parse_date(headers.get("Date"))
    if date is None:
        return None
    age = _AGE.fullmatch((headers.get("Age") or "").strip())
    return date + (int(age.group()) if age else 0) + HALF_A_SECOND - now


def seconds_left(expiry: Expiry, *, now: float, skew: float) -> float:
    """How long the address still works; negative where it works no more.

    Args:
        expiry: What the address says.
        now: Our clock.
        skew: What :func:`skew_seconds` said of the same clock.
    """
    return expiry.expires_at - (now + skew)


def renew_at(expiry: Expiry, *, given_at: float, skew: float) -> float | None:
    """When to fetch the next address, by our clock, so that no request meets one that has expired.

    ``None`` where the address was over when it was given: then one of the clocks is wrong, and only the server's own
    refusal tells when it ends; renewing ahead would go round in circles.

    Args:
        expiry: What the address says.
        given_at: Our clock when it came.
        skew: What :func:`skew_seconds` said of the same clock.
    """
    life = seconds_left(expiry, now=given_at, skew=skew)
    if life <= 0:
        return None
    return given_at + max(life - RENEW_EARLY_SECONDS, life * SHORT_LIFE_SHARE)
