"""What the surroundings say to every source: endpoints, and where tokens are found.

Tokens come from environment variables and from the files where the services' own tools keep them. They are read each
time, kept in memory only, and belong to their service's origin; see ``sources.base.Environment``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.base import Environment, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDPOINTS = {
    "civitai": "CIVITAI_ENDPOINT",
    "huggingface": "HF_ENDPOINT",
    "github": "GITHUB_ENDPOINT",
    "github_api": "GITHUB_API_ENDPOINT",
    "modelscope": "MODELSCOPE_ENDPOINT",
}
"""The variable that says where a service is asked instead of at its own address."""

TOKENS = {
    "civitai": ("CIVITAI_API_TOKEN", "CIVITAI_TOKEN", "CIVITAI_API_KEY"),
    "huggingface": ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
    "github": ("GITHUB_TOKEN", "GH_TOKEN"),
    "modelscope": ("MODELSCOPE_API_TOKEN",),
}
"""The variables that hold a service's token, the first one that is set wins."""


def environment(variables: Mapping[str, str] | None = None, home: Path | None = None) -> Environment:
    """What ``variables`` (the process's own by default) and the files that they name say.

    Raises:
        ReferenceSyntaxError: An endpoint isn't a URL.
    """
    variables = os.environ if variables is None else variables
    tokens = {service: token for service in TOKENS if (token := _token(service, variables, home or Path.home()))}
    endpoints = {}
    for service, variable in ENDPOINTS.items():
        text = variables.get(variable, "").strip().rstrip("/")
        if text:
            endpoints[service] = _endpoint(variable, text)
    return Environment(endpoints=endpoints, tokens=tokens)


def _endpoint(variable: str, text: str) -> Url:
    try:
        return Url.parse(text)
    except ValueError as error:
        raise ReferenceSyntaxError(
            f"{variable} isn't an address: {error}", hint="Expected a URL such as https://mirror.example.com."
        ) from None


def _token(service: str, variables: Mapping[str, str], home: Path) -> Secret | None:
    for variable in TOKENS[service]:
        text = variables.get(variable, "").strip()
        if text:
            return Secret(text)
    return _hugging_face_file(variables, home) if service == "huggingface" else None


def _hugging_face_file(variables: Mapping[str, str], home: Path) -> Secret | None:
    """The token that ``hf auth login`` has stored, unless its use unasked was turned off."""
    if variables.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return None
    cache = Path(variables.get("XDG_CACHE_HOME") or home / ".cache")
    folder = Path(variables.get("HF_HOME") or cache / "huggingface")
    path = Path(variables.get("HF_TOKEN_PATH") or folder / "token").expanduser()
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        return None
    return Secret(text) if text else None
