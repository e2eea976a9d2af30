from __future__ import annotations

from functools import partial

import pytest

from anymatix_fetcher.errors import AccessDeniedError, RetriesExhaustedError
from tests.sources.explanations.examples import HTML, Example

_any = partial(Example, service="any", url="https://models.example/a/m.safetensors")
PLAIN = {"Content-Type": "text/plain; charset=UTF-8", "Server": "cloudflare"}

EXAMPLES = {
    "Cloudflare's challenge": _any(
        status=403,
        headers=HTML | {"cf-mitigated": "challenge", "Server": "cloudflare"},
        body="<!DOCTYPE html><html><title>Just a moment...</title></html>",
        error=AccessDeniedError,
        says="models.example requires a human: its protection (Cloudflare)",
        mends="with a browser",
    ),
    "Cloudflare's challenge before a hub": _any(
        service="civitai",
        url="https://civitai.com/api/download/models/143906",
        status=403,
        headers=HTML | {"cf-mitigated": "challenge"},
        error=AccessDeniedError,
        says="civitai.com requires a human",
        mends="Another network",
    ),
    "Amazon's challenge": _any(
        status=405,
        headers=HTML | {"x-amzn-waf-action": "captcha"},
        error=AccessDeniedError,
        says="its protection (AWS WAF)",
        mends="with a browser",
    ),
    "another captcha": _any(
        status=403,
        headers=HTML,
        body='<html><div class="h-captcha" data-sitekey="1"></div></html>',
        error=AccessDeniedError,
        says="models.example requires a human (",
        mends="with a browser",
    ),
    "the network is blocked": _any(
        status=403,
        headers=PLAIN,
        body="error code: 1009",
        error=AccessDeniedError,
        says="has blocked this network or this country",
        mends="another network",
    ),
    "asked too much": _any(
        status=429,
        headers=PLAIN | {"Retry-After": "30"},
        body="error code: 1015",
        error=RetriesExhaustedError,
        says="models.example limits the requests of this network for another 30 seconds",
        mends="fewer connections",
    ),
    "the program's name is blocked": _any(
        status=403,
        headers=PLAIN,
        body="error code: 1010",
        error=AccessDeniedError,
        says="models.example refuses this program because of its User-Agent",
        mends="User-Agent",
    ),
    "the network wants a login": _any(
        status=511,
        headers=HTML,
        error=AccessDeniedError,
        says="this network requires a login before it gives access to the internet",
        mends="in a browser",
    ),
    "the law": _any(status=451, error=AccessDeniedError, says="for legal reasons", mends="another country"),
    "payment": _any(
        status=402, error=AccessDeniedError, says="models.example requires a payment for this file", mends="browser"
    ),
    "the traffic is used up": _any(
        status=509,
        error=RetriesExhaustedError,
        says="the owner's traffic quota at models.example is exhausted",
        mends="Most quotas are renewed daily or monthly. What has arrived is kept; run the same command again",
    ),
    "a password is wanted": _any(
        status=401,
        headers={"WWW-Authenticate": 'Basic realm="models"'},
        error=AccessDeniedError,
        says="models.example requires a user name and a password",
        mends="~/.netrc",
    ),
    "a password is wrong": _any(
        status=401,
        headers={"WWW-Authenticate": 'Basic realm="models"'},
        authorized=True,
        error=AccessDeniedError,
        says="models.example doesn't accept the user name and password",
        mends="~/.netrc",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_stands_before_any_server_is_told_apart(name: str) -> None:
    EXAMPLES[name].check()
