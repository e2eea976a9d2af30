"""Access control: admits or refuses a request by its head, before its body is read.

A page of another site can make a browser send nearly any request to this machine, to its address or to a name that
resolves to it (DNS rebinding). So ``Host`` has to be an address, ``localhost`` or a configured name, and a request from
another origin is refused, for every path and method.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

BEARER = "Bearer"
WRONG_SECRET_SECONDS = 0.5
"""Delay of the response to a wrong secret. Such requests wait for each other, so parallel guesses gain nothing."""
MOST_WAITING = 32
ANY_ORIGIN = "*"

_ELSEWHERE = frozenset({"cross-site", "same-site"})
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Header fields of every response: the page may load only its own files and may not be framed."""


@dataclass(frozen=True, slots=True)
class Access:
    """The access rules of a server.

    Args:
        secret: The secret that requests have to carry; ``None`` for none.
        allowed_origins: Further origins; their pages are admitted, as in ``https://models.example.org``; ``*`` for all.
    """

    secret: str | None = field(repr=False)
    allowed_origins: frozenset[str] = frozenset()

    def refusal(self, headers: Mapping[str, str], listening: tuple[str, int] | None) -> str | None:
        """Why a request is refused as one of a foreign page; ``None`` if it is admitted.

        Args:
            headers: The request's header; looked up case-insensitively.
            listening: The local address and port of the connection.
        """
        host, origin = headers.get("Host"), headers.get("Origin")
        if host is not None and not self._knows(host):
            return "its Host names no address of this server"
        if origin is not None:
            if self.allows(origin) or origin in own_origins(listening):
                return None
            return "it comes from a page of another origin"
        if headers.get("Sec-Fetch-Site", "").strip().lower() in _ELSEWHERE:
            return "it comes from a page of another site"
        return None

    def allows(self, origin: str) -> bool:
        """Whether pages of another origin are admitted."""
        return origin in self.allowed_origins or ANY_ORIGIN in self.allowed_origins

    def _knows(self, host: str) -> bool:
        """Whether ``Host`` is an address, ``localhost`` or a configured name. Other names could be rebound by DNS."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name == "localhost" or name in {urlsplit(allowed).hostname for allowed in self.allowed_origins}:
            return True
        try:
            ip_address(name.partition("%")[0])
        except ValueError:
            return False
        return True

    def knows_secret(self, secret: str | None) -> bool:
        """Whether ``secret`` is right, compared in constant time."""
        if self.secret is None:
            return True
        return hmac.compare_digest((secret or "").encode("utf-8", "replace"), self.secret.encode("utf-8"))


def own_origins(listening: tuple[str, int] | None) -> frozenset[str]:
    """The origins of the server's own page, as a browser writes them, for this local address and port."""
    if listening is None:
        return frozenset()
    address, port = ip_address(listening[0].partition("%")[0]), listening[1]
    mapped = getattr(address, "ipv4_mapped", None) or address
    names = {str(mapped) if mapped.version == 4 else f"[{mapped}]"}  # noqa: PLR2004 - IPv4
    if mapped.is_loopback:
        names |= {"127.0.0.1", "localhost", "[::1]"}
    return frozenset(f"http://{name}" + ("" if port == 80 else f":{port}") for name in names)  # noqa: PLR2004 - http's


def bearer_of(headers: Mapping[str, str]) -> str | None:
    """The secret in the ``Authorization`` field (RFC 6750, section 2.1), or ``None``."""
    scheme, _, secret = headers.get("Authorization", "").strip().partition(" ")
    return secret.strip() if scheme.lower() == BEARER.lower() and secret else None


class Penalty:
    """The delay for wrong secrets, served one after the other for all clients."""

    def __init__(self, seconds: float = WRONG_SECRET_SECONDS) -> None:
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def serve(self) -> bool:
        """Waits for the delay; returns false at once if too many requests wait already."""
        if self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        try:
            async with self._turn:
                await asyncio.sleep(self._seconds)
        finally:
            self._waiting -= 1
        return True
