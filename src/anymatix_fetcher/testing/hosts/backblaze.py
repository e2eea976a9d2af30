"""Backblaze's native download authorizations, ``3_<issued>_<signature>_<n>_<expiry>_<n>_dnld``, made and checked.

Pure. The real signature isn't documented; this one is an HMAC over the prefix and both times.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from typing import Literal

Verdict = Literal["valid", "missing", "bad", "expired"]
"""The result of a check; only ``valid`` gives access."""

_STAMP = "%Y%m%d%H%M%S"
_FORM = re.compile(r"3_(\d{14})_([0-9a-f]{24})_004_(\d{14})_0042_dnld")


def authorize(path: str, key: bytes, *, now: float, life_seconds: int) -> str:
    """The ``Authorization`` for ``path`` until ``now + life_seconds`` (seconds since 1970)."""
    issued, expiry = _stamp(now), _stamp(now + life_seconds)
    return f"3_{issued}_{_signature(path, key, issued, expiry)}_004_{expiry}_0042_dnld"


def check(path: str, value: str | None, key: bytes, *, now: float) -> Verdict:
    """Checks an authorization for this path at the time ``now``."""
    if value is None:
        return "missing"
    found = _FORM.fullmatch(value)
    if found is None or not hmac.compare_digest(_signature(path, key, found[1], found[3]), found[2]):
        return "bad"
    expiry = datetime.strptime(found[3], _STAMP).replace(tzinfo=UTC).timestamp()
    return "expired" if now > expiry else "valid"


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).strftime(_STAMP)


def _signature(path: str, key: bytes, issued: str, expiry: str) -> str:
    return hmac.new(key, f"{path}\n{issued}\n{expiry}".encode(), hashlib.sha256).hexdigest()[:24]
