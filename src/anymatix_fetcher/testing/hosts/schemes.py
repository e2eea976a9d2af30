"""The kinds of signed URLs that model hosts issue; each is checked, and refused in the words of its store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from anymatix_fetcher.testing.hosts import azure, backblaze, cloudfront, sigv4
from anymatix_fetcher.testing.hosts.site import json_answer, page, query_fields
from anymatix_fetcher.testing.responses.making import document

if TYPE_CHECKING:
    from anymatix_fetcher.testing.hosts.hosted import HostedFile
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.responses.making import Draft

METHODS: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a store, as its scheme needs it.

    Attributes:
        url: Scheme, host and path, without the query.
    """

    request: Request
    url: str
    now: float

    @property
    def fields(self) -> dict[str, str]:
        """The query's names and values; a plus sign is a plus sign."""
        return dict(sigv4.query_pairs(self.request.query))


@dataclass(frozen=True, slots=True)
class Grant:
    """The scope of a signed URL.

    Attributes:
        now: The time of signing, in seconds since 1970.
        life_seconds: The lifetime.
        pinned: The only allowed Range; none for any. Only `CloudFrontScheme` supports it.
    """

    now: float
    life_seconds: int
    pinned: str | None = None


class Scheme(Protocol):
    """A kind of signed URL."""

    def query(self, url: str, file: HostedFile, grant: Grant) -> str:
        """The query that gives access by GET to a file at ``url``, which has no query."""

    def refusal(self, asked: Asked) -> Draft | None:
        """The refusal of a request with a wrong signature, or none."""

    def entity_tag(self, file: HostedFile) -> str:
        """The ETag of a file in this store."""


class R2Scheme:
    """Cloudflare R2, or S3 with another ``expired_code`` and message.

    Args:
        credentials: The signing key.
        disposition: The Content-Disposition; ``{name}`` is filled in.
    """

    def __init__(self, credentials: sigv4.Credentials, disposition: str = 'attachment; filename="{name}"') -> None:
        self._credentials = credentials
        self._disposition = disposition

    def query(self, url: str, file: HostedFile, grant: Grant) -> str:
        """Implements ``Scheme.query``."""
        parts = urlsplit(url)
        signed = sigv4.Signed("GET", parts.netloc, parts.path)
        extra = [("response-content-disposition", self._disposition.format(name=file.name))]
        return sigv4.presign(signed, self._credentials, now=grant.now, life_seconds=grant.life_seconds, extra=extra)

    def refusal(self, asked: Asked) -> Draft | None:
        """Implements ``Scheme.refusal``."""
        request = asked.request
        if "authorization" in request.headers:
            return xml_error(400, "InvalidRequest", "Missing x-amz-content-sha256")
        signed = sigv4.Signed(request.method, request.headers.get("host", ""), request.path)
        verdict = sigv4.check(signed, self._credentials, request.query, request.headers, now=asked.now)
        match verdict:
            case "valid":
                return None
            case "missing":
                return xml_error(400, "InvalidArgument", "Authorization")
            case "garbled":
                return xml_error(400, "AuthorizationQueryParametersError", "Query-string authentication is malformed")
            case "mismatch":
                return xml_error(
                    403,
                    "SignatureDoesNotMatch",
                    "The request signature we calculated does not match the signature you provided. "
                    "Check your secret access key and signing method.",
                )
            case "expired":
                return xml_error(403, "ExpiredRequest", "Request has expired")

    def entity_tag(self, file: HostedFile) -> str:
        """Implements ``Scheme.entity_tag``: that of an upload in parts, which is no digest of the file."""
        return f'"{file.mark}-{max(1, file.size >> 23)}"'


class BackblazeScheme:
    """Backblaze B2's native downloads."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def query(self, url: str, file: HostedFile, grant: Grant) -> str:
        """Implements ``Scheme.query``."""
        del file
        path = urlsplit(url).path
        return f"Authorization={backblaze.authorize(path, self._key, now=grant.now, life_seconds=grant.life_seconds)}"

    def refusal(self, asked: Asked) -> Draft | None:
        """Implements ``Scheme.refusal``."""
        if asked.request.method not in METHODS:
            return _b2_error(405, "method_not_allowed", "only GET and HEAD are supported")
        value = asked.fields.get("Authorization")
        match backblaze.check(asked.request.path, value, self._key, now=asked.now):
            case "valid":
                return None
            case "missing":
                return _b2_error(401, "unauthorized", "")
            case "bad":
                return _b2_error(401, "bad_auth_token", "")
            case "expired":
                return _b2_error(401, "expired_auth_token", "")

    def entity_tag(self, file: HostedFile) -> str:
        """Implements ``Scheme.entity_tag``: differs from R2's for the same bytes."""
        return f'"{file.mark[::-1]}"'


