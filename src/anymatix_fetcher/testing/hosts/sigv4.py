"""AWS Signature Version 4 in a URL's query, made and checked as S3 and R2 do.

Pure; see "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in the S3 API reference. The
payload isn't signed, and the signed headers are those that the URL names.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Verdict = Literal["valid", "missing", "garbled", "mismatch", "expired"]
"""What a signature is worth; only the first opens the object."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_STAMP = "%Y%m%dT%H%M%SZ"
_LONGEST_SECONDS = 604_800
_NEEDED = ("X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")
_CREDENTIAL = re.compile(r"([^/]+)/(\d{8})/([^/]+)/s3/aws4_request")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature covers: the method, the host, and the path as it is escaped in the URL."""

    method: str
    host: str
    path: str


def presign(
    signed: Signed,
    credentials: Credentials,
    *,
    now: float,
    life_seconds: int,
    extra: Sequence[tuple[str, str]] = (),
) -> str:
    """The query that opens an object until ``now + life_seconds`` (seconds since 1970, cut to whole ones).

    Args:
        signed: What the query is for.
        credentials: Who signs.
        now: When.
        life_seconds: The value of X-Amz-Expires.
        extra: More parameters, such as ``response-content-disposition``, unescaped; they are signed too.
    """
    stamp = datetime.fromtimestamp(int(now), UTC).strftime(_STAMP)
    scope = f"{stamp[:8]}/{credentials.region}/s3/aws4_request"
    pairs = [
        *extra,
        ("X-Amz-Algorithm", _ALGORITHM),
        ("X-Amz-Credential", f"{credentials.access_key}/{scope}"),
        ("X-Amz-Date", stamp),
        ("X-Amz-Expires", str(life_seconds)),
        ("X-Amz-SignedHeaders", "host"),
    ]
    signature = _signature(signed, credentials, pairs, (("host", signed.host),))
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in [*pairs, ("X-Amz-Signature", signature)])


def check(signed: Signed, credentials: Credentials, query: str, headers: Mapping[str, str], *, now: float) -> Verdict:
    """What the query of a request is worth at this moment; ``headers`` by lower-case name."""
    pairs = query_pairs(query)
    fields = dict(pairs)
    if "X-Amz-Signature" not in fields and "X-Amz-Algorithm" not in fields:
        return "missing"
    if fields.get("X-Amz-Algorithm") != _ALGORITHM or any(name not in fields for name in _NEEDED):
        return "garbled"
    begin = expiry(fields)
    scope = _CREDENTIAL.fullmatch(fields["X-Amz-Credential"])
    if begin is None or scope is None:
        return "garbled"
    given = fields["X-Amz-Signature"]
    names = fields["X-Amz-SignedHeaders"].split(";")
    covered = [(name, headers.get(name, "")) for name in names]
    unsigned = [pair for pair in pairs if pair[0] != "X-Amz-Signature"]
    wanted = _signature(signed, credentials, unsigned, covered)
    known = scope[1] == credentials.access_key and scope[2] == fields["X-Amz-Date"][:8]
    if not known or not hmac.compare_digest(wanted.encode(), given.encode()):
        return "mismatch"
    return "expired" if now > begin else "valid"


def expiry(fields: Mapping[str, str]) -> float | None:
    """When a query's signature expires (seconds since 1970), or none where that can't be read."""
    try:
        begin = datetime.strptime(fields["X-Amz-Date"], _STAMP).replace(tzinfo=UTC).timestamp()
        life = int(fields["X-Amz-Expires"])
    except (KeyError, ValueError):
        return None
    return begin + life if 0 < life <= _LONGEST_SECONDS else None


def query_pairs(query: str) -> list[tuple[str, str]]:
    """A query's names and values, unescaped; a plus sign is a plus sign, as signatures have it."""
    split = [pair.partition("=") for pair in query.split("&") if pair]
    return [(unquote(name), unquote(value)) for name, _, value in split]


def _signature(
    signed: Signed,
    credentials: Credentials,
    pairs: Sequence[tuple[str, str]],
    headers: Sequence[tuple[str, str]],
) -> str:
    """The signature itself: a key derived from day, region and service over the canonical request's digest."""
    fields = dict(pairs)
    stamp = fields["X-Amz-Date"]
    canonical = "\n".join(
        [
            signed.method,
            # S3 signs the path as it is escaped once, whatever the client made of it.
            quote(unquote(signed.path), safe="/-_.~"),
            "&".join("=".join(pair) for pair in sorted((_escaped(name), _escaped(value)) for name, value in pairs)),
            *(f"{name}:{value.strip()}" for name, value in headers),
            "",
            ";".join(name for name, _ in headers),
            "UNSIGNED-PAYLOAD",
        ]
    )
    scope = f"{stamp[:8]}/{credentials.region}/s3/aws4_request"
    text = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")
