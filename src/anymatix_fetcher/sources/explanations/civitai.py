"""Civitai's answers (its own source: ``src/pages/api/download/models/[modelVersionId].ts``)."""

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
        sentence="{host} gives this file only to people who are logged in, and no token was sent",
        hint=(
            "Make an API key at {site}/user/account, then set CIVITAI_API_TOKEN or run: anyfetch login civitai.com. "
            "What has arrived is kept."
        ),
    ),
    Row(
        status=401,
        authorized=True,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the token that was sent",
        hint=(
            "CIVITAI_API_TOKEN, or the stored login, is set but wrong or revoked: make a new API key at "
            "{site}/user/account, then set it or run: anyfetch login civitai.com."
        ),
    ),
    Row(
        status=403,
        body="early access",
        error=AccessDeniedError,
        sentence="this file is in early access at {host}{until}",
        hint="Wait until it is free for all, or buy access with Buzz at {page}.",
    ),
    Row(
        status=403,
        body='do not have access|"Forbidden"',
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} gives this file only to some accounts, and no token was sent",
        hint="Set CIVITAI_API_TOKEN, or run: anyfetch login civitai.com. The file's page is {page}.",
    ),
    Row(
        status=403,
        body='do not have access|"Forbidden"',
        authorized=True,
        error=AccessDeniedError,
        sentence="the account that the token belongs to may not download this file from {host}",
        hint="Open {page} with the same account: it says what is missing.",
    ),
    Row(
        status=404,
        url=r"[?&](?:type|format|size|fp|quantType)=",
        error=NotFoundError,
        sentence="{host} has no file that fits the type, format, size or precision that the address names",
        hint=(
            "Name the file by its number, fileId=..., as {page} or the API shows it: addresses with these fields fail "
            "even where Civitai itself gave them."
        ),
    ),
    Row(
        status=404,
        error=NotFoundError,
        sentence="{host} has no such file, or has it no longer",
        hint="Look at {page}: the number is that of a version, not of a model, and versions do get deleted.",
    ),
    Row(
        status=410,
        error=NotFoundError,
        sentence="{host} has archived this model and doesn't give it any longer",
        hint="Look for it by its name or its SHA-256 at another site.",
    ),
    Row(
        status=429,
        body="unusual amount of downloading",
        error=AccessDeniedError,
        sentence="{host} gives this account, or this address, no more downloads{for_now}",
        hint=f"Its limit counts the downloads of the last 24 hours; an account has a higher one than none. {KEPT}",
    ),
    Row(
        status=400,
        body="error",
        error=UnexpectedAnswerError,
        sentence="{host} doesn't understand the fields in the address",
        hint="Check type, format, size and fp; fileId=... alone is the safest.",
    ),
    Row(
        status=500,
        body="error getting file",
        error=RetriesExhaustedError,
        sentence="{host} can't find where it has stored this file",
        hint=f"That is theirs to mend, and mostly passes. {KEPT}",
    ),
    Row(
        status=200,
        header=("Content-Type", "text/html"),
        url="/login|reason=download-auth",
        error=AccessDeniedError,
        sentence="{host} sent its login page instead of the file",
        hint="Make an API key at {site}/user/account, then set CIVITAI_API_TOKEN or run: anyfetch login civitai.com.",
    ),
    Row(
        status=200,
        header=("Content-Type", "text/html"),
        url="/api/download/",
        error=NotAModelError,
        sentence="{host} sent a web page instead of the file",
        hint="Open {page} in a browser: the file may be in early access, or want a login.",
    ),
    Row(
        status=200,
        header=("Content-Type", "text/html"),
        error=NotAModelError,
        sentence="this is the address of a page at {host}, not of a file",
        hint="Give the page's address as it is in the browser (.../models/NUMBER), or civitai:VERSION.",
    ),
)
