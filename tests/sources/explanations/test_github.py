from __future__ import annotations

from functools import partial

import pytest

from anymatix_fetcher.errors import AccessDeniedError, NotAModelError, NotFoundError, RetriesExhaustedError
from tests.sources.explanations.examples import HTML, JSON, Example

_github = partial(Example, service="github")
NAME = "xinntao/Real-ESRGAN"
PAGE = f"https://github.com/{NAME}"
URL = f"{PAGE}/releases/download/v0.1.0/RealESRGAN_x4plus.pth"
API = "https://api.github.com/repos/xinntao/Real-ESRGAN/releases/tags/v0.1.0"
USED_UP = JSON | {
    "X-RateLimit-Limit": "60",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset": "1785587400",
    "Date": "Sat, 01 Aug 2026 12:00:00 GMT",
}

EXAMPLES = {
    "a wrong token": _github(
        url=API,
        status=401,
        headers=JSON,
        body='{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}',
        authorized=True,
        error=AccessDeniedError,
        says="api.github.com doesn't accept the token that was sent",
        mends="GITHUB_TOKEN, or the stored login, is wrong or expired: create a new one at",
    ),
    "no token": _github(
        url=API,
        status=401,
        headers=JSON,
        body='{"message":"Requires authentication"}',
        error=AccessDeniedError,
        says="api.github.com requires a login, and no token was sent",
        mends=f"If {PAGE} is private, set GITHUB_TOKEN",
    ),
    "single sign-on": _github(
        url=API,
        status=403,
        headers=JSON | {"X-GitHub-SSO": "required; url=https://github.com/orgs/o/sso?authorization_request=A"},
        body='{"message":"Resource protected by organization SAML enforcement."}',
        authorized=True,
        error=AccessDeniedError,
        says="the organisation of xinntao/Real-ESRGAN requires single sign-on for the token",
        mends="Configure SSO",
    ),
    "the API's limit, no token": _github(
        url=API,
        status=403,
        headers=USED_UP,
        body='{"message":"API rate limit exceeded for 1.2.3.4."}',
        error=RetriesExhaustedError,
        says="api.github.com allows no more requests without a token for another 30 minutes",
        mends="5000 an hour instead of 60: set GITHUB_TOKEN",
    ),
    "the API's limit": _github(
        url=API,
        status=429,
        headers=USED_UP,
        authorized=True,
        error=RetriesExhaustedError,
        says="api.github.com allows this token no more requests for another 30 minutes",
        mends="What has arrived is kept",
    ),
    "too much at once": _github(
        url=API,
        status=403,
        headers=JSON | {"Retry-After": "60", "X-RateLimit-Remaining": "58"},
        body='{"message":"You have exceeded a secondary rate limit. Please wait a few minutes"}',
        error=RetriesExhaustedError,
        says="api.github.com received too many requests at once and allows no more for another 60 seconds",
        mends="fewer connections",
    ),
    "Git LFS is used up": _github(
        url="https://media.githubusercontent.com/media/owner/name/main/m.pth",
        status=403,
        body="This repository is over its data quota. Account responsible should purchase more data packs",
        error=RetriesExhaustedError,
        says="the owner of owner/name has exhausted the monthly quota of Git LFS",
        mends="next month",
    ),
    "blocked": _github(
        url=API,
        status=451,
        headers=JSON,
        body='{"message":"Repository access blocked","block":{"reason":"dmca"}}',
        error=AccessDeniedError,
        says=f"has blocked {NAME}",
        mends="in a browser",
    ),
    "renamed": _github(
        url=API,
        status=301,
        headers=JSON | {"Location": "https://api.github.com/repositories/123/releases/tags/v0.1.0"},
        error=NotFoundError,
        says="renamed or moved (",
        mends="Use its new name: see https://github.com/xinntao/Real-ESRGAN.",
    ),
    "no such release": _github(
        url=URL,
        status=404,
        body="Not Found",
        error=NotFoundError,
        says=f"{NAME} has no such release or asset, or is private",
        mends=f"{PAGE}/releases",
    ),
    "no such file": _github(
        url="https://raw.githubusercontent.com/owner/name/main/m.pth",
        status=404,
        body="404: Not Found",
        error=NotFoundError,
        says="raw.githubusercontent.com doesn't have this file, or requires a login",
        mends="https://github.com/owner/name",
    ),
    "no such file for this token": _github(
        url=URL,
        status=404,
        authorized=True,
        error=NotFoundError,
        says="github.com doesn't have this file, or the token may not read it",
        mends="See https://github.com/xinntao/Real-ESRGAN. A token needs the permission to read the",
    ),
    "a page of a file": _github(
        url=f"{PAGE}/blob/master/m.pth",
        status=200,
        headers=HTML,
        error=NotAModelError,
        says="this is the URL of a page at github.com, not of the file on it",
        mends="/raw/",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_githubs_answers_are_told_apart(name: str) -> None:
    EXAMPLES[name].check()
