"""Azure's shared access signatures and GitHub's token beside them, made and checked.

Pure; see "Create a user delegation SAS" in the Azure Storage reference and RFC 7519. The signed fields are
Azure's, but the string to sign is this module's own: a client knows neither the string nor the key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Verdict = Literal["valid", "missing", "mismatch", "expired", "token expired"]
"""The result of a signature check; only ``valid`` gives access."""

_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_SIGNED = ("sp", "sv", "sr", "spr", "se", "rscd", "rsct", "skoid", "sktid", "skt", "ske", "sks", "skv", "jwt")


def stamp(moment: float) -> str:
    """A time (seconds since 1970) in Azure's format."""
    return datetime.fromtimestamp(int(moment), UTC).strftime(_STAMP)


def sign(path: str, fields: Mapping[str, str], key: bytes) -> str:
    """The value of ``sig`` for an escaped path and the other fields."""
    text = "\n".join([path, *(fields.get(name, "") for name in _SIGNED)])
    return base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode()


def check(path: str, fields: Mapping[str, str], key: bytes, *, now: float) -> Verdict:
    """Checks the fields of a query for this path at the time ``now``."""
    if "sig" not in fields or "se" not in fields:
        return "missing"
    if not hmac.compare_digest(sign(path, fields, key).encode(), fields["sig"].encode()):
        return "mismatch"
    if any(now > moment(fields[name]) for name in ("se", "ske") if name in fields):
        return "expired"
    payload = jwt_payload(fields["jwt"], key) if "jwt" in fields else {"exp": now}
    if payload is None:
        return "mismatch"
    expiry = payload.get("exp")
    return "valid" if isinstance(expiry, int | float) and now <= expiry else "token expired"


def moment(text: str) -> float:
    """The time in ``se`` or ``ske``, in seconds since 1970; 0 if it is invalid."""
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def jwt(payload: Mapping[str, object], key: bytes) -> str:
    """A JSON web token with HMAC-SHA-256 (RFC 7519)."""
    head = _part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    text = f"{head}.{_part(json.dumps(dict(payload)).encode())}"
    return f"{text}.{_part(hmac.digest(key, text.encode(), hashlib.sha256))}"


def jwt_payload(token: str, key: bytes) -> dict[str, object] | None:
    """The payload of a token; none if its signature is wrong."""
    text, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_part(hmac.digest(key, text.encode(), hashlib.sha256)).encode(), signature.encode()):
        return None
    middle = text.partition(".")[2]
    payload: dict[str, object] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return payload


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