class CloudFrontScheme:
    """Hugging Face's CDN, or its older bridge: a SigV4 signature by the store and, over all of it, one by CloudFront.

    Args:
        pair: CloudFront's key.
        credentials: The store's key; none if URLs carry only CloudFront's signature.
    """

    def __init__(self, pair: cloudfront.KeyPair, credentials: sigv4.Credentials | None) -> None:
        self._pair = pair
        self._credentials = credentials

    def query(self, url: str, file: HostedFile, grant: Grant) -> str:
        """Implements ``Scheme.query``."""
        name = quote(file.name)
        disposition = f"inline; filename*=UTF-8''{name}; filename=\"{name}\";"
        query = f"X-Xet-Cas-Uid=public&response-content-disposition={quote(disposition)}"
        if self._credentials is not None:
            parts = urlsplit(url)
            signed = sigv4.Signed("GET", parts.netloc, parts.path)
            extra = [("response-content-disposition", disposition), ("x-id", "GetObject")]
            life = grant.life_seconds
            query = sigv4.presign(signed, self._credentials, now=grant.now, life_seconds=life, extra=extra)
        deadline = int(grant.now) + grant.life_seconds
        pairs = cloudfront.sign(f"{url}?{query}", self._pair, deadline=deadline, pinned=grant.pinned)
        return "&".join([query, *(f"{name}={quote(value, safe='~')}" for name, value in pairs)])

    def refusal(self, asked: Asked) -> Draft | None:
        """Implements ``Scheme.refusal``: CloudFront checks first."""
        request = asked.request
        inner = "&".join(
            pair for pair in request.query.split("&") if pair.partition("=")[0] not in cloudfront.PARAMETERS
        )
        url, asked_range = f"{asked.url}?{inner}", request.headers.get("range")
        verdict = cloudfront.check(url, asked.fields, self._pair, now=asked.now, asked_range=asked_range)
        match verdict:
            case "valid":
                pass
            case "missing key":
                return xml_error(403, "MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
            case "unknown key":
                return xml_error(403, "InvalidKey", "Unknown Key")
            case "denied":
                return xml_error(403, "AccessDenied", "Access denied")
            case "other range":
                return document(403, "text/plain", "Auth failed: invalid range")
        if self._credentials is None:
            return None
        signed = sigv4.Signed(request.method, request.headers.get("host", ""), request.path)
        if sigv4.check(signed, self._credentials, inner, request.headers, now=asked.now) != "valid":
            return xml_error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
        return None

    def entity_tag(self, file: HostedFile) -> str:
        """Implements ``Scheme.entity_tag``: Xet's name of the content, which isn't its SHA-256."""
        return f'"{file.xet_hash}"'


class AzureScheme:
    """GitHub's release assets: an Azure blob behind a user delegation SAS and a short-lived token.

    Args:
        key: The key for both signatures.
        token_seconds: The lifetime of the token, usually much shorter than the signature's; none for no token.
    """

    def __init__(self, key: bytes, token_seconds: int | None) -> None:
        self._key = key
        self._token_seconds = token_seconds

    def query(self, url: str, file: HostedFile, grant: Grant) -> str:
        """Implements ``Scheme.query``."""
        parts = urlsplit(url)
        fields = {
            "sp": "r",
            "sv": "2018-11-09",
            "sr": "b",
            "spr": "https",
            "se": azure.stamp(grant.now + grant.life_seconds),
            "rscd": f"attachment; filename={file.name}",
            "rsct": "application/octet-stream",
            "skoid": "96c2d410-5711-43a1-aedd-ab1947aa7ab0",
            "sktid": "398a6654-997b-47e9-b12b-9515b896b4de",
            "skt": azure.stamp(grant.now),
            "ske": azure.stamp(grant.now + grant.life_seconds),
            "sks": "b",
            "skv": "2018-11-09",
        }
        if self._token_seconds is not None:
            fields["jwt"] = azure.jwt(
                {
                    "iss": "github.com",
                    "aud": "release-assets.githubusercontent.com",
                    "key": "key1",
                    "exp": int(grant.now) + self._token_seconds,
                    "nbf": int(grant.now),
                    "path": "releaseassetproduction.blob.core.windows.net",
                },
                self._key,
            )
        fields["sig"] = azure.sign(parts.path, fields, self._key)
        fields["response-content-disposition"] = fields["rscd"]
        fields["response-content-type"] = fields["rsct"]
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())

    def refusal(self, asked: Asked) -> Draft | None:
        """Implements ``Scheme.refusal``."""
        fields = query_fields(asked.request)
        match azure.check(asked.request.path, fields, self._key, now=asked.now):
            case "valid":
                return None
            case "missing":
                return _azure_error(asked.now, "ResourceNotFound", "The specified resource does not exist.", status=404)
            case "mismatch":
                return _azure_error(asked.now, detail="Signature did not match.")
            case "expired":
                begin, end = fields.get("skt", ""), fields["se"]
                detail = f"Start [{begin}] - Expiry [{end}] - Current [{azure.stamp(asked.now)}]"
                return _azure_error(asked.now, detail=f"Signature not valid in the specified time frame: {detail}")
            case "token expired":
                return document(403, "text/plain", "jwt:expired\n")

    def entity_tag(self, file: HostedFile) -> str:
        """Implements ``Scheme.entity_tag``: that of an upload, which is no digest."""
        return f'"0x8D{file.mark[:13].upper()}"'


