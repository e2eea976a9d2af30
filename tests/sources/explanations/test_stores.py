from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.errors import AccessDeniedError, NotFoundError, RetriesExhaustedError, UnexpectedAnswerError
from anymatix_fetcher.sources.explanations.stores import AZURE, GOOGLE_CLOUD, S3
from tests.sources.explanations.examples import XML, Example, error

if TYPE_CHECKING:
    from anymatix_fetcher.sources.explanations.row import Row

SIGNED = "X-Amz-Date=20260801T120000Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=5ec3e7"
BUCKET = "https://models.s3.us-east-1.amazonaws.com/sd/m.safetensors"
R2 = "https://civitai-delivery-worker-prod.5ac0637c.r2.cloudflarestorage.com/m.safetensors"
HF_CDN = "https://us.gcp.cdn.hf.co/xet-bridge-us/1/2?Expires=1785585600&Policy=e30_&Signature=5ec3e7&Key-Pair-Id=K1"
GCS = "https://storage.googleapis.com/bucket/m.safetensors"
BLOB = "https://account.blob.core.windows.net/models/m.safetensors"
AZURE_HEAD = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly"
)
GOOGLE_DENIED = "{} does not have storage.objects.get access to the Google Cloud Storage object."

_s3 = partial(Example, service="s3", url=f"{BUCKET}?{SIGNED}", headers=XML)
_gcs = partial(Example, service="gcs", url=GCS, headers=XML)
_azure = partial(Example, service="azure", url=BLOB)

