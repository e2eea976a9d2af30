"""The environment of all sources: endpoints, tokens, and the signer for S3."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.credentials import bearer_authorization
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.ip_addresses import private_is_allowed
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine import forms
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.accounts import ACCOUNTS
from anymatix_fetcher.sources.base import Environment
from anymatix_fetcher.wiring.credentials import tokens
from anymatix_fetcher.wiring.netrc_file import NetrcFile
from anymatix_fetcher.wiring.signing import signer
from anymatix_fetcher.wiring.state_folder import SECRET_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""The variables that name the first S3 region to ask."""

PEERS_VARIABLE = "ANYFETCH_PEERS"


def environment(variables: Mapping[str, str] | None = None, home: Path | None = None) -> Environment:
    """The environment described by ``variables`` (the process's own by default) and the files that they name.

    Raises:
        ReferenceSyntaxError: An endpoint isn't a URL.
    """
    variables = os.environ if variables is None else variables
    endpoints = {}
    for service, names in _endpoint_variables():
        variable, text = _first(names, variables)
        if text:
            endpoints[service] = _endpoint(variable, text.rstrip("/"))
    _, region = _first(REGIONS, variables)
    return Environment(
        endpoints=endpoints,
        tokens=tokens(variables, home),
        region=region,
        sign=signer(variables, home),
        logins=NetrcFile(variables, home or Path.home()),
        peers=tuple(forms.peer(text) for text in variables.get(PEERS_VARIABLE, "").split(",") if text.strip()),
        peer_headers=_peer_headers(variables.get(SECRET_VARIABLE, "").strip()),
        allows_private=private_is_allowed(variables),
    )


def _peer_headers(secret: str) -> Headers:
    try:
        return bearer_authorization(secret) if secret else Headers()
    except ValueError:
        raise ReferenceSyntaxError(
            f"{SECRET_VARIABLE} is no secret", hint="A secret has letters, digits and signs of ASCII, and no space."
        ) from None


def _endpoint_variables() -> Iterator[tuple[str, tuple[str, ...]]]:
    for account in ACCOUNTS.values():
        yield account.name, account.endpoint_variables
        yield account.api_name, account.api_endpoint_variables


def _first(names: tuple[str, ...], variables: Mapping[str, str]) -> tuple[str, str]:
    """The first variable that is set, and its value; empty if none is."""
    return next(((name, text) for name in names if (text := variables.get(name, "").strip())), ("", ""))


def _endpoint(variable: str, text: str) -> Url:
    try:
        return Url.parse(text)
    except ValueError as error:
        raise ReferenceSyntaxError(
            f"{variable} isn't a URL: {error}", hint="Expected a URL such as https://mirror.example.com."
        ) from None
