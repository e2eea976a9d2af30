"""Removes secrets from text: certain ones from our own messages, possible ones from logs and tracebacks.

Text from servers is redacted when it is received (``core.answers.excerpts``), so our messages hold no secrets. This
second pass must not change a message, although a password may be an ordinary word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MASK = "[hidden]"
_SHORTEST_SECRET = 6
_ORDINARY = re.compile(
    r"(?:[a-z]{1,15}|[A-Z][a-z]{1,14}|[A-Z]{1,15})(?:[-_./:' ]+(?:[a-z]{1,15}|[A-Z][a-z]{1,14}|[A-Z]{1,15}))*"
)
"""Words, names and paths that occur in messages, and sometimes as passwords."""
# An already redacted "?..." keeps the text that follows it.
_QUERY = re.compile(r"""(\b[a-z][a-z0-9+.-]*://[^\s?#"'<>]*\?)(?!\.\.\.(?![^\s)"'<>,;:]))[^\s"'<>]+""", re.IGNORECASE)
_USERINFO = re.compile(
    r"""(\b[a-z][a-z0-9+.-]*://)(?!USER:PASSWORD@)[^\s/?#"'<>@]*(?:@[^\s/?#"'<>@]*)*@""", re.IGNORECASE
)
_FIELD = re.compile(
    r"""(\bauthorization["']?\s*[:=,]\s*["']?(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=-]{4,}""", re.IGNORECASE
)
_CREDENTIAL = re.compile(
    r"\b(Bearer|Basic|Token)(\s+)(?=[A-Za-z._~+/=-]*[0-9_=+~])[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE
)
"""An authentication scheme followed by something that isn't a word."""
_PARAMETER = re.compile(
    r"\b((?:token|api[_-]?key|signature|x-amz-[a-z-]+|policy|key-pair-id|password|secret)=)(?!\.\.\.)[^\s&\"'<>]+",
    re.IGNORECASE,
)


_TELLING = re.compile(r"token|key|sig|secret|passw|credential|auth|policy", re.IGNORECASE)
"""Names of parameters with secret values; other parameters identify the file."""
_PUBLIC_FIELDS = frozenset({"accept", "accept-language", "origin", "user-agent"})


def secrets_in(address: str) -> Iterator[str]:
    """The secrets in a URL that the user typed, including a proxy's: the query, the password, and tokens in either.

    They are returned both encoded and decoded. Text that isn't a valid URL is searched as well.
    """
    place, _, query = address.partition("#")[0].partition("?")
    userinfo = place.partition("://")[2].rpartition("@")[0]
    user, _, password = userinfo.partition(":")
    values = [parameter.partition("=")[2] for parameter in query.split("&") if _TELLING.search(parameter)]
    for text in (query, userinfo, password or user, *values):
        yield from filter(None, dict.fromkeys((text, unquote(text), unquote_plus(text))))


def secrets_in_field(name: str, value: str) -> Iterator[str]:
    """The secrets in a header field that the user adds: its value, except in fields for content negotiation."""
    if name.lower() == "referer":
        yield from secrets_in(value)
    elif name.lower() not in _PUBLIC_FIELDS:
        yield from filter(None, (value, value.rpartition(" ")[2]))


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Our own message without URLs' queries and userinfo, credentials, and ``secrets`` that aren't ordinary words."""
    return _redacted(text, (secret for secret in secrets if not _ORDINARY.fullmatch(secret)))


def redact_log(text: str, secrets: Iterable[str] = ()) -> str:
    """Unchecked text, such as a log or a traceback, redacted likewise and without any of ``secrets``."""
    return _redacted(text, secrets)


def _redacted(text: str, secrets: Iterable[str]) -> str:
    # Longest first: a secret within a longer one would leave the rest of that behind.
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, _MASK)
    text = _QUERY.sub(r"\1...", text)
    text = _USERINFO.sub(rf"\1{_MASK}@", text)
    text = _FIELD.sub(rf"\1{_MASK}", text)
    text = _CREDENTIAL.sub(rf"\1\2{_MASK}", text)
    return _PARAMETER.sub(rf"\1{_MASK}", text)
