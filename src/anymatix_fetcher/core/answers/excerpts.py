"""Extracts the reason from an error's body: one short line without queries, tokens and markup."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.values.http import Request

MAX_REASON_LENGTH = 200
SHORTEST_SECRET = 4
"""Shorter words of a header or query aren't secrets; removing them would make sentences unreadable."""

_WEB_PAGE = re.compile(r"<html|<!doctype html", re.IGNORECASE)
_XML_REASON = re.compile(r"<(?:Code|Message)>\s*([^<]{1,300})", re.IGNORECASE)
_QUERY = re.compile(r"\?\S*")
_USERINFO = re.compile(r"//[^/\s]*@")
_SECRET = re.compile(
    r"(?i)(?<![\w-])([\w-]*(?:bearer|basic|token|signature|sig|key|password|passwd|secret|credential))\b"
    r"(?:[\"']?\s*[=:]\s*[\"']?(?:(?:bearer|basic)\s+)?|\s+)\S+"
)


def reason_in(excerpt: str, request: Request) -> str:
    """The reason in an error's body, in at most 200 characters; empty for web pages.

    Args:
        excerpt: The beginning of the body.
        request: The request. Its secrets are removed if the server repeats them.
    """
    text = excerpt.strip()
    if _WEB_PAGE.search(text):
        return ""
    if text.startswith("{"):
        text = _json_reason(text)
    elif text.startswith("<"):
        text = ": ".join(found.strip() for found in _XML_REASON.findall(text)[:2])
    for secret in sorted(set(_secrets_of(request)), key=len, reverse=True):
        text = text.replace(secret, "...")
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    text = _SECRET.sub(r"\1 ...", _USERINFO.sub("//", _QUERY.sub("?...", text)))
    return text if len(text) <= MAX_REASON_LENGTH else text[: MAX_REASON_LENGTH - 3] + "..."


def _json_reason(text: str) -> str:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    found = [document.get(key) for key in ("error", "message", "detail", "error_description", "code")]
    return ": ".join(value for value in found if isinstance(value, str) and value)


def _secrets_of(request: Request) -> Iterator[str]:
    """The words of the request's header values, query and userinfo, both encoded and decoded."""
    texts = [value for _, value in request.headers]
    texts += [request.url.reveal().partition("?")[2], *(request.url.credentials or ())]
    texts += [part for value in request.headers.all("Authorization") for part in _basic_credentials(value)]
    for text in texts:
        for word in (text, *re.split(r"[\s&=;,\"]+", text)):
            yield from (form for form in (word, unquote(word)) if len(form) >= SHORTEST_SECRET)


def _basic_credentials(value: str) -> tuple[str, ...]:
    """User and password in a Basic ``Authorization`` (RFC 7617), which a server may repeat decoded."""
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        return tuple(base64.b64decode(encoded).decode().split(":", 1))
    except ValueError:
        return ()
