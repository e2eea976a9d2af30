"""Signed URLs with a custom policy as Hugging Face's CDN has them, made and checked.

Pure. They are CloudFront's (see "Create a signed URL using a custom policy" in its developer guide) with differences:
the deadline's name has no ``AWS:`` before it, the resource includes the query that was there before the signature, and
the policy may name the one Range that the URL is good for. The real ones are signed with ECDSA; these with HMAC-SHA-256
in the same alphabet, which clients can't distinguish and
which needs only the standard library.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Verdict = Literal["valid", "missing key", "unknown key", "denied", "other range"]
"""The result of a signature check; only ``valid`` gives access."""

PARAMETERS = frozenset({"Expires", "Policy", "Signature", "Key-Pair-Id"})
"""The names of the parameters that CloudFront removes before it requests the file from the store."""

_TO_URL = str.maketrans("+=/", "-_~")
_FROM_URL = str.maketrans("-_~", "+=/")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A signing key and its id."""

    id: str
    key: bytes = field(repr=False)


def sign(url: str, pair: KeyPair, *, deadline: int, pinned: str | None = None) -> list[tuple[str, str]]:
    """The parameters that give access to ``url`` until ``deadline`` (seconds since 1970).

    Args:
        url: The URL with its own query.
        pair: The signing key.
        deadline: The expiry.
        pinned: The only allowed value of the Range field; none for any.
    """
    condition: dict[str, dict[str, object]] = {"DateLessThan": {"EpochTime": deadline}}
    if pinned is not None:
        condition["ByteRange"] = {"ExpectedHeader": pinned}
    policy = json.dumps({"Statement": [{"Resource": url, "Condition": condition}]}, separators=(",", ":")).encode()
    return [
        ("Expires", str(deadline)),
        ("Policy", _encoded(policy)),
        ("Signature", _encoded(_signature(policy, pair))),
        ("Key-Pair-Id", pair.id),
    ]


def check(url: str, fields: Mapping[str, str], pair: KeyPair, *, now: float, asked_range: str | None = None) -> Verdict:
    """Checks the parameters for ``url`` with the rest of its query, at the time ``now`` and for this Range."""
    if "Key-Pair-Id" not in fields:
        return "missing key"
    if fields["Key-Pair-Id"] != pair.id:
        return "unknown key"
    try:
        policy = base64.b64decode(fields["Policy"].translate(_FROM_URL), validate=True)
        signature = base64.b64decode(fields["Signature"].translate(_FROM_URL), validate=True)
        statement = json.loads(policy)["Statement"][0]
        condition = statement["Condition"]
        deadline = condition["DateLessThan"]["EpochTime"]
        covered = url == statement["Resource"]
        pinned = condition.get("ByteRange", {}).get("ExpectedHeader", asked_range)
    except (KeyError, ValueError, IndexError, TypeError):
        return "denied"
    genuine = hmac.compare_digest(signature, _signature(policy, pair))
    if not (genuine and covered and now < deadline):
        return "denied"
    return "valid" if pinned == asked_range else "other range"


def _signature(policy: bytes, pair: KeyPair) -> bytes:
    return hmac.digest(pair.key, policy, hashlib.sha256)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode().translate(_TO_URL)
