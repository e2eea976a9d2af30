"""Secrets in the inputs of our nodes: taken out of a prompt before ComfyUI keeps it, and put back when a node runs.

ComfyUI writes inputs of nodes into its history, into its messages and into every image. So each secret gives way to a
mark as soon as the prompt comes in, also in the workflow that comes along; the secret itself stays in this process. The
same secret has the same mark while it runs, so that what is cached stays so.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NODES = frozenset({"AnymatixFetcher", "AnymatixCheckpointFetcher", "AnymatixFetchModel"})
_MARK = re.compile(r"kept-aside-[0-9a-f]{32}")
_TOKEN = re.compile(r"(?<=[?&])(?:token|api_key|apikey|access_token)=([^&#\s]+)", re.IGNORECASE)
_LEAST_CHARACTERS = 4
"""A shorter text is no secret, and stands in too many others."""


class Vault:
    """The secrets that were taken out of prompts, by their marks."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._kept: dict[str, str] = {}

    def cleaned(self, message: dict[str, Any]) -> dict[str, Any]:
        """What a page has posted to ``/prompt``, without secrets of our nodes, wherever they stand in it."""
        found = sorted(set(_secrets_in(message)), key=len, reverse=True)
        if not found:
            return message
        marks = {secret: self._mark(secret) for secret in found}
        replaced = re.compile("|".join(map(re.escape, marks)))
        cleaned = _mapped(message, lambda text: replaced.sub(lambda match: marks[match.group()], text))
        if not isinstance(cleaned, dict):
            raise TypeError("an object stays one")
        return cleaned

    def revealed(self, text: str) -> str:
        """The text with its secrets; marks of an earlier run of ComfyUI stand for nothing any more."""
        return _MARK.sub(lambda match: self._kept.get(match.group(), ""), text)

    def _mark(self, secret: str) -> str:
        mark = "kept-aside-" + hmac.new(self._key, secret.encode(), hashlib.sha256).hexdigest()[:32]
        self._kept[mark] = secret
        return mark


vault = Vault()
"""The one of this process."""


def _secrets_in(message: dict[str, Any]) -> Iterator[str]:
    """The secrets in the inputs of our nodes, and in what such nodes hold in the workflow."""
    for found in _dictionaries(message):
        inputs = found.get("inputs") if found.get("class_type") in NODES else found if "auth" in found else None
        if isinstance(inputs, dict):
            for secret in _secrets_of(inputs):
                if len(secret) >= _LEAST_CHARACTERS and not _MARK.search(secret):
                    yield secret


def _dictionaries(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes of a prompt, and every dictionary in it or beside it that may be the input of one."""
    waiting: list[Any] = [message]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_type" in value or {"url", "auth"} <= value.keys():
                yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _secrets_of(fields: dict[str, Any]) -> Iterable[str]:
    auth = fields.get("auth")
    if isinstance(auth, str):
        # The values alone: "token=" says nothing, and stands in other texts, too.
        yield from (value or name for name, _, value in (pair.partition("=") for pair in auth.split("&")))
    for text in fields.values():
        if isinstance(text, str):
            yield from _TOKEN.findall(text)


def _mapped(value: Any, change: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    match value:
        case str():
            return change(value)
        case dict():
            return {key: _mapped(inner, change) for key, inner in value.items()}
        case list():
            return [_mapped(inner, change) for inner in value]
        case _:
            return value
