from __future__ import annotations

from functools import partial

import pytest

from anymatix_fetcher.errors import (
    AccessDeniedError,
    NotAModelError,
    NotFoundError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from tests.sources.explanations.examples import HTML, JSON, Example

_civitai = partial(Example, service="civitai")
URL = "https://civitai.com/api/download/models/143906"
LOGIN = '{"error":"Unauthorized","message":"The creator of this asset requires you to be logged in to download it"}'
EARLY = (
    '{"error":"Early Access","deadline":"2026-10-01T12:30:00.000Z",'
    '"message":"This asset is in Early Access. You can use Buzz access it now!"}'
)
NO_ACCESS = '{"error":"You do not have access to download this file"}'

EXAMPLES = {
    "no token": _civitai(
        url=URL,
        status=401,
        headers=JSON,
        body=LOGIN,
        error=AccessDeniedError,
        says="civitai.com requires a login for this file, and no token was sent",
        mends="set CIVITAI_API_TOKEN or run: anyfetch login civitai.com",
    ),
    "a wrong token": _civitai(
        url="https://civitai.red/api/download/models/143906?fileId=5",
        status=401,
        headers=JSON,
        body=LOGIN,
        authorized=True,
        error=AccessDeniedError,
        says="civitai.red doesn't accept the token that was sent",
        mends="CIVITAI_API_TOKEN, or the stored login, is wrong or revoked: create a new API key at",
    ),
    "downloads disabled by the owner": _civitai(
        url=URL,
        status=401,
        headers=JSON,
        body='{"error":"Unauthorized","message":"The creator of this asset has disabled downloads on this file"}',
        authorized=True,
        error=AccessDeniedError,
        says="the owner of this file has disabled its download at civitai.com",
        mends="https://civitai.com/model-versions/143906 may have other versions",
    ),
    "early access": _civitai(
        url=URL,
        status=403,
        headers=JSON,
        body=EARLY,
        authorized=True,
        error=AccessDeniedError,
        says="this file is in early access at civitai.com until 2026-10-01 12:30 UTC (",
        mends="buy access with Buzz at https://civitai.com/model-versions/143906",
    ),
    "early access without a date": _civitai(
        url=URL,
        status=403,
        headers=JSON,
        body='{"error":"Early Access","deadline":null,"message":"This asset is in Early Access."}',
        error=AccessDeniedError,
        says="this file is in early access at civitai.com (",
        mends="Wait until it is public, or buy access with Buzz at https://civitai.com/model-versions/143906.",
    ),
    "not for everybody": _civitai(
        url=URL,
        status=403,
        headers=JSON,
        body=NO_ACCESS,
        error=AccessDeniedError,
        says="civitai.com offers this file to some accounts only, and no token was sent",
        mends="CIVITAI_API_TOKEN",
    ),
    "not for this account": _civitai(
        url=URL,
        status=403,
        headers=JSON,
        body='{"error":"Forbidden"}',
        authorized=True,
        error=AccessDeniedError,
        says="the token's account may not download this file from civitai.com",
        mends="Open https://civitai.com/model-versions/143906 with the same account",
    ),
    "metadata that no file has": _civitai(
        url=f"{URL}?type=UNet&format=SafeTensor&fp=int8",
        status=404,
        headers=JSON,
        body='{"error":"File not found"}',
        authorized=True,
        error=NotFoundError,
        says="civitai.com has no file with the type, format, size or precision in the URL",
        mends="fileId=",
    ),
    "no such file": _civitai(
        url=f"{URL}?fileId=7",
        status=404,
        headers=JSON,
        body='{"error":"File not found"}',
        error=NotFoundError,
        says="civitai.com doesn't have this file, or no longer",
        mends="https://civitai.com/model-versions/143906",
    ),
    "no such digest": _civitai(
        url=f"https://civitai.com/api/v1/model-versions/by-hash/{'AB' * 32}",
        status=404,
        headers=JSON,
        body='{"error":"Model not found"}',
        error=NotFoundError,
        says="civitai.com knows no file with this digest",
        mends="Check the digest",
    ),
    "archived": _civitai(
        url=URL,
        status=410,
        headers=JSON,
        body='{"error":"Model archived, not available for download"}',
        error=NotFoundError,
        says="civitai.com has archived this model",
        mends="SHA-256",
    ),
    "the daily limit": _civitai(
        url=URL,
        status=429,
        headers=JSON | {"Retry-After": "7200"},
        body="We've noticed an unusual amount of downloading from your account and have stopped it.",
        authorized=True,
        error=AccessDeniedError,
        says="no more downloads for another 2 hours",
        mends="the last 24 hours",
    ),
    "a bad field": _civitai(
        url=f"{URL}?type=Models",
        status=400,
        headers=JSON,
        body='{"error":"Invalid enum value. Expected \'Model\'"}',
        error=UnexpectedAnswerError,
        says="civitai.com doesn't accept the fields in the URL",
        mends="Check type, format, size and fp",
    ),
    "its storage is lost": _civitai(
        url=URL,
        status=500,
        headers=JSON,
        body='{"error":"Error getting file"}',
        error=RetriesExhaustedError,
        says="civitai.com can't find this file in its own storage",
        mends="What has arrived is kept",
    ),
    "the login page": _civitai(
        url="https://civitai.com/login?returnUrl=%2Fapi%2Fdownload%2Fmodels%2F143906&reason=download-auth",
        status=200,
        headers=HTML,
        error=AccessDeniedError,
        says="civitai.com sent its login page instead of the file",
        mends="anyfetch login civitai.com",
    ),
    "a page in the file's place": _civitai(
        url=URL,
        status=200,
        headers=HTML,
        authorized=True,
        error=NotAModelError,
        says="civitai.com sent a web page instead of the file",
        mends="https://civitai.com/model-versions/143906",
    ),
    "the address of a page": _civitai(
        url="https://civitai.com/models/4384/dreamshaper",
        status=200,
        headers=HTML,
        error=NotAModelError,
        says="this is the URL of a page at civitai.com, not of a file",
        mends="civitai:VERSION",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_civitais_answers_are_told_apart(name: str) -> None:
    EXAMPLES[name].check()
