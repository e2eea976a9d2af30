"""GitHub's error responses: releases, raw files, LFS and the API.

https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

from __future__ import annotations

from anymatix_fetcher.core.answers.explain import KEPT
from anymatix_fetcher.errors import AccessDeniedError, NotAModelError, NotFoundError, RetriesExhaustedError
from anymatix_fetcher.sources.explanations.row import Row

_LOGIN = "set GITHUB_TOKEN or run: anyfetch login github.com"

GITHUB = (
    Row(
        status=401,
        authorized=True,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the token that was sent",
        hint=(
            "GITHUB_TOKEN, or the stored login, is wrong or expired: create a new one at "
            "https://github.com/settings/tokens, or unset it: public files need none."
        ),
    ),
    Row(
        status=401,
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} requires a login, and no token was sent",
        hint=f"If {{page}} is private, {_LOGIN}.",
    ),
    Row(
        status=(403, 404),
        header=("X-GitHub-SSO", "required"),
        error=AccessDeniedError,
        sentence="the organisation of {project} requires single sign-on for the token",
        hint="Authorize the token for the organisation at https://github.com/settings/tokens (Configure SSO).",
    ),
    Row(
        status=(403, 429),
        header=("X-RateLimit-Remaining", "^0$"),
        authorized=False,
        error=RetriesExhaustedError,
        sentence="{host} allows no more requests without a token{for_now}",
        hint=f"With a token the limit is 5000 an hour instead of 60: {_LOGIN}. {KEPT}",
    ),
    Row(
        status=(403, 429),
        header=("X-RateLimit-Remaining", "^0$"),
        authorized=True,
        error=RetriesExhaustedError,
        sentence="{host} allows this token no more requests{for_now}",
        hint=KEPT,
    ),
    Row(
        status=(403, 429),
        body="secondary rate limit|abuse detection",
        error=RetriesExhaustedError,
        sentence="{host} received too many requests at once and allows no more{for_now}",
        hint=f"Wait some minutes, and use fewer connections (-c). {KEPT}",
    ),
    Row(
        status=(402, 403, 404, 422, 429, 507, 509),
        body="over its data quota|exceeded its LFS budget",
        error=RetriesExhaustedError,
        sentence="the owner of {project} has exhausted the monthly quota of Git LFS",
        hint="Ask the owner, wait for the next month, or look for the file elsewhere.",
    ),
    Row(
        status=(403, 451),
        body="repository access blocked|dmca|access to this repository has been disabled",
        error=AccessDeniedError,
        sentence="{host} has blocked {project}",
        hint="Open {page} in a browser: it says why. No setting changes this.",
    ),
    Row(
        status=(301, 307, 308),
        error=NotFoundError,
        sentence="the repository has been renamed or moved{moved_to}",
        hint="Use its new name: see {page}.",
    ),
    Row(
        status=404,
        url="/releases/",
        authorized=False,
        error=NotFoundError,
        sentence="{project} has no such release or asset, or is private",
        hint=f"See its releases at {{page}}/releases; if it is private, {_LOGIN}.",
    ),
    Row(
        status=404,
        authorized=False,
        error=NotFoundError,
        sentence="{host} doesn't have this file, or requires a login",
        hint=f"See {{page}}; if it is private, {_LOGIN}.",
    ),
    Row(
        status=404,
        authorized=True,
        error=NotFoundError,
        sentence="{host} doesn't have this file, or the token may not read it",
        hint="See {page}. A token needs the permission to read the repository's contents.",
    ),
    Row(
        status=200,
        header=("Content-Type", "text/html"),
        url="/blob/",
        error=NotAModelError,
        sentence="this is the URL of a page at {host}, not of the file on it",
        hint="Replace /blob/ by /raw/ in the URL.",
    ),
)