EXAMPLES = {
    "the user's own link has expired": _s3(
        status=403,
        body=error("AccessDenied", "Request has expired", "<X-Amz-Expires>300</X-Amz-Expires>"),
        error=AccessDeniedError,
        says="the link to models.s3.us-east-1.amazonaws.com has expired",
        mends="Get a fresh one, and continue with: anyfetch --resume-with NEW_URL PART, where PART is the",
    ),
    "the user's own Azure link has expired": _azure(
        service="any",
        url=f"{BLOB}?sv=2022-11-02&se=2026-08-01T18%3A00%3A00Z&sp=r&sr=b&sig=5ec3e7",
        status=403,
        headers=XML | {"x-ms-error-code": "AuthenticationFailed"},
        body=error(
            "AuthenticationFailed",
            AZURE_HEAD,
            "<AuthenticationErrorDetail>Signature not valid in the specified time frame: Start [Sat, 01 Aug 2026 "
            "10:00:00 GMT] - Expiry [Sat, 01 Aug 2026 18:00:00 GMT] - Current [Sun, 02 Aug 2026 10:16:22 GMT]"
            "</AuthenticationErrorDetail>",
        ),
        error=AccessDeniedError,
        says="the link to account.blob.core.windows.net has expired",
        mends="--resume-with",
    ),
    "the user's own link isn't valid yet": _s3(
        status=403,
        body=error("AccessDenied", "Request is not yet valid"),
        error=AccessDeniedError,
        says="isn't valid yet",
        mends="Wait",
    ),
    "the user's own link is broken": _s3(
        status=403,
        body=error("SignatureDoesNotMatch", "The request signature we calculated does not match the signature."),
        error=AccessDeniedError,
        says="doesn't accept the signature in the link",
        mends="in quotes",
    ),
    "a hub's links expire at once": _s3(
        service="civitai",
        url=f"{R2}?{SIGNED}",
        status=403,
        body=error("ExpiredRequest", "Request has expired"),
        error=RetriesExhaustedError,
        says="r2.cloudflarestorage.com expire before they can be used",
        mends="What has arrived is kept",
    ),
    "a hub's links of Backblaze's own kind": _s3(
        service="civitai",
        url="https://b2.civitai.com/file/m/m.bin?Authorization=3_20260801120735_5ec3e7_004_20260801130735_0042_dnld",
        status=401,
        headers={"Content-Type": "application/json"},
        body='{"code":"expired_auth_token","message":"","status":401}',
        error=RetriesExhaustedError,
        says="links to b2.civitai.com expire",
        mends="kept",
    ),
    "a hub's clock is ahead": _s3(
        service="civitai",
        url=f"{R2}?{SIGNED}",
        status=403,
        body=error("AccessDenied", "Request is not yet valid"),
        error=RetriesExhaustedError,
        says="the clocks of the two sites disagree",
        mends="Try again",
    ),
    "a hub's keys don't match": Example(
        service="huggingface",
        url=HF_CDN,
        status=403,
        body="SignatureError: invalid key pair id",
        error=RetriesExhaustedError,
        says="us.gcp.cdn.hf.co refuses the signature of the service's link: the keys",
        mends="This is a failure of the service; no setting changes it. What has arrived is kept; run the",
    ),
    "a hub's link is for another range": Example(
        service="huggingface",
        url=HF_CDN,
        status=403,
        body="Auth failed: invalid range",
        error=RetriesExhaustedError,
        says="us.gcp.cdn.hf.co accepts the service's link for one range of the file only",
        mends="A link that is requested without a range should be valid for all ranges; try again later. What",
    ),
    "a link of the user's own is for another range": Example(
        service="direct",
        url=HF_CDN,
        status=403,
        body="Auth failed: invalid range",
        error=AccessDeniedError,
        says="the link to us.gcp.cdn.hf.co is valid for one range of the file only",
        mends="Use the URL that redirects to it, not the signed one: a link is signed for the range that it",
    ),
    "a hub's signature is wrong": _s3(
        service="ollama",
        url=f"{R2}?{SIGNED}",
        status=403,
        body=error("SignatureDoesNotMatch", "The request signature we calculated does not match."),
        error=RetriesExhaustedError,
        says="civitai-delivery-worker-prod.5ac0637c.r2.cloudflarestorage.com refuses the signature "
        "of the service's link",
        mends="proxy",
    ),
    "a token was sent along, at R2": _s3(
        service="civitai",
        url=f"{R2}?{SIGNED}",
        status=400,
        body=error("InvalidRequest", "Missing x-amz-content-sha256"),
        authorized=True,
        error=UnexpectedAnswerError,
        says="r2.cloudflarestorage.com received a token that isn't meant for it",
        mends="-H Authorization",
    ),
    "a token was sent along, at AWS": _s3(
        status=400,
        body=error("InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter"),
        authorized=True,
        error=UnexpectedAnswerError,
        says="models.s3.us-east-1.amazonaws.com received a token that isn't meant for it",
        mends="netrc",
    ),
    "another region, in the body": _s3(
        url=BUCKET,
        status=400,
        body=error("AuthorizationHeaderMalformed", "the region is wrong", "<Region>eu-central-1</Region>"),
        error=UnexpectedAnswerError,
        says="but in another one (eu-central-1) (",
        mends="https://BUCKET.s3.REGION.amazonaws.com/KEY",
    ),
    "another region, in a field": _s3(
        url=BUCKET,
        status=301,
        headers=XML | {"x-amz-bucket-region": "eu-west-1"},
        error=UnexpectedAnswerError,
        says="but in another one (eu-west-1) (",
        mends="REGION",
    ),
    "no such object": _s3(
        url=BUCKET,
        status=404,
        body=error("NoSuchKey", "The specified key does not exist.", "<Key>sd/m.safetensors</Key>"),
        error=NotFoundError,
        says="models.s3.us-east-1.amazonaws.com has no such object",
        mends="key",
    ),
    "no such object, behind a hub": _s3(
        service="civitai",
        url=f"{R2}?{SIGNED}",
        status=404,
        body=error("NoSuchKey", "The specified key does not exist."),
        error=NotFoundError,
        says="has no such object",
        mends="key",
    ),
    "no such object at Backblaze": _s3(
        url="https://f004.backblazeb2.com/file/bucket/m.bin",
        status=404,
        headers={"Content-Type": "application/json"},
        body='{"code":"not_found","message":"File with such name does not exist.","status":404}',
        error=NotFoundError,
        says="f004.backblazeb2.com has no such object",
        mends="removed",
    ),
    "no such bucket": _s3(
        url=BUCKET,
        status=404,
        body=error("NoSuchBucket", "The specified bucket does not exist"),
        error=NotFoundError,
        says="has no such bucket",
        mends="endpoint",
    ),
    "not for everybody": _s3(
        url=BUCKET,
        status=403,
        body=error("AccessDenied", "Access Denied"),
        error=AccessDeniedError,
        says="this object is not public at models.s3.us-east-1.amazonaws.com, or doesn't exist",
        mends="Ask its owner for a signed link. A wrong key has the same effect.",
    ),
    "Backblaze's daily cap": _s3(
        url="https://f004.backblazeb2.com/file/bucket/m.bin",
        status=403,
        headers={"Content-Type": "application/json"},
        body='{"code":"download_cap_exceeded","message":"Cannot download file, download cap exceeded","status":403}',
        error=RetriesExhaustedError,
        says="the owner's daily quota at f004.backblazeb2.com is exhausted",
        mends="midnight UTC",
    ),
    "cold storage": _s3(
        status=403,
        body=error("InvalidObjectState", "The operation is not valid for the object's storage class"),
        error=AccessDeniedError,
        says="cold storage",
        mends="restore",
    ),
    "closed": _s3(
        status=403,
        body=error("AllAccessDisabled", "All access to this object has been disabled"),
        error=AccessDeniedError,
        says="has closed this bucket",
        mends="Only the owner",
    ),
    "too much at once": _s3(
        status=503,
        body=error("SlowDown", "Please reduce your request rate."),
        error=RetriesExhaustedError,
        says="models.s3.us-east-1.amazonaws.com received too many requests at once",
        mends="Use fewer connections (-c). What has arrived is kept; run the same command again to go on.",
    ),
    "Google: not for everybody": _gcs(
        status=401,
        body=error("AccessDenied", "Access denied.", f"<Details>{GOOGLE_DENIED.format('Anonymous caller')}</Details>"),
        error=AccessDeniedError,
        says="this object is not public at storage.googleapis.com, or doesn't exist",
        mends="signed link",
    ),
    "Google: not for this account": _gcs(
        status=403,
        body=error("AccessDenied", "Access denied.", f"<Details>{GOOGLE_DENIED.format('me@example.com')}</Details>"),
        authorized=True,
        error=AccessDeniedError,
        says="the token's account may not read this object at storage.googleapis.com",
        mends="storage.objects.get",
    ),
    "Google: the reader pays": _gcs(
        status=400,
        body=error("UserProjectMissing", "Bucket is a requester pays bucket but no user project provided."),
        error=AccessDeniedError,
        says="this bucket at storage.googleapis.com is billed to its readers, and no project was named",
        mends="userProject",
    ),
    "Azure: no such blob": _azure(
        status=404,
        headers=XML | {"x-ms-error-code": "BlobNotFound"},
        body=error("BlobNotFound", "The specified blob does not exist."),
        error=NotFoundError,
        says="this blob is not public at account.blob.core.windows.net, or doesn't exist",
        mends="Check the URL; a private container requires a signed link.",
    ),
    "Azure: nothing without a name": _azure(
        status=409,
        headers=XML | {"x-ms-error-code": "PublicAccessNotPermitted"},
        error=AccessDeniedError,
        says="account.blob.core.windows.net requires authentication",
        mends="Ask the owner for a signed link.",
    ),
    "Azure: the archive": _azure(
        status=409,
        headers=XML | {"x-ms-error-code": "BlobArchived"},
        error=AccessDeniedError,
        says="in its archive",
        mends="rehydrate",
    ),
    "Azure: not allowed by the link": _azure(
        url=f"{BLOB}?se=2026-08-01T18%3A00%3A00Z&sp=w&sr=b&sig=5ec3e7",
        status=403,
        headers=XML | {"x-ms-error-code": "AuthorizationPermissionMismatch"},
        error=AccessDeniedError,
        says="the link to account.blob.core.windows.net doesn't permit reading from this network",
        mends="Ask the owner for a link that permits reading from your network.",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_answers_of_stores_are_told_apart(name: str) -> None:
    EXAMPLES[name].check()


@pytest.mark.parametrize("row", [*S3, *GOOGLE_CLOUD, *AZURE])
def test_a_store_is_known_by_its_own_words_for_it_stands_behind_any_service(row: Row) -> None:
    assert row.header or row.body
