"""Replaces secrets in the inputs of this pack's nodes by marks before ComfyUI stores a prompt.

ComfyUI writes node inputs into its history, its messages and every image. So each secret is replaced by a mark when the
prompt arrives, also in the attached workflow; the secret itself stays in this process. Equal secrets have equal marks
within one run of ComfyUI, so that its cache keeps working.
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
"""Shorter texts are not treated as secrets, since they occur in too many other texts."""


class Vault:
    """The secrets of this process's prompts, by their marks."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._kept: dict[str, str] = {}

    def cleaned(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message posted to ``/prompt``, with the secrets of this pack's nodes replaced everywhere in it."""
        found = sorted(set(_secrets_in(message)), key=len, reverse=True)
        if not found:
            return message
        marks = {secret: self._mark(secret) for secret in found}
        replaced = re.compile("|".join(map(re.escape, marks)))
        cleaned = _mapped(message, lambda text: replaced.sub(lambda match: marks[match.group()], text))
        if not isinstance(cleaned, dict):
            raise TypeError("a mapped object is an object")
        return cleaned

    def revealed(self, text: str) -> str:
        """The text with its secrets; marks of an earlier run of ComfyUI become empty."""
        return _MARK.sub(lambda match: self._kept.get(match.group(), ""), text)

    def _mark(self, secret: str) -> str:
        mark = "kept-aside-" + hmac.new(self._key, secret.encode(), hashlib.sha256).hexdigest()[:32]
        self._kept[mark] = secret
        return mark


vault = Vault()
"""The vault of this process."""


def _secrets_in(message: dict[str, Any]) -> Iterator[str]:
    """The secrets in the inputs of this pack's nodes, in the prompt and in the workflow."""
    for found in _dictionaries(message):
        inputs = found.get("inputs") if found.get("class_type") in NODES else found if "auth" in found else None
        if isinstance(inputs, dict):
            for secret in _secrets_of(inputs):
                if len(secret) >= _LEAST_CHARACTERS and not _MARK.search(secret):
                    yield secret


def _dictionaries(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All nodes in a message, and all dictionaries that may be inputs of a node."""
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
        # Only the values: "token=" isn't secret, and occurs in other texts.
        yield from (value or name for name, _, value in (pair.partition("=") for pair in auth.split("&")))
    for text in fields.values():
        if isinstance(text, str):
            yield from _TOKEN.findall(text)


def _mapped(value: Any, change: Any) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case str():
            return change(value)
        case dict():
            return {key: _mapped(inner, change) for key, inner in value.items()}
        case list():
            return [_mapped(inner, change) for inner in value]
        case _:
            return value