class AliyunScheme:
    """Alibaba's CDN: a deadline, two numbers, and an MD5 of all of them with the path and a key ("authentication A").

    https://www.alibabacloud.com/help/en/cdn/user-guide/type-a-signing
    """

    def __init__(self, key: str) -> None:
        self._key = key

    def query(self, url: str, file: HostedFile, grant: Grant) -> str:
        """Implements ``Scheme.query``."""
        del file
        path, deadline = urlsplit(url).path, int(grant.now) + grant.life_seconds
        random = hashlib.sha256(f"{deadline}:{path}".encode()).hexdigest()[:32]
        return f"auth_key={deadline}-{random}-0-{self._digest(path, f'{deadline}-{random}-0')}"

    def refusal(self, asked: Asked) -> Draft | None:
        """Implements ``Scheme.refusal``."""
        signed, _, digest = asked.fields.get("auth_key", "").rpartition("-")
        deadline = signed.partition("-")[0]
        if not deadline.isdecimal() or digest != self._digest(asked.request.path, signed):
            return _aliyun_error("invalid md5hash")
        return None if asked.now < int(deadline) else _aliyun_error("expired timestamp")

    def entity_tag(self, file: HostedFile) -> str:
        """Implements ``Scheme.entity_tag``: that of an upload in parts, which is no digest of the file."""
        return f'"{file.mark.upper()}-{max(1, file.size >> 23)}"'

    def _digest(self, path: str, signed: str) -> str:
        return hashlib.md5(f"{path}-{signed}-{self._key}".encode(), usedforsecurity=False).hexdigest()


def xml_error(status: int, code: str, message: str) -> Draft:
    """The refusal of an S3-like store."""
    text = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    return document(status, "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{text}')


def _b2_error(status: int, code: str, message: str) -> Draft:
    return json_answer(status, {"code": code, "message": message, "status": status})


def _aliyun_error(reason: str) -> Draft:
    headers = [("X-Tengine-Error", f"denied by req auth: {reason}")]
    return page(403, "<head><title>403 Forbidden</title></head>", headers)


def _azure_error(
    now: float,
    code: str = "AuthenticationFailed",
    message: str = "Server failed to authenticate the request.",
    *,
    detail: str = "",
    status: int = 403,
) -> Draft:
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}\nTime:{azure.stamp(now)}'
        f"</Message><AuthenticationErrorDetail>{detail}</AuthenticationErrorDetail></Error>"
    )
    return document(status, "application/xml", text, [("x-ms-error-code", code)])
