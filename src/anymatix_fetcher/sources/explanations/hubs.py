"""The answers of the smaller places that models are published at."""

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
    """A pattern for ModelScope's number of an error."""
    return rf'"Code"\s*:\s*{number}\b'


_WEB_PAGE = ("Content-Type", "text/html")

MODELSCOPE = (
    Row(
        status=(200, 404),
        body=_code(10990101007),
        error=NotFoundError,
        sentence="{host} has no such file in {project}",
        hint="Its files are at {page}/files; upper and lower case count.",
    ),
    Row(
        status=(200, 404),
        body=rf'{_code(10990101004)}|"Files"\s*:\s*null',
        error=NotFoundError,
        sentence="{project} has no such revision at {host}",
        hint="Its revisions are at {page}/files; the usual one is master.",
    ),
    Row(
        status=(200, 403, 404),
        body=_code(10010200001),
        authorized=False,
        error=NotFoundError,
        sentence="{host} doesn't show {project} to everybody, or doesn't have it",
        hint="Check the name; with access to it, set MODELSCOPE_API_TOKEN.",
    ),
    Row(
        status=(200, 403, 404),
        body=_code(10010200001),
        authorized=True,
        error=AccessDeniedError,
        sentence="the account that the token belongs to may not read {project} at {host}",
        hint="Open {page} with the same account: it may want an application, or its conditions accepted.",
    ),
    Row(
        status=(200, 404),
        body=_code(10010205001),
        error=NotFoundError,
        sentence="{host} has no {project}, or a private one",
        hint="Check the name; if it is private, set MODELSCOPE_API_TOKEN.",
    ),
    Row(
        status=200,
        body=r'"Success"\s*:\s*false',
        error=UnexpectedAnswerError,
        sentence="{host} sent an error instead of what was asked for",
        hint="Look at {page}, and try again later.",
    ),
    Row(
        status=(401, 403),
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} gives this file only to people who are logged in, and no token was sent",
        hint="Get an access token from your account's page at {site}, then set MODELSCOPE_API_TOKEN.",
    ),
    Row(
        status=401,
        authorized=True,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the token that was sent",
        hint="MODELSCOPE_API_TOKEN is set but wrong or expired; modelscope.cn and modelscope.ai each have their own.",
    ),
    Row(
        status=403,
        authorized=True,
        error=AccessDeniedError,
        sentence="the account that the token belongs to may not read this file at {host}",
        hint="Open {page} with the same account: it may want an application, or its conditions accepted.",
    ),
    Row(
        status=404,
        authorized=False,
        error=NotFoundError,
        sentence="{host} has no such file, revision or model, or a private one",
        hint="Look at {page}; the usual revision is master. If it is private, set MODELSCOPE_API_TOKEN.",
    ),
    Row(
        status=404,
        authorized=True,
        error=NotFoundError,
        sentence="{host} has no such file, revision or model, or none that this token may see",
        hint="Look at {page}; the usual revision is master.",
    ),
)

GOOGLE_DRIVE = (
    Row(
        status=200,
        header=_WEB_PAGE,
        url="//accounts[.]google[.]com/",
        error=AccessDeniedError,
        sentence="Google Drive wants a login for this file",
        hint="Ask its owner to share it with everybody who has the link.",
    ),
    Row(
        status=(200, 403, 404, 429),
        body="quota exceeded|too many users have viewed or downloaded|downloadQuotaExceeded",
        error=RetriesExhaustedError,
        sentence="so many people have downloaded this file of late that Google Drive gives it to nobody for now",
        hint=f"That lasts about a day. A copy of it in your own Drive can be had at once. {KEPT}",
    ),
    Row(
        status=(401, 403),
        body="you need access|you need permission|request access|sign in",
        error=AccessDeniedError,
        sentence="this file isn't shared with everybody at Google Drive",
        hint="Ask its owner to share it with everybody who has the link.",
    ),
    Row(
        status=(403, 429, 503),
        body="automated queries|unusual traffic",
        error=RetriesExhaustedError,
        sentence="Google Drive takes this network's requests for a robot's",
        hint=f"Wait some hours, or use another network. {KEPT}",
    ),
    Row(
        status=404,
        error=NotFoundError,
        sentence="Google Drive has no such file, or doesn't show it",
        hint="Check the address; the owner may have removed the file, or stopped sharing it.",
    ),
    Row(
        status=200,
        header=_WEB_PAGE,
        error=NotAModelError,
        sentence="Google Drive sent a page instead of the file: it asks something first, or its quota is used up",
        hint="Open the address in a browser: it says which. A used-up quota lasts about a day.",
    ),
)

