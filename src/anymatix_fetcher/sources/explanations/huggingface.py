"""Hugging Face's error responses: ``X-Error-Code`` and ``X-Error-Message`` state what the status doesn't.

https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/utils/_http.py
"""

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

_LOGIN = "set HF_TOKEN or run: anyfetch login huggingface.co"
_TOKENS = "https://huggingface.co/settings/tokens"
_BAD_TOKEN = "invalid credentials|user access token .{0,80} is expired"  # noqa: S105 - a pattern
_UNKNOWN = "invalid username or password"
"""The same response to a wrong token and, without one, to a missing, private or mistyped repository."""
_NAMES = "datasets begin with datasets/, spaces with spaces/"

HUGGING_FACE = (
    Row(
        status=401,
        reason=_BAD_TOKEN,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the token, and refuses even public files with a wrong one",
        hint=f"HF_TOKEN, or the stored login, is wrong or expired: create a new token at {_TOKENS}, or unset it.",
    ),
    Row(
        status=401,
        reason=_UNKNOWN,
        authorized=False,
        error=NotFoundError,
        sentence="the repository {project} doesn't exist at {host}, or is private",
        hint=f"Check the name; {_NAMES}. If you have access to it, {_LOGIN}.",
    ),
    Row(
        status=401,
        reason=_UNKNOWN,
        authorized=True,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the token, or the repository {project} doesn't exist",
        hint=(
            f"Check the name; {_NAMES}. HF_TOKEN, or the stored login, may also be wrong or expired, which "
            f"causes the same response: create a new token at {_TOKENS}, or unset it."
        ),
    ),
    Row(
        status=(401, 403),
        header=("X-Error-Code", "^GatedRepo$"),
        authorized=False,
        error=AccessDeniedError,
        sentence="{project} is gated, and no token was sent",
        hint=f"Accept its conditions at {{page}}, then {_LOGIN}.",
    ),
    Row(
        status=403,
        reason="fine-grained",
        error=AccessDeniedError,
        sentence="the token may not read gated repositories such as {project}",
        hint=f"Give it the permission to read public gated repositories, at {_TOKENS}.",
    ),
    Row(
        status=403,
        reason="awaiting|pending",
        error=AccessDeniedError,
        sentence="{project} is gated, and its authors haven't decided on your request yet",
        hint=f"Wait for their decision. {KEPT}",
    ),
    Row(
        status=403,
        reason="rejected",
        error=AccessDeniedError,
        sentence="{project} is gated, and its authors have rejected your request",
        hint="Ask them, at {page}, or look for another model.",
    ),
    Row(
        status=(401, 403),
        header=("X-Error-Code", "^GatedRepo$"),
        authorized=True,
        error=AccessDeniedError,
        sentence="{project} is gated, and the token's account hasn't accepted its licence",
        hint="Accept its conditions at {page} with the account of HF_TOKEN. Some authors take days to decide.",
    ),
    Row(
        status=(401, 404),
        header=("X-Error-Code", "^RepoNotFound$"),
        authorized=False,
        error=NotFoundError,
        sentence="the repository {project} doesn't exist at {host}, or is private",
        hint=f"Check the name; {_NAMES}. If you have access to it, {_LOGIN}.",
    ),
    Row(
        status=(401, 404),
        header=("X-Error-Code", "^RepoNotFound$"),
        authorized=True,
        error=NotFoundError,
        sentence="the repository {project} doesn't exist at {host}, or the token may not read it",
        hint="Check the spelling, and whether the token's account or organisation may read it.",
    ),
    Row(
        status=404,
        header=("X-Error-Code", "^RevisionNotFound$"),
        error=NotFoundError,
        sentence="{project} has no such branch, tag or commit",
        hint="See its branches and tags at {page}/tree/main; the usual one is main.",
    ),
    Row(
        status=404,
        header=("X-Error-Code", "^EntryNotFound$"),
        error=NotFoundError,
        sentence="{project} has no such file",
        hint="See its files at {page}/tree/main; the case of letters matters.",
    ),
    Row(
        status=403,
        reason="disabled",
        error=AccessDeniedError,
        sentence="{host} has disabled {project}",
        hint="Open {page} in a browser: it usually says why. No setting changes this.",
    ),
    Row(
        status=451,
        error=AccessDeniedError,
        sentence="{host} may not serve this file, for legal reasons",
        hint="{page} may say more. The file may be available from another country or elsewhere.",
    ),
    Row(
        status=429,
        authorized=False,
        error=RetriesExhaustedError,
        sentence="{host} allows no more requests without a token{for_now}",
        hint=f"With a token the limit is higher: {_LOGIN}. {KEPT}",
    ),
    Row(
        status=429,
        authorized=True,
        error=RetriesExhaustedError,
        sentence="{host} allows this account no more requests{for_now}",
        hint=KEPT,
    ),
    Row(
        status=(301, 302, 307, 308),
        url="//hf-mirror[.]com",
        error=UnexpectedAnswerError,
        sentence="{host} redirects this machine to another host: it serves only addresses in China",
        hint="Unset HF_ENDPOINT, or set it to a mirror that serves you.",
    ),
    Row(
        status=(301, 307, 308),
        error=NotFoundError,
        sentence="the repository has been renamed{moved_to}",
        hint="Use its new name.",
    ),
    Row(
        status=401,
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} requires a login, and no token was sent",
        hint=f"If {{page}} is private or gated, {_LOGIN}.",
    ),
    Row(
        status=200,
        header=("Content-Type", "text/html"),
        url="/blob/",
        error=NotAModelError,
        sentence="this is the URL of a page at {host}, not of the file on it",
        hint="Replace /blob/ by /resolve/ in the URL.",
    ),
    Row(
        status=200,
        header=("Content-Type", "text/html"),
        error=NotAModelError,
        sentence="{host} sent a web page instead of the file",
        hint=f"URLs of files contain /resolve/. If {{page}} is gated, accept its conditions, then {_LOGIN}.",
    ),
)
