"""Civitai's error responses (from its source: ``src/pages/api/download/models/[modelVersionId].ts``)."""

from __future__ import annotations

from anymatix_fetcher.core.answers.explain import KEPT
from anymatix_fetcher.errors import (
    AccessDeniedError,
    NotAModelError,
    NotFoundError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from anymatix_fetcher.sources.explanations.row import Row

CIVITAI = (
    Row(
        status=401,
        body="disabled downloads",
        error=AccessDeniedError,
        sentence="the owner of this file has disabled its download at {host}",
        hint="Only the owner can change that; {page} may have other versions.",
    ),
    Row(
        status=401,
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} requires a login for this file, and no token was sent",
        hint=(
            "Create an API key at {site}/user/account, then set CIVITAI_API_TOKEN or run: anyfetch login "
            "civitai.com. The partial file is kept."
        ),
    ),
    Row(
        status=401,
        authorized=True,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the token that was sent",
        hint=(
            "CIVITAI_API_TOKEN, or the stored login, is wrong or revoked: create a new API key at "
            "{site}/user/account, then set it or run: anyfetch login civitai.com."
        ),
    ),
    Row(
        status=403,
        body="early access",
        error=AccessDeniedError,
        sentence="this file is in early access at {host}{until}",
        hint="Wait until it is public, or buy access with Buzz at {page}.",
    ),
    Row(
        status=403,
        body='do not have access|"Forbidden"',
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} offers this file to some accounts only, and no token was sent",
        hint="Set CIVITAI_API_TOKEN, or run: anyfetch login civitai.com. The file's page is {page}.",
    ),
    Row(
        status=403,
        body='do not have access|"Forbidden"',
        authorized=True,
        error=AccessDeniedError,
        sentence="the token's account may not download this file from {host}",
        hint="Open {page} with the same account: it says what is missing.",
    ),
    Row(
        status=404,
        url=r"[?&](?:type|format|size|fp|quantType)=",
        error=NotFoundError,
        sentence="{host} has no file with the type, format, size or precision in the URL",
        hint=(
            "Select the file by its number, fileId=..., as {page} or the API shows it. URLs with these fields "
            "may fail even if Civitai created them."
        ),
    ),
    Row(
        status=404,
        url=r"/model-versions/by-hash/",
        error=NotFoundError,
        sentence="{host} knows no file with this digest",
        hint="Check the digest, or name the file by its URL or its version's number.",
    ),
    Row(
        status=404,
        error=NotFoundError,
        sentence="{host} doesn't have this file, or no longer",
        hint="Open {page}. The number is that of a version, not of a model, and versions can be deleted.",
    ),
    Row(
        status=410,
        error=NotFoundError,
        sentence="{host} has archived this model and no longer offers it",
        hint="Search another site for its name or its SHA-256.",
    ),
    Row(
        status=429,
        body="unusual amount of downloading",
        error=AccessDeniedError,
        sentence="{host} allows this account or IP address no more downloads{for_now}",
        hint=f"The limit counts the downloads of the last 24 hours; it is higher with an account. {KEPT}",
    ),
    Row(
        status=400,
        body="error",
        error=UnexpectedAnswerError,
        sentence="{host} doesn't accept the fields in the URL",
        hint="Check type, format, size and fp, or use fileId=... alone.",
    ),
    Row(
        status=500,
        body="error getting file",
        error=RetriesExhaustedError,
        sentence="{host} can't find this file in its own storage",
        hint=f"This is a failure at Civitai, and usually temporary. {KEPT}",
    ),
    Row(
        status=200,
        header=("Content-Type", "text/html"),
        url="/login|reason=download-auth",
        error=AccessDeniedError,
        sentence="{host} sent its login page instead of the file",
        hint="Create an API key at {site}/user/account, then set CIVITAI_API_TOKEN or run: anyfetch login civitai.com.",
    ),
    Row(
        status=200,
        header=("Content-Type", "text/html"),
        url="/api/download/",
        error=NotAModelError,
        sentence="{host} sent a web page instead of the file",
        hint="Open {page} in a browser: the file may be in early access, or require a login.",
    ),
    Row(
        status=200,
        header=("Content-Type", "text/html"),
        error=NotAModelError,
        sentence="this is the URL of a page at {host}, not of a file",
        hint="Use the page's URL as in the browser (.../models/NUMBER), or civitai:VERSION.",
    ),
)
