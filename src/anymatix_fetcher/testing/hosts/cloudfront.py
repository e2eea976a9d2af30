"""CloudFront's signed URLs with a custom policy, made and checked.

Pure; see "Create a signed URL using a custom policy" in the CloudFront developer guide. The real ones are signed with
RSA; these with HMAC-SHA-256 in the same alphabet, which no client can tell apart and which needs no more than the
standard library.
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

Verdict = Literal["valid", "missing key", "unknown key", "denied"]
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


def sign(url: str, pair: KeyPair, *, deadline: int) -> list[tuple[str, str]]:
    """The parameters that open ``url``, which has no query, until ``deadline`` (seconds since 1970)."""
    statement = {"Resource": f"{url}*", "Condition": {"DateLessThan": {"AWS:EpochTime": deadline}}}
    policy = json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()
    return [
        ("Expires", str(deadline)),
        ("Policy", _encoded(policy)),
        ("Signature", _encoded(_signature(policy, pair))),
        ("Key-Pair-Id", pair.id),
    ]


def check(url: str, fields: Mapping[str, str], pair: KeyPair, *, now: float) -> Verdict:
    """What the parameters are worth for ``url``, which has no query, at this moment."""
    if "Key-Pair-Id" not in fields:
        return "missing key"
    if fields["Key-Pair-Id"] != pair.id:
        return "unknown key"
    try:
        policy = base64.b64decode(fields["Policy"].translate(_FROM_URL), validate=True)
        signature = base64.b64decode(fields["Signature"].translate(_FROM_URL), validate=True)
        statement = json.loads(policy)["Statement"][0]
        deadline = statement["Condition"]["DateLessThan"]["AWS:EpochTime"]
        covered = url.startswith(statement["Resource"].removesuffix("*"))
    except (KeyError, ValueError, IndexError, TypeError):
        return "denied"
    genuine = hmac.compare_digest(signature, _signature(policy, pair))
    return "valid" if genuine and covered and now < deadline else "denied"


def _signature(policy: bytes, pair: KeyPair) -> bytes:
    return hmac.digest(pair.key, policy, hashlib.sha256)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode().translate(_TO_URL)
