"""Credentials as header fields."""

from __future__ import annotations

import base64
import re

from anymatix_fetcher.core.values.http import Headers

_TOKEN = re.compile(r"[!-~]+")


def basic(user: str, password: str) -> str:
    """Credentials of the scheme Basic (RFC 7617), in UTF-8."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode('ascii')}"


def basic_authorization(user: str, password: str) -> Headers:
    """The ``Authorization`` field of the scheme Basic."""
    return Headers((("Authorization", basic(user, password)),))


def bearer_authorization(token: str) -> Headers:
    """The ``Authorization`` field of the scheme Bearer (RFC 6750, section 2.1).

    Raises:
        ValueError: The token has invalid characters: a space, a line break, or non-ASCII.
    """
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token has characters in it that no token has")
    return Headers((("Authorization", f"Bearer {token}"),))
