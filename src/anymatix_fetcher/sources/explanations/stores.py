"""The error responses of object stores. Most services use one, so these rows require the stores' own words.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://cloud.google.com/storage/docs/xml-api/reference-status
https://learn.microsoft.com/en-us/rest/api/storageservices/blob-service-error-codes
"""

from __future__ import annotations

from anymatix_fetcher.core.answers.explain import KEPT
from anymatix_fetcher.core.answers.signature_faults import REFUSING, SignatureFault
from anymatix_fetcher.errors import AccessDeniedError, NotFoundError, RetriesExhaustedError, UnexpectedAnswerError
from anymatix_fetcher.sources.explanations.row import Row

_REFUSING = tuple(sorted(REFUSING))


def _code(*codes: str) -> str:
    """A pattern for one of these codes, in XML or JSON."""
    return rf"(?:<Code>|\"code\"\s*:\s*\")(?:{'|'.join(codes)})\b"


BEHIND_A_HUB = (
    Row(
        status=_REFUSING,
        body="invalid key pair id|unknown key\\b",
        error=RetriesExhaustedError,
        sentence="{host} refuses the signature of the service's link: the keys of the two sites don't match",
        hint=f"This is a failure of the service; no setting changes it. {KEPT}",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.EXPIRED,
        error=RetriesExhaustedError,
        sentence="the service's links to {host} expire before they can be used",
        hint=f"Fewer connections (-c) may help; otherwise it is a failure of the service. {KEPT}",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.NOT_YET_VALID,
        error=RetriesExhaustedError,
        sentence="the service's links to {host} aren't valid yet: the clocks of the two sites disagree",
        hint=f"Try again in some minutes. {KEPT}",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.OTHER_RANGE,
        error=RetriesExhaustedError,
        sentence="{host} accepts the service's link for one range of the file only",
        hint=f"A link that is requested without a range should be valid for all ranges; try again later. {KEPT}",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.INVALID,
        error=RetriesExhaustedError,
        sentence="{host} refuses the signature of the service's link",
        hint=f"Usually the service has to repair this; a proxy that rewrites URLs causes it, too. {KEPT}",
    ),
)
"""For URLs issued by a hub, which the user can't replace."""

OWN_LINKS = (
    Row(
        status=_REFUSING,
        fault=SignatureFault.EXPIRED,
        error=AccessDeniedError,
        sentence="the link to {host} has expired",
        hint=(
            "Get a fresh one, and continue with: anyfetch --resume-with NEW_URL PART, where PART is the part "
            "file, which is kept."
        ),
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.NOT_YET_VALID,
        error=AccessDeniedError,
        sentence="the link to {host} isn't valid yet: the clock of its creator is ahead, or it is meant for later",
        hint="Wait, or get a fresh one.",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.OTHER_RANGE,
        error=AccessDeniedError,
        sentence="the link to {host} is valid for one range of the file only",
        hint="Use the URL that redirects to it, not the signed one: a link is signed for the range that it was "
        "requested with.",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.INVALID,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the signature in the link",
        hint=(
            "Put the whole link in quotes, because a shell cuts it at &. A link for another method than GET, or "
            "for one Range only, can't be used."
        ),
    ),
)
"""For signed URLs that the user gave."""

