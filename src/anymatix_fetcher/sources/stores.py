"""Object stores: ``s3://BUCKET/KEY`` of Amazon S3 and compatible stores, ``gs://BUCKET/KEY`` of Google Cloud Storage.

A public object at Amazon is fetched without a signature. If that is refused, or at an endpoint that the user
configured, its URL is signed with the user's credentials. A signature is valid for an hour; the source then makes a new
one. The key is used literally, because percent signs and question marks may be part of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.explain import refusal_error
from anymatix_fetcher.core.answers.judge import REDIRECTS, Known, judge
from anymatix_fetcher.core.values.filenames import safe_name
from anymatix_fetcher.core.values.http import Headers, Refused, Request
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import AccessDeniedError, ReferenceSyntaxError
from anymatix_fetcher.sources.accounts import GOOGLE_CLOUD
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.sources.sites import make_url, segment

if TYPE_CHECKING:
    from collections.abc import Generator

    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.sources.base import Answer, Environment, Resolving, Sign, Wish

S3_SERVICE, GCS_SERVICE = Explained("s3"), Explained("gcs")
CHECKSUMS = Headers((("x-amz-checksum-mode", "ENABLED"),))
"""Requests the object's stored digest from S3 (``x-amz-checksum-sha256``)."""
DEFAULT_REGION = "us-east-1"
FIRST_BYTE = Span(0, 1)

_REGION_FIELD = "x-amz-bucket-region"
_OBJECT = re.compile(r"(s3|gs)://([^/]*)/?(.*)", re.IGNORECASE | re.DOTALL)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]")
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z0-9]+){2,4}")
_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """An object; ``scheme`` is "s3" or "gs"."""

    scheme: str
    bucket: str
    key: str

    @property
    def path(self) -> str:
        """The key as a URL path, in exactly the form that S3 signs."""
        return f"/{segment(self.key, safe='/~')}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.key}"


class S3:
    """Amazon S3 and compatible stores; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = S3_SERVICE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        del environment
        return reference.lower().startswith("s3://")

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The object, at its own URL or a signed one.

        Raises:
            FetchError: There is no such object, or access is denied.
        """
        found = read_object(wish.reference.strip())
        headers = Headers((*wish.headers.fields, *CHECKSUMS.fields))
        if environment.sign is not None and "s3" in environment.endpoints:
            # Not every store supports anonymous requests: OpenStack's has another interface for them.
            return (_signed(found, wish, headers, environment, environment.sign, environment.region),)
        url, region, answer = yield from _probe(found, headers, environment)
        if answer.status not in _DENIED:
            _check(answer, url)
            return (_resource(found, url, wish, headers),)
        if environment.sign is None:
            raise AccessDeniedError(
                f"{found} isn't public",
                hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, to sign requests.",
            )
        return (_signed(found, wish, headers, environment, environment.sign, region or environment.region),)


class GoogleCloudStorage:
    """Google Cloud Storage; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = GCS_SERVICE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        del environment
        return reference.lower().startswith("gs://")

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The object at its own URL. A token stored for storage.googleapis.com gives access to private ones.

        Raises:
            ReferenceSyntaxError: It names no object.
        """
        yield from ()  # no request is needed
        found = read_object(wish.reference.strip())
        url = make_url(environment.site(self.name, GOOGLE_CLOUD.home), f"/{found.bucket}{found.path}")
        return (_resource(found, url, wish, environment.headers_for(url, wish)),)


def read_object(text: str) -> ObjectReference:
    """The object in ``s3://BUCKET/KEY`` or ``gs://BUCKET/KEY``.

    Raises:
        ReferenceSyntaxError: It names no object.
    """
    match = _OBJECT.fullmatch(text)
    scheme, bucket, key = match.groups() if match else ("s3", "", "")
    scheme = scheme.lower()
    hint = f"Expected {scheme}://BUCKET/KEY."
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise ReferenceSyntaxError("not a reference to an object: it names no bucket", hint=hint)
    if not key or key.endswith("/"):
        raise ReferenceSyntaxError(
            "not a reference to an object: it names a folder", hint=f"{hint} Folders can't be listed: name their files."
        )
    if {".", ".."} & set(key.split("/")):
        raise ReferenceSyntaxError("not a reference to an object: its key has invalid components", hint=hint)
    return ObjectReference(scheme, bucket, key)


def address(found: ObjectReference, environment: Environment, region: str) -> Url:
    """The object's URL at S3. The bucket is the host's first label if a certificate can cover it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    endpoint = environment.endpoints.get("s3")
    if endpoint is not None:
        return make_url(endpoint.reveal().rstrip("/"), f"/{found.bucket}{found.path}")
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    host = f"s3.{region}.{domain}" if region else f"s3.{domain}"
    if _HOST_LABEL.fullmatch(found.bucket):
        return make_url(f"https://{found.bucket}.{host}", found.path)
    return make_url(f"https://{host}", f"/{found.bucket}{found.path}")


def _probe(
    found: ObjectReference, headers: Headers, environment: Environment
) -> Generator[Request, Answer, tuple[Url, str, Answer]]:
    """Requests the first byte, and again in the bucket's own region; returns the URL, the region and the response."""
    url = address(found, environment, environment.region)
    answer = yield Request(url, FIRST_BYTE, headers)
    region = answer.head.headers.get(_REGION_FIELD) or ""
    region = region if _REGION.fullmatch(region) else ""
    there = address(found, environment, region)
    if region and there != url and answer.status in {*REDIRECTS, HTTPStatus.BAD_REQUEST}:
        url = there
        answer = yield Request(url, FIRST_BYTE, headers)
    return url, region, answer


def _check(answer: Answer, url: Url) -> None:
    """Raises the error that the response states. Redirects are left to the download.

    Raises:
        FetchError: There is nothing to fetch.
    """
    # An empty object responds with 416.
    if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return
    refused = judge(Request(url, FIRST_BYTE), answer.head, Known(name=".html"), answer.text)
    if isinstance(refused, Refused):
        raise S3_SERVICE.explain(refused, url, authorized=False) or refusal_error(refused, url)


def _signed(
    found: ObjectReference, wish: Wish, headers: Headers, environment: Environment, sign: Sign, region: str
) -> Resource:
    # Stores refuse x-amz fields that aren't signed.
    fields = Headers(tuple(field for field in headers.fields if field[0].lower().startswith("x-amz-")))
    url = sign(address(found, environment, region), fields, region or DEFAULT_REGION)
    return replace(_resource(found, url, wish, headers), renewed_by_source=True)


def _resource(found: ObjectReference, url: Url, wish: Wish, headers: Headers) -> Resource:
    return Resource(
        url,
        name=wish.name or safe_name(found.key),
        digests=wish.digests,
        headers=headers,
        reference=str(found),
        mirrors=wish.mirrors,
        service=S3_SERVICE if found.scheme == "s3" else GCS_SERVICE,
    )
