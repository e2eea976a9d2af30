"""What may stand before any server: protections, networks that want a login first, quotas, law."""

from __future__ import annotations

from anymatix_fetcher.core.answers.explain import KEPT
from anymatix_fetcher.errors import AccessDeniedError, RetriesExhaustedError
from anymatix_fetcher.sources.explanations.row import Row

_BROWSER = "Download it with a browser, or ask for a token or an address that is meant for programs."

PROTECTIONS = (
    Row(
        status=(403, 429, 503),
        header=("cf-mitigated", "challenge"),
        error=AccessDeniedError,
        sentence="{host} asks whether a human is there: its protection (Cloudflare) stops programs",
        hint=f"{_BROWSER} Another network may help too.",
    ),
    Row(
        status=(202, 403, 405),
        header=("x-amzn-waf-action", "captcha|challenge"),
        error=AccessDeniedError,
        sentence="{host} asks whether a human is there: its protection (AWS WAF) stops programs",
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
        sentence="{host} was asked too much and answers this network no more{for_now}",
        hint=f"Wait some minutes, and use fewer connections (-c). {KEPT}",
    ),
    Row(
        status=403,
        body="error code: 10(?:10|20)\\b",
        error=AccessDeniedError,
        sentence="{host} turns this program away by its name, the User-Agent",
        hint="-H 'User-Agent: ...' names another one; leave out one that you have set yourself.",
    ),
    Row(
        status=(403, 429, 503),
        body="<title>(?:just a moment|attention required)|cf-chl-|g-recaptcha|h-captcha|captcha-delivery",
        error=AccessDeniedError,
        sentence="{host} asks whether a human is there",
        hint=f"{_BROWSER} Another network may help too.",
    ),
)
"""These stand before services, so they are looked for first."""

ANYWHERE = (
    Row(
        status=511,
        error=AccessDeniedError,
        sentence="this network wants a login before it lets anything through",
        hint="Open any page in a browser and log in to the network.",
    ),
    Row(
        status=451,
        error=AccessDeniedError,
        sentence="{host} may not give this file, for legal reasons",
        hint="It may be open from another country or at another place.",
    ),
    Row(
        status=402,
        error=AccessDeniedError,
        sentence="{host} wants to be paid for this",
        hint="Open its page in a browser.",
    ),
    Row(
        status=509,
        error=RetriesExhaustedError,
        sentence="the owner's allowance of traffic at {host} is used up",
        hint=f"Mostly it begins anew with the day or the month. {KEPT}",
    ),
    Row(
        status=401,
        header=("WWW-Authenticate", "^basic"),
        authorized=False,
        error=AccessDeniedError,
        sentence="{host} wants a user's name and a password",
        hint="Put them into ~/.netrc, or into the address: https://USER:PASSWORD@...",
    ),
    Row(
        status=401,
        header=("WWW-Authenticate", "^basic"),
        authorized=True,
        error=AccessDeniedError,
        sentence="{host} doesn't accept the user's name and password that were sent",
        hint="Check them in the address and in ~/.netrc.",
    ),
)
"""What nobody above has understood better."""
