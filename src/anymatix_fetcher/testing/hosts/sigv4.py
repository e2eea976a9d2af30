"""AWS Signature Version 4 in a URL's query, made and checked as S3 and R2 do.

Pure; see "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in the S3 API reference. The
payload isn't signed; the URL names the signed header fields.
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
"""The result of a signature check; only ``valid`` gives access."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_STAMP = "%Y%m%dT%H%M%SZ"
_LONGEST_SECONDS = 604_800
_NEEDED = ("X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")
_CREDENTIAL = re.compile(r"([^/]+)/(\d{8})/([^/]+)/s3/aws4_request")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A signing key and its scope."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature covers: the method, the host and the escaped path."""

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
    """The query that gives access to an object until ``now + life_seconds`` (whole seconds since 1970).

    Args:
        signed: The request to sign.
        credentials: The signing key.
        now: The time of signing.
        life_seconds: The value of X-Amz-Expires.
        extra: Further unescaped parameters, such as ``response-content-disposition``, which are signed as well.
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
    """Checks the query of a request at the time ``now``; ``headers`` by lower-case name."""
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
    """The expiry of a query's signature (seconds since 1970); none if it is invalid."""
    try:
        begin = datetime.strptime(fields["X-Amz-Date"], _STAMP).replace(tzinfo=UTC).timestamp()
        life = int(fields["X-Amz-Expires"])
    except (KeyError, ValueError):
        return None
    return begin + life if 0 < life <= _LONGEST_SECONDS else None


def query_pairs(query: str) -> list[tuple[str, str]]:
    """A query's unescaped names and values; a plus sign stays one, as in signatures."""
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
            # S3 signs the path in its own escaping, independent of the client's.
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
