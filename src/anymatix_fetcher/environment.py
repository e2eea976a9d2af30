"""What the surroundings say to every source: endpoints and tokens."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anymatix_fetcher.core.urls import Url
from anymatix_fetcher.credentials import tokens
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.base import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENDPOINTS = {
    "civitai": "CIVITAI_ENDPOINT",
    "huggingface": "HF_ENDPOINT",
    "github": "GITHUB_ENDPOINT",
    "github_api": "GITHUB_API_ENDPOINT",
    "modelscope": "MODELSCOPE_ENDPOINT",
}
"""The variable that says where a service is asked instead of at its own address."""


def environment(variables: Mapping[str, str] | None = None, home: Path | None = None) -> Environment:
    """What ``variables`` (the process's own by default) and the files that they name say.

    Raises:
        ReferenceSyntaxError: An endpoint isn't a URL.
    """
    variables = os.environ if variables is None else variables
    endpoints = {}
    for service, variable in ENDPOINTS.items():
        text = variables.get(variable, "").strip().rstrip("/")
        if text:
            endpoints[service] = _endpoint(variable, text)
    return Environment(endpoints=endpoints, tokens=tokens(variables, home))


def _endpoint(variable: str, text: str) -> Url:
    try:
        return Url.parse(text)
    except ValueError as error:
        raise ReferenceSyntaxError(
            f"{variable} isn't an address: {error}", hint="Expected a URL such as https://mirror.example.com."
        ) from None
