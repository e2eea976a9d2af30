"""The error responses of the smaller services that publish models."""

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


def _code(number: int) -> str:
    """A pattern for ModelScope's error number."""
    return rf'"Code"\s*:\s*{number}\b'


_WEB_PAGE = ("Content-Type", "text/html")

MODELSCOPE = (
    Row(
        status=(200, 404),
        body=_code(10990101007),
        error=NotFoundError,
        sentence="{host} has no such file in {project}",
        hint="See its files at {page}/files; the case of letters matters.",
    ),
    Row(
        status=(200, 404),
        body=rf'{_code(10990101004)}|"Files"\s*:\s*null',
        error=NotFoundError,
        sentence="{project} has no such revision at {host}",
        hint="See its revisions at {page}/files; the default is master.",
    ),
    Row(
        status=(200, 403, 404),
        body=_code(10010200001),
        authorized=False,
        error=NotFoundError,
        sentence="{project} at {host} is not public, or doesn't exist",
        hint="Check the name; if you have access to it, set MODELSCOPE_API_TOKEN.",
    ),
    Row(
        status=(200, 403, 404),
        body=_code(10010200001),
        authorized=True,
        error=AccessDeniedError,
        sentence="the token's account may not read {project} at {host}",
        hint="Open {page} with the same account: it may require an application, or the acceptance of its conditions.",
    ),
    Row(
        status=(200, 404),
        body=_code(10010205001),
        error=NotFoundError,
        sentence="{project} doesn't exist at {host}, or is private",
        hint="Check the name; if it is private, set MODELSCOPE_API_TOKEN.",
    ),
    Row(
        status=200,
        body=r'"Success"\s*:\s*false',
        error=UnexpectedAnswerError,
        sentence="{host} sent an error instead of the file",
        hint="See {page}, and try again later.",
    ),
    Row(
        status=(401, 403),
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} requires a login for this file, and no token was sent",
        hint="Get an access token from your account's page at {site}, then set MODELSCOPE_API_TOKEN.",
    ),
    Row(
        status=401,
        authorized=True,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the token that was sent",
        hint="MODELSCOPE_API_TOKEN is wrong or expired; modelscope.cn and modelscope.ai have separate tokens.",
    ),
    Row(
        status=403,
        authorized=True,
        error=AccessDeniedError,
        sentence="the token's account may not read this file at {host}",
        hint="Open {page} with the same account: it may require an application, or the acceptance of its conditions.",
    ),
    Row(
        status=404,
        authorized=False,
        error=NotFoundError,
        sentence="the file, revision or model doesn't exist at {host}, or is private",
        hint="See {page}; the default revision is master. If it is private, set MODELSCOPE_API_TOKEN.",
    ),
    Row(
        status=404,
        authorized=True,
        error=NotFoundError,
        sentence="the file, revision or model doesn't exist at {host}, or the token may not read it",
        hint="See {page}; the default revision is master.",
    ),
)

GOOGLE_DRIVE = (
    Row(
        status=200,
        header=_WEB_PAGE,
        url="//accounts[.]google[.]com/",
        error=AccessDeniedError,
        sentence="Google Drive requires a login for this file",
        hint="Ask its owner to share it with everyone who has the link.",
    ),
    Row(
        status=(200, 403, 404, 429),
        body="quota exceeded|too many users have viewed or downloaded|downloadQuotaExceeded",
        error=RetriesExhaustedError,
        sentence="Google Drive's download quota for this file is exhausted, because too many people downloaded it",
        hint=f"It is renewed within about a day. A copy in your own Drive can be downloaded at once. {KEPT}",
    ),
    Row(
        status=(401, 403),
        body="you need access|you need permission|request access|sign in",
        error=AccessDeniedError,
        sentence="this file isn't shared with everyone at Google Drive",
        hint="Ask its owner to share it with everyone who has the link.",
    ),
    Row(
        status=(403, 429, 503),
        body="automated queries|unusual traffic",
        error=RetriesExhaustedError,
        sentence="Google Drive treats the requests of this network as automated",
        hint=f"Wait some hours, or use another network. {KEPT}",
    ),
    Row(
        status=404,
        error=NotFoundError,
        sentence="Google Drive doesn't have this file, or doesn't show it",
        hint="Check the URL; the owner may have removed the file, or stopped sharing it.",
    ),
    Row(
        status=200,
        header=_WEB_PAGE,
        error=NotAModelError,
        sentence="Google Drive sent a page instead of the file: a question, or a notice that its quota is exhausted",
        hint="Open the URL in a browser to see which. An exhausted quota is renewed within about a day.",
    ),
)

