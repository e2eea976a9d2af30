"""The remaining lifetime of a signed URL, by the clock of the signer.

Our clock may be wrong by years, and needn't be a wall clock: the server's ``Date`` when the URL was issued determines
the offset. So ``now`` is any consistent clock of ours, including the monotonic one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import parse_date

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.expiry import Expiry
    from anymatix_fetcher.core.values.http import Headers

RENEW_EARLY_SECONDS = 45.0
"""A URL with a long lifetime is renewed this long before its end."""
SHORT_LIFE_SHARE = 0.8
"""A URL with a short lifetime is renewed after this share of it."""
HALF_A_SECOND = 0.5
"""``Date`` has no fraction (RFC 9110, section 5.6.7), which is half a second on average."""

_AGE = re.compile(r"\d{1,9}", re.ASCII)


def skew_seconds(headers: Headers, now: float) -> float | None:
    """How far the responding host's clock is ahead of ours; ``None`` if it states no time.

    Args:
        headers: The headers of the response that contains the URL. From a cache, ``Age`` has passed since ``Date`` (RFC
            9111, section 5.1).
        now: Our clock when it arrived.
    """
    date = parse_date(headers.get("Date"))
    if date is None:
        return None
    age = _AGE.fullmatch((headers.get("Age") or "").strip())
    return date + (int(age.group()) if age else 0) + HALF_A_SECOND - now


def seconds_left(expiry: Expiry, *, now: float, skew: float) -> float:
    """The remaining lifetime in seconds; negative if it has expired.

    Args:
        expiry: The URL's expiry.
        now: Our clock.
        skew: The result of :func:`skew_seconds` for the same clock.
    """
    return expiry.expires_at - (now + skew)


def renew_at(expiry: Expiry, *, given_at: float, skew: float) -> float | None:
    """When to renew the URL, by our clock, so that no request uses an expired one.

    ``None`` if the URL had expired when it was issued. Then one of the clocks is wrong, and only a refusal reveals the
    end; early renewal would never stop.

    Args:
        expiry: The URL's expiry.
        given_at: Our clock when it arrived.
        skew: The result of :func:`skew_seconds` for the same clock.
    """
    life = seconds_left(expiry, now=given_at, skew=skew)
    if life <= 0:
        return None
    return given_at + max(life - RENEW_EARLY_SECONDS, life * SHORT_LIFE_SHARE)
