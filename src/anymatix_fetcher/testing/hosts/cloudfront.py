"""Signed URLs with a custom policy as Hugging Face's CDN has them, made and checked.

Pure. They are CloudFront's (see "Create a signed URL using a custom policy" in its developer guide) with differences:
the deadline's name has no ``AWS:`` before it, the resource includes the query that was there before the signature, and
the policy may name the one Range that the URL is good for. The real ones are signed with ECDSA; these with HMAC-SHA-256
in the same alphabet, which no client can tell apart and which needs no more than the standard library.
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
"""What a signed URL is worth; only the first opens the file."""

PARAMETERS = frozenset({"Expires", "Policy", "Signature", "Key-Pair-Id"})
"""The names of the parameters that CloudFront takes away before it asks the store."""

_TO_URL = str.maketrans("+=/", "-_~")
_FROM_URL = str.maketrans("-_~", "+=/")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Who signs."""

    id: str
    key: bytes = field(repr=False)


def sign(url: str, pair: KeyPair, *, deadline: int, pinned: str | None = None) -> list[tuple[str, str]]:
    """The parameters that open ``url`` until ``deadline`` (seconds since 1970).

    Args:
        url: With the query that it has besides.
        pair: Who signs.
        deadline: When it ends.
        pinned: The only value of the Range field that is let in; none for any, or no such field.
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
    """What the parameters are worth for ``url``, with the rest of its query, at this moment and for this Range."""
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