DROPBOX = (
    Row(
        status=200,
        header=_WEB_PAGE,
        error=NotAModelError,
        sentence="Dropbox sent its preview page or a login page instead of the file",
        hint="Replace dl=0 by dl=1 in the URL, and keep its other fields.",
    ),
    Row(
        status=(429, 460),
        error=RetriesExhaustedError,
        sentence="Dropbox has suspended this link because of its traffic{until}",
        hint=f"Ask its owner for another link, or wait a day. {KEPT}",
    ),
    Row(
        status=403,
        error=AccessDeniedError,
        sentence="Dropbox offers this file only to people invited by its owner",
        hint="Ask the owner for a link for everyone; its rlkey=... is part of the URL.",
    ),
    Row(
        status=(404, 409, 410),
        error=NotFoundError,
        sentence="Dropbox no longer has this file",
        hint="Its owner has removed the file, or the link.",
    ),
)

ZENODO = (
    Row(
        status=410,
        error=NotFoundError,
        sentence="this record has been removed from {host}",
        hint="See {page} for the reason.",
    ),
    Row(
        status=404,
        error=NotFoundError,
        sentence="the record or the file doesn't exist at {host}",
        hint="See {page}; each version of a record has its own number.",
    ),
    Row(
        status=429,
        error=RetriesExhaustedError,
        sentence="{host} allows no more requests{for_now}",
        hint=f"Guests have 60 requests a minute and 2000 an hour; use fewer connections (-c). {KEPT}",
    ),
    Row(
        status=403,
        header=("Content-Type", "json"),
        error=AccessDeniedError,
        sentence="the files of this record are restricted at {host}",
        hint="Ask for access at {page}, and send a token with -H 'Authorization: Bearer ...'.",
    ),
    Row(
        status=403,
        error=AccessDeniedError,
        sentence="{host} refuses this program or this network",
        hint="It blocks some User-Agents; set another one with -H 'User-Agent: ...'.",
    ),
)

OLLAMA = (
    Row(
        status=404,
        url="/manifests/",
        error=NotFoundError,
        sentence="the model or its tag doesn't exist at {host}",
        hint="See its tags at {page}/tags.",
    ),
    Row(
        status=404,
        url="/blobs/",
        error=NotFoundError,
        sentence="the layer doesn't exist at {host}",
        hint="The model may have been published again: resolve it again.",
    ),
    Row(
        status=412,
        error=UnexpectedAnswerError,
        sentence="{host} offers this model only to newer versions of Ollama",
        hint="See {page} for the version that it requires, or look for the model elsewhere.",
    ),
    Row(
        status=401,
        error=AccessDeniedError,
        sentence="the model doesn't exist at {host}, or is private",
        hint="Check the name; models without an owner are in library/.",
    ),
)

KAGGLE = (
    Row(
        status=403,
        body="not consented|consent to|accept .{0,40}(?:rules|licen[cs]e|terms)",
        error=AccessDeniedError,
        sentence="your account hasn't accepted the conditions of this model at Kaggle",
        hint="Accept them at {page}.",
    ),
    Row(
        status=(401, 403),
        authorized=False,
        error=AccessDeniedError,
        sentence="Kaggle requires a login, and no credentials were sent",
        hint="Create a token at {site}/settings, then set KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY.",
    ),
    Row(
        status=401,
        authorized=True,
        error=AccessDeniedError,
        sentence="Kaggle doesn't accept the credentials",
        hint="KAGGLE_API_TOKEN, or KAGGLE_KEY, is wrong: create a new one at {site}/settings.",
    ),
    Row(
        status=403,
        authorized=True,
        error=AccessDeniedError,
        sentence="your account may not read this at Kaggle, or it doesn't exist",
        hint="Open {page} with the same account: it shows conditions to accept, and whether the name is right.",
    ),
    Row(
        status=404,
        error=NotFoundError,
        sentence="the model, dataset or file doesn't exist at Kaggle",
        hint="See {page}: owner, name, framework, variation and version have to be right.",
    ),
)
