"""Takes secrets out of text that nobody has checked: logs of other layers and tracebacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MASK = "[hidden]"
_SHORTEST_SECRET = 6
# What is redacted already, "?...", keeps what follows it.
_QUERY = re.compile(r"""(\b[a-z][a-z0-9+.-]*://[^\s?#"'<>]*\?)(?!\.\.\.(?![^\s)"'<>]))[^\s"'<>]+""", re.IGNORECASE)
_USERINFO = re.compile(r"""(\b[a-z][a-z0-9+.-]*://)[^\s/?#"'<>@]*(?:@[^\s/?#"'<>@]*)*@""", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"\b(Bearer|Basic|Token)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_PARAMETER = re.compile(
    r"\b((?:token|api[_-]?key|signature|x-amz-[a-z-]+|policy|key-pair-id|password|secret)=)[^\s&\"'<>]+", re.IGNORECASE
)


_TELLING = re.compile(r"token|key|sig|secret|passw|credential|auth|policy", re.IGNORECASE)
"""Names of parameters whose values are secrets wherever they stand; others say which file is meant."""


def secrets_in(address: str) -> Iterator[str]:
    """What is secret in an address that somebody typed, a proxy's too: the query, the password, and tokens in either.

    They are given as they stand and decoded; what can't be read as an address is looked through all the same.
    """
    place, _, query = address.partition("#")[0].partition("?")
    userinfo = place.partition("://")[2].rpartition("@")[0]
    user, _, password = userinfo.partition(":")
    values = [parameter.partition("=")[2] for parameter in query.split("&") if _TELLING.search(parameter)]
    for text in (query, userinfo, password or user, *values):
        yield from filter(None, dict.fromkeys((text, unquote(text), unquote_plus(text))))


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` without queries and userinfo of URLs, credentials, and each of ``secrets`` wherever it stands."""
    # Longest first: a secret that contains another one would leave its rest behind.
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, _MASK)
    text = _QUERY.sub(r"\1...", text)
    text = _USERINFO.sub(rf"\1{_MASK}@", text)
    text = _AUTHORIZATION.sub(rf"\1 {_MASK}", text)
    return _PARAMETER.sub(rf"\1{_MASK}", text)
