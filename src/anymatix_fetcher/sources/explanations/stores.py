"""The answers of object stores. They stand behind most services, so a row of theirs asks for their own words.

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
        sentence="{host} refuses the signatures of links that lead to it: the keys of the two sites don't match",
        hint=f"That is their outage; nothing that you set mends it. {KEPT}",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.EXPIRED,
        error=RetriesExhaustedError,
        sentence="links to {host} expire before they can be used, each time a new one is given",
        hint=f"Fewer connections (-c) may help; otherwise it is theirs to mend. {KEPT}",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.NOT_YET_VALID,
        error=RetriesExhaustedError,
        sentence="links to {host} aren't valid yet when they are given: the clocks of the two sites disagree",
        hint=f"Try again in some minutes. {KEPT}",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.OTHER_RANGE,
        error=RetriesExhaustedError,
        sentence="{host} takes links that lead to it for one range of the file only, and refuses any other",
        hint=f"A link that is asked for without a range should take all; try again later. {KEPT}",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.INVALID,
        error=RetriesExhaustedError,
        sentence="{host} refuses the signatures of links that lead to it",
        hint=f"Mostly that is theirs to mend; a proxy that rewrites addresses does it too. {KEPT}",
    ),
)
"""Of an address that a hub has lent: the user can't get another one."""

OWN_LINKS = (
    Row(
        status=_REFUSING,
        fault=SignatureFault.EXPIRED,
        error=AccessDeniedError,
        sentence="the link to {host} has expired",
        hint=(
            "Get a fresh one; go on with: anyfetch --resume-with NEW_URL PART, where PART is the part file. "
            "What has arrived is kept."
        ),
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.NOT_YET_VALID,
        error=AccessDeniedError,
        sentence="the link to {host} isn't valid yet: the clock of who made it is ahead, or it is meant for later",
        hint="Wait, or get a fresh one.",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.OTHER_RANGE,
        error=AccessDeniedError,
        sentence="the link to {host} is good for one range of the file only, not for the whole",
        hint="Give the address that led to it, not the signed one: a link is signed for the range it was asked with.",
    ),
    Row(
        status=_REFUSING,
        fault=SignatureFault.INVALID,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the signature in the link",
        hint=(
            "Give the link in one piece and in quotes, for a shell cuts it at &; one made for another method than GET, "
            "or for one Range only, can't be used."
        ),
    ),
)
"""Of a signed address that the user gave."""

S3 = (
    Row(
        status=400,
        body="x-amz-content-sha256|only one auth mechanism|Unsupported Authorization Type",
        error=UnexpectedAnswerError,
        sentence="{host} was sent a token that isn't meant for it",
        hint="A signed link needs no other credentials: leave out -H Authorization, and the host's entry in ~/.netrc.",
    ),
    Row(
        status=(301, 307, 400),
        body=_code(
            "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"
        ),
        error=UnexpectedAnswerError,
        sentence="the bucket isn't in the region that {host} stands for, but in another one{region}",
        hint="Ask at https://BUCKET.s3.REGION.amazonaws.com/KEY.",
    ),
    Row(
        status=301,
        header=("x-amz-bucket-region", "."),
        error=UnexpectedAnswerError,
        sentence="the bucket isn't in the region that {host} stands for, but in another one{region}",
        hint="Ask at https://BUCKET.s3.REGION.amazonaws.com/KEY.",
    ),
    Row(
        status=404,
        body=_code("NoSuchKey", "not_found", "no_such_file", "file_not_present"),
        error=NotFoundError,
        sentence="{host} has no such object",
        hint="Check the key in the address, upper and lower case too; the file may have been removed.",
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
        sentence="{host} doesn't give this object to everybody, or doesn't have it",
        hint="Ask its owner for a link with a signature. A wrong key looks the same.",
    ),
    Row(
        status=403,
        body=_code("download_cap_exceeded", "transaction_cap_exceeded"),
        error=RetriesExhaustedError,
        sentence="the owner's daily allowance at {host} is used up",
        hint=f"It begins anew at midnight UTC. {KEPT}",
    ),
    Row(
        status=403,
        body=_code("InvalidObjectState"),
        error=AccessDeniedError,
        sentence="{host} keeps this object in cold storage, where it can't be read from",
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
        sentence="{host} was asked too much at once",
        hint=f"Fewer connections (-c) help. {KEPT}",
    ),
)

GOOGLE_CLOUD = (
    Row(
        status=(401, 403),
        body=r"does not have storage\.objects\.get access",
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} doesn't give this object to everybody, or doesn't have it",
        hint="Ask its owner for a signed link, or send a token: -H 'Authorization: Bearer ...'.",
    ),
    Row(
        status=(401, 403),
        body=r"does not have storage\.objects\.get access",
        authorized=True,
        error=AccessDeniedError,
        sentence="the account that the token belongs to may not read this object at {host}",
        hint="Its owner has to grant it storage.objects.get.",
    ),
    Row(
        status=400,
        body=_code("UserProjectMissing"),
        error=AccessDeniedError,
        sentence="at {host} whoever reads this bucket pays, and no project was named for that",
        hint="Add userProject=... to the address, and a token with -H 'Authorization: Bearer ...'.",
    ),
)

AZURE = (
    Row(
        status=404,
        header=("x-ms-error-code", "^(?:BlobNotFound|ContainerNotFound|ResourceNotFound)$"),
        error=NotFoundError,
        sentence="{host} has no such blob, or doesn't show it to everybody",
        hint="Check the address; a private container needs a link with a signature.",
    ),
    Row(
        status=409,
        header=("x-ms-error-code", "^PublicAccessNotPermitted$"),
        error=AccessDeniedError,
        sentence="{host} gives nothing to people who don't say who they are",
        hint="Ask the owner for a link with a signature.",
    ),
    Row(
        status=409,
        header=("x-ms-error-code", "^BlobArchived$"),
        error=AccessDeniedError,
        sentence="{host} keeps this blob in its archive, where it can't be read from",
        hint="Its owner has to rehydrate it first.",
    ),
    Row(
        status=403,
        header=("x-ms-error-code", "^Authorization(?:Failure|PermissionMismatch|SourceIPMismatch|ProtocolMismatch)$"),
        error=AccessDeniedError,
        sentence="the link to {host} doesn't allow reading this, from here",
        hint="Ask the owner for a link that allows it to be read, from your network.",
    ),
)
