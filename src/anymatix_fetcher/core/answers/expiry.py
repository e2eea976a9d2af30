"""The expiry of a signed URL, parsed from the URL itself.

Stores write the deadline into the URLs that they sign, each in its own format. Signatures aren't verified, because the
keys are secret; an invalid field counts as absent. A URL may contain several formats (Hugging Face's bridge is signed
for S3 and for CloudFront, GitHub's assets by Azure and with a JWT): the earliest deadline counts.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anymatix_fetcher.core.values.urls import Url

FIRST_EPOCH, LAST_EPOCH = 1e8, 1e11
"""Numbers outside of this range (1973 to 5138) aren't seconds since 1970."""

_BASIC_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)Z?", re.ASCII)
_EXTENDED_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+]00:00))?", re.ASCII
)
_DURATION = re.compile(r"\d{1,9}", re.ASCII)
_EPOCH = re.compile(r"\d{9,11}", re.ASCII)
_BACKBLAZE = re.compile(r"\d_(\d{14})_.+_(\d{14})_[^_]+_dnld", re.ASCII | re.DOTALL)
_JWT = re.compile(r"(eyJ[\w-]+)\.(eyJ[\w-]+)\.[\w-]*", re.ASCII)
_CLOUDFRONT_ALPHABET = str.maketrans("-_~", "+=/")


class Scheme(Enum):
    """The format of the signature."""

    AWS_V4 = "AWS Signature Version 4"
    """Also used by Cloudflare R2, the S3 interfaces of Backblaze and Google, MinIO, ..."""
    AWS_V2 = "AWS Signature Version 2"
    CLOUDFRONT = "CloudFront"
    GOOGLE_V4 = "Google Cloud Storage V4"
    GOOGLE_V2 = "Google Cloud Storage V2"
    AZURE = "Azure SAS"
    BACKBLAZE = "Backblaze B2"
    ALIYUN_V4 = "Alibaba OSS V4"
    ALIYUN_V1 = "Alibaba OSS V1"
    TENCENT = "Tencent COS"
    HUAWEI = "Huawei OBS"
    JWT = "JWT"
    OTHER = "signature with a deadline"


@dataclass(frozen=True, slots=True)
class Expiry:
    """The lifetime of a signed URL, by the clock of the host that verifies it.

    Args:
        scheme: The scheme of the deadline; of several, that of the earliest.
        expires_at: When requests are refused from, in seconds since 1970. Bodies in progress continue.
        issued_at: When it was signed, or is valid from; ``None`` if unknown.
        signs_range: Whether the ``Range`` field is signed: other ranges than the signer's are refused.
        binds_method: Whether the method is signed: a URL for GET refuses HEAD.
    """

    scheme: Scheme
    expires_at: float
    issued_at: float | None = None
    signs_range: bool = False
    binds_method: bool = False


_Fields: TypeAlias = "Mapping[str, str]"
"""The decoded fields of the query, by name in lower case."""


def expiry_of(url: Url) -> Expiry | None:
    """The expiry of ``url``; ``None`` if it has no signature with a readable deadline.

    An STS token (``X-Amz-Security-Token``) may expire earlier, because its own deadline isn't readable.
    """
    fields = _fields_of(url)
    found = [expiry for read in _READERS if (expiry := read(fields)) is not None]
    return reduce(_both, found) if found else None


def is_signed(url: Url) -> bool:
    """Whether ``url`` is signed, with or without a readable deadline, and thus may expire."""
    fields = _fields_of(url)
    return not _SIGNATURES.isdisjoint(fields) or bool(_policy_condition(fields)) or expiry_of(url) is not None


def signs_range(url: Url) -> bool:
    """Whether ``url`` is valid only for the range of the request that it was signed for.

    Either a CDN's policy contains the range (``ByteRange``), or the ``Range`` field is signed.
    """
    fields = _fields_of(url)
    if "ByteRange" in _policy_condition(fields):
        return True
    return any(expiry.signs_range for read in _READERS if (expiry := read(fields)) is not None)


_SIGNATURES = frozenset(
    {"x-amz-signature", "x-goog-signature", "x-oss-signature", "q-signature", "signature", "sig", "auth_key"}
)


def _fields_of(url: Url) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in url.reveal().partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        fields.setdefault(unquote(name).lower(), unquote(value))
    return fields


def _both(one: Expiry, other: Expiry) -> Expiry:
    first = min(one, other, key=lambda expiry: expiry.expires_at)
    starts = [start for start in (one.issued_at, other.issued_at) if start is not None]
    return Expiry(
        first.scheme,
        first.expires_at,
        max(starts, default=None),
        signs_range=one.signs_range or other.signs_range,
        binds_method=one.binds_method or other.binds_method,
    )


# The grammars -------------------------------------------------------------------------------------------------


def _version_four(prefix: str, scheme: Scheme, signed_headers: str) -> Callable[[_Fields], Expiry | None]:
    """A parser for formats like AWS Signature Version 4: a date, and a duration in seconds.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """

    def read(fields: _Fields) -> Expiry | None:
        issued, duration = _date(fields.get(f"{prefix}date")), _DURATION.fullmatch(fields.get(f"{prefix}expires", ""))
        if not fields.get(f"{prefix}signature") or issued is None or duration is None:
            return None
        names = fields.get(prefix + signed_headers, "").lower().split(";")
        deadline = issued + int(duration.group())
        return Expiry(scheme, deadline, issued, signs_range="range" in names, binds_method=True)

    return read


