"""Responses that may precede any server: bot protection, captive portals, quotas, legal blocks."""

from __future__ import annotations

from anymatix_fetcher.core.answers.explain import KEPT
from anymatix_fetcher.errors import AccessDeniedError, RetriesExhaustedError
from anymatix_fetcher.sources.explanations.row import Row

_BROWSER = "Download it with a browser, or ask for a token or a URL that is meant for programs."

PROTECTIONS = (
    Row(
        status=(403, 429, 503),
        header=("cf-mitigated", "challenge"),
        error=AccessDeniedError,
        sentence="{host} requires a human: its protection (Cloudflare) stops programs",
        hint=f"{_BROWSER} Another network may help too.",
    ),
    Row(
        status=(202, 403, 405),
        header=("x-amzn-waf-action", "captcha|challenge"),
        error=AccessDeniedError,
        sentence="{host} requires a human: its protection (AWS WAF) stops programs",
        hint=f"{_BROWSER} Another network may help too.",
    ),
    Row(
        status=403,
        body="error code: 10(?:09|06|07|08)\\b",
        error=AccessDeniedError,
        sentence="{host} has blocked this network or this country",
        hint="Use another network.",
    ),
    Row(
        status=(403, 429),
        body="error code: 1015\\b|you are being rate limited",
        error=RetriesExhaustedError,
        sentence="{host} limits the requests of this network{for_now}",
        hint=f"Wait some minutes, and use fewer connections (-c). {KEPT}",
    ),
    Row(
        status=403,
        body="error code: 10(?:10|20)\\b",
        error=AccessDeniedError,
        sentence="{host} refuses this program because of its User-Agent",
        hint="Use another User-Agent with -H 'User-Agent: ...', or leave out your own.",
    ),
    Row(
        status=(403, 429, 503),
        body="<title>(?:just a moment|attention required)|cf-chl-|g-recaptcha|h-captcha|captcha-delivery",
        error=AccessDeniedError,
        sentence="{host} requires a human",
        hint=f"{_BROWSER} Another network may help too.",
    ),
)
"""They stand in front of services, so they are checked first."""

ANYWHERE = (
    Row(
        status=511,
        error=AccessDeniedError,
        sentence="this network requires a login before it gives access to the internet",
        hint="Open any web page in a browser, and log in to the network.",
    ),
    Row(
        status=451,
        error=AccessDeniedError,
        sentence="{host} may not serve this file, for legal reasons",
        hint="It may be available from another country or elsewhere.",
    ),
    Row(
        status=402,
        error=AccessDeniedError,
        sentence="{host} requires a payment for this file",
        hint="Open its page in a browser.",
    ),
    Row(
        status=509,
        error=RetriesExhaustedError,
        sentence="the owner's traffic quota at {host} is exhausted",
        hint=f"Most quotas are renewed daily or monthly. {KEPT}",
    ),
    Row(
        status=401,
        header=("WWW-Authenticate", "^basic"),
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} requires a user name and a password",
        hint="Put them into ~/.netrc, or into the URL: https://USER:PASSWORD@...",
    ),
    Row(
        status=401,
        header=("WWW-Authenticate", "^basic"),
        authorized=True,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the user name and password",
        hint="Check them in the URL and in ~/.netrc.",
    ),
)
"""Responses that no table before this one explains."""