DROPBOX = (
    Row(
        status=200,
        header=_WEB_PAGE,
        error=NotAModelError,
        sentence="Dropbox sent its preview page, or a login, instead of the file",
        hint="Put dl=1 where the address has dl=0, and keep its other fields.",
    ),
    Row(
        status=(429, 460),
        error=RetriesExhaustedError,
        sentence="Dropbox has suspended this link, for it makes too much traffic{until}",
        hint=f"Ask its owner for another one, or wait a day. {KEPT}",
    ),
    Row(
        status=403,
        error=AccessDeniedError,
        sentence="Dropbox gives this file only to people whom its owner has invited",
        hint="Ask the owner for a link that anyone may use; its rlkey=... belongs to the address.",
    ),
    Row(
        status=(404, 409, 410),
        error=NotFoundError,
        sentence="Dropbox has no such file any longer",
        hint="Its owner has removed it, or the link to it.",
    ),
)

ZENODO = (
    Row(
        status=410,
        error=NotFoundError,
        sentence="this record has been removed from {host}",
        hint="{page} says why.",
    ),
    Row(
        status=404,
        error=NotFoundError,
        sentence="{host} has no such record, or no such file in it",
        hint="Look at {page}; another version of a record has another number.",
    ),
    Row(
        status=429,
        error=RetriesExhaustedError,
        sentence="{host} allows no more requests{for_now}",
        hint=f"It allows guests 60 in a minute and 2000 in an hour; fewer connections (-c) help. {KEPT}",
    ),
    Row(
        status=403,
        header=("Content-Type", "json"),
        error=AccessDeniedError,
        sentence="the files of this record are restricted at {host}",
        hint="Ask for access at {page}; -H 'Authorization: Bearer ...' sends a token.",
    ),
    Row(
        status=403,
        error=AccessDeniedError,
        sentence="{host} turns this program or this network away",
        hint="It blocks some User-Agents; -H 'User-Agent: ...' names another one.",
    ),
)

OLLAMA = (
    Row(
        status=404,
        url="/manifests/",
        error=NotFoundError,
        sentence="{host} has no such model, or no such tag of it",
        hint="Its tags are at {page}/tags.",
    ),
    Row(
        status=404,
        url="/blobs/",
        error=NotFoundError,
        sentence="{host} has no such layer",
        hint="The model may have been published anew: resolve it again.",
    ),
    Row(
        status=412,
        error=UnexpectedAnswerError,
        sentence="{host} gives this model only to newer versions of Ollama",
        hint="Look at {page} for the version that it needs, and for the same model elsewhere.",
    ),
    Row(
        status=401,
        error=AccessDeniedError,
        sentence="{host} has no such model, or a private one",
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
        sentence="Kaggle wants to know who asks, and no credentials were sent",
        hint="Make a token at {site}/settings, then set KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY.",
    ),
    Row(
        status=401,
        authorized=True,
        error=AccessDeniedError,
        sentence="Kaggle doesn't accept the credentials that were sent",
        hint="KAGGLE_API_TOKEN, or KAGGLE_KEY, is set but wrong: make a new one at {site}/settings.",
    ),
    Row(
        status=403,
        authorized=True,
        error=AccessDeniedError,
        sentence="your account may not read this at Kaggle, or it isn't there",
        hint="Look at {page} with the same account: conditions to accept are shown there, and wrong names too.",
    ),
    Row(
        status=404,
        error=NotFoundError,
        sentence="Kaggle has no such model, dataset or file",
        hint="Look at {page}: owner, name, framework, variation and version have to be right.",
    ),
)