def _deadline(fields: _Fields) -> Expiry | None:
    """``Expires`` in seconds since 1970, beside a signature; the name of the key reveals the signer."""
    deadline = _epoch(fields.get("expires", fields.get("exp")))
    if deadline is None:
        return None
    if fields.get("signature"):
        for key, scheme, binds_method in _KEYS:
            if fields.get(key):
                return Expiry(scheme, deadline, binds_method=binds_method)
    # Bunny, nginx's secure_link and many others. Without a signature, "expires" may have any meaning.
    return Expiry(Scheme.OTHER, deadline) if any(fields.get(name) for name in _PLAIN_SIGNATURES) else None


_KEYS = (
    ("awsaccesskeyid", Scheme.AWS_V2, True),
    ("googleaccessid", Scheme.GOOGLE_V2, True),
    ("ossaccesskeyid", Scheme.ALIYUN_V1, True),
    ("accesskeyid", Scheme.HUAWEI, True),
    ("key-pair-id", Scheme.CLOUDFRONT, False),
)
_PLAIN_SIGNATURES = ("signature", "sig", "sign", "token", "hmac", "hash", "md5")


def _cloudfront_policy(fields: _Fields) -> Expiry | None:
    """A custom policy, in base64 with three characters replaced.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html
    """
    if not (fields.get("key-pair-id") and fields.get("signature")):
        return None
    condition = _policy_condition(fields)
    deadline = _seconds(_policy_time(condition.get("DateLessThan")))
    if deadline is None:
        return None
    start = _seconds(_policy_time(condition.get("DateGreaterThan")))
    return Expiry(Scheme.CLOUDFRONT, deadline, start, signs_range="ByteRange" in condition)


def _policy_condition(fields: _Fields) -> Mapping[str, object]:
    """The condition of a policy's first statement; empty if there is no valid one."""
    match _json_in_base64(fields.get("policy", "").translate(_CLOUDFRONT_ALPHABET)):
        case {"Statement": [{"Condition": {**condition}}, *_]}:
            return {str(name): limit for name, limit in condition.items()}
        case _:
            return {}


def _policy_time(limit: object) -> object:
    """The time in a limit, as written by CloudFront or Hugging Face's CDN."""
    match limit:
        case {"AWS:EpochTime": moment} | {"EpochTime": moment}:
            return moment
        case _:
            return None


def _azure(fields: _Fields) -> Expiry | None:
    """A shared access signature: its own deadline, and that of the user delegation key.

    https://learn.microsoft.com/en-us/rest/api/storageservices/create-user-delegation-sas
    """
    deadline, key_deadline = _date(fields.get("se")), _date(fields.get("ske"))
    if not fields.get("sig") or deadline is None:
        return None
    deadline = deadline if key_deadline is None else min(deadline, key_deadline)
    return Expiry(Scheme.AZURE, deadline, _date(fields.get("st")))


def _backblaze(fields: _Fields) -> Expiry | None:
    """A download authorization: start and end, each as fourteen digits, in UTC."""
    match = _BACKBLAZE.fullmatch(fields.get("authorization", ""))
    deadline = _date(match.group(2)) if match else None
    return Expiry(Scheme.BACKBLAZE, deadline, _date(match.group(1))) if match and deadline is not None else None


def _tencent(fields: _Fields) -> Expiry | None:
    """Two time spans, those of the signature and of the key, each as ``start;stop``.

    https://www.tencentcloud.com/document/product/436/7778
    """
    spans = [fields.get(name, "").split(";") for name in ("q-sign-time", "q-key-time")]
    stops = [stop for span in spans if (stop := _epoch(span[-1])) is not None]
    if not fields.get("q-signature") or not stops:
        return None
    names = fields.get("q-header-list", "").lower().split(";")
    return Expiry(Scheme.TENCENT, min(stops), _epoch(spans[0][0]), signs_range="range" in names, binds_method=True)


def _jwt(fields: _Fields) -> Expiry | None:
    """The claims of a JSON web token (RFC 7519, section 4.1) in any field; its signature isn't verified."""
    for value in fields.values():
        token = _JWT.fullmatch(value)
        if token is None:
            continue
        match _json_in_base64(token.group(1)), _json_in_base64(token.group(2)):
            case {"alg": _}, {"exp": stop, **claims}:
                deadline = _seconds(stop)
                if deadline is not None:
                    return Expiry(Scheme.JWT, deadline, _seconds(claims.get("nbf", claims.get("iat"))))
            case _:
                pass
    return None


_READERS = (
    _version_four("x-amz-", Scheme.AWS_V4, "signedheaders"),
    _version_four("x-goog-", Scheme.GOOGLE_V4, "signedheaders"),
    _version_four("x-oss-", Scheme.ALIYUN_V4, "additional-headers"),
    _deadline,
    _cloudfront_policy,
    _azure,
    _backblaze,
    _tencent,
    _jwt,
)


# Their values -------------------------------------------------------------------------------------------------


def _date(text: str | None) -> float | None:
    """A date in UTC, with or without dashes and colons; seconds, or the time of day, may be missing."""
    match = (_BASIC_DATE.fullmatch(text) or _EXTENDED_DATE.fullmatch(text)) if text else None
    if match is None:
        return None
    from datetime import UTC, datetime  # noqa: PLC0415 - costs start-up time, seldom needed

    try:
        year, month, day, hour, minute, second = (int(group or 0) for group in match.groups())
        return _seconds(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        return None


def _epoch(text: str | None) -> float | None:
    return _seconds(int(text)) if text and _EPOCH.fullmatch(text) else None


def _seconds(value: object) -> float | None:
    """Seconds since 1970, from any value."""
    return float(value) if isinstance(value, int | float) and FIRST_EPOCH <= value < LAST_EPOCH else None


def _json_in_base64(text: str) -> object:
    """The parsed JSON; ``None`` if it is invalid."""
    raw = text.rstrip("=").replace("-", "+").replace("_", "/").encode()
    try:
        document: object = json.loads(base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True))
    except (ValueError, RecursionError):
        return None
    return document