S3 = (
    Row(
        status=400,
        body="x-amz-content-sha256|only one auth mechanism|Unsupported Authorization Type",
        error=UnexpectedAnswerError,
        sentence="{host} received a token that isn't meant for it",
        hint="A signed link needs no other credentials: leave out -H Authorization, and the host's entry in ~/.netrc.",
    ),
    Row(
        status=(301, 307, 400),
        body=_code(
            "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"
        ),
        error=UnexpectedAnswerError,
        sentence="the bucket isn't in the region of {host}, but in another one{region}",
        hint="Use https://BUCKET.s3.REGION.amazonaws.com/KEY.",
    ),
    Row(
        status=301,
        header=("x-amz-bucket-region", "."),
        error=UnexpectedAnswerError,
        sentence="the bucket isn't in the region of {host}, but in another one{region}",
        hint="Use https://BUCKET.s3.REGION.amazonaws.com/KEY.",
    ),
    Row(
        status=404,
        body=_code("NoSuchKey", "not_found", "no_such_file", "file_not_present"),
        error=NotFoundError,
        sentence="{host} has no such object",
        hint="Check the key in the URL, including the case of letters; the file may have been removed.",
    ),
    Row(
        status=404,
        body=_code("NoSuchBucket"),
        error=NotFoundError,
        sentence="{host} has no such bucket",
        hint="Check the bucket's name and the endpoint.",
    ),
    Row(
        status=403,
        body=_code("AccessDenied"),
        url=r"^[^?]*$",
        error=AccessDeniedError,
        sentence="this object is not public at {host}, or doesn't exist",
        hint="Ask its owner for a signed link. A wrong key has the same effect.",
    ),
    Row(
        status=403,
        body=_code("download_cap_exceeded", "transaction_cap_exceeded"),
        error=RetriesExhaustedError,
        sentence="the owner's daily quota at {host} is exhausted",
        hint=f"It is renewed at midnight UTC. {KEPT}",
    ),
    Row(
        status=403,
        body=_code("InvalidObjectState"),
        error=AccessDeniedError,
        sentence="{host} keeps this object in cold storage, which can't be read",
        hint="Its owner has to restore it first.",
    ),
    Row(
        status=403,
        body=_code("AllAccessDisabled", "AccountProblem", "NotSignedUp"),
        error=AccessDeniedError,
        sentence="{host} has closed this bucket, or its owner's account",
        hint="Only the owner can open it again.",
    ),
    Row(
        status=(403, 503),
        body=_code("SlowDown", "RequestLimitExceeded", "TooManyRequests"),
        error=RetriesExhaustedError,
        sentence="{host} received too many requests at once",
        hint=f"Use fewer connections (-c). {KEPT}",
    ),
)

GOOGLE_CLOUD = (
    Row(
        status=(401, 403),
        body=r"does not have storage\.objects\.get access",
        authorized=False,
        error=AccessDeniedError,
        sentence="this object is not public at {host}, or doesn't exist",
        hint="Ask its owner for a signed link, or send a token: -H 'Authorization: Bearer ...'.",
    ),
    Row(
        status=(401, 403),
        body=r"does not have storage\.objects\.get access",
        authorized=True,
        error=AccessDeniedError,
        sentence="the token's account may not read this object at {host}",
        hint="Its owner has to grant the permission storage.objects.get.",
    ),
    Row(
        status=400,
        body=_code("UserProjectMissing"),
        error=AccessDeniedError,
        sentence="this bucket at {host} is billed to its readers, and no project was named",
        hint="Add userProject=... to the address, and a token with -H 'Authorization: Bearer ...'.",
    ),
)

AZURE = (
    Row(
        status=404,
        header=("x-ms-error-code", "^(?:BlobNotFound|ContainerNotFound|ResourceNotFound)$"),
        error=NotFoundError,
        sentence="this blob is not public at {host}, or doesn't exist",
        hint="Check the URL; a private container requires a signed link.",
    ),
    Row(
        status=409,
        header=("x-ms-error-code", "^PublicAccessNotPermitted$"),
        error=AccessDeniedError,
        sentence="{host} requires authentication",
        hint="Ask the owner for a signed link.",
    ),
    Row(
        status=409,
        header=("x-ms-error-code", "^BlobArchived$"),
        error=AccessDeniedError,
        sentence="{host} keeps this blob in its archive, which can't be read",
        hint="Its owner has to rehydrate it first.",
    ),
    Row(
        status=403,
        header=("x-ms-error-code", "^Authorization(?:Failure|PermissionMismatch|SourceIPMismatch|ProtocolMismatch)$"),
        error=AccessDeniedError,
        sentence="the link to {host} doesn't permit reading from this network",
        hint="Ask the owner for a link that permits reading from your network.",
    ),
)
