"""Takes secrets out of text that nobody has checked: logs of other layers and tracebacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MASK = "[hidden]"
_SHORTEST_SECRET = 6
# What is redacted already, "?...", keeps what follows it.
_QUERY = re.compile(r"""(\b[a-z][a-z0-9+.-]*://[^\s?#"'<>]*\?)(?!\.\.\.(?![^\s)"'<>]))[^\s"'<>]+""", re.IGNORECASE)
_USERINFO = re.compile(r"""(\b[a-z][a-z0-9+.-]*://)[^\s/?#"'<>@]*(?:@[^\s/?#"'<>@]*)*@""", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"\b(Bearer|Basic|Token)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_PARAMETER = re.compile(
    r"\b((?:token|api[_-]?key|signature|x-amz-[a-z-]+|policy|key-pair-id|password|secret)=)[^\s&\"'<>]+", re.IGNORECASE
)


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
