"""Who may ask: decided from a request's head, before anything else of it is read. Pure but for the time that it costs.

A page of another site can make a browser send nearly any request to this machine: to its address, or to a name of that
site that leads there (DNS rebinding). So the Host has to be an address, ``localhost`` or a name that was told, and a
request that says that it comes from another origin is refused, on every path and whatever its method.
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
"""What a wrong secret costs; such requests wait for each other, so that many at a time gain nothing."""
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
"""Of every answer: the page may load only what is its own, and stand in no frame."""


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one server.

    Args:
        secret: What requests have to know; ``None`` where anybody may ask who gets as far as here.
        allowed_origins: Other origins whose pages may ask, as browsers write them: ``https://models.example.org``;
            ``*`` is all of them.
    """

    secret: str | None = field(repr=False)
    allowed_origins: frozenset[str] = frozenset()

    def refusal(self, headers: Mapping[str, str], listening: tuple[str, int] | None) -> str | None:
        """Why a request is refused that comes from a page of another site; ``None`` where it isn't.

        Args:
            headers: The request's fields; names in any case.
            listening: The address and port that it came to.
        """
        host, origin = headers.get("Host"), headers.get("Origin")
        if host is not None and not self._knows(host):
            return "it was sent to a name that this server doesn't know"
        if origin is not None:
            if self.allows(origin) or origin in own_origins(listening):
                return None
            return "it comes from a page of another origin"
        if headers.get("Sec-Fetch-Site", "").strip().lower() in _ELSEWHERE:
            return "it comes from a page of another site"
        return None

    def allows(self, origin: str) -> bool:
        """Whether pages of another origin may ask."""
        return origin in self.allowed_origins or ANY_ORIGIN in self.allowed_origins

    def _knows(self, host: str) -> bool:
        """Whether a Host names this server: an address can't be rebound, a name can unless it was told."""
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
        """Whether ``secret`` is the right one, in the same time for every wrong one."""
        if self.secret is None:
            return True
        return hmac.compare_digest((secret or "").encode("utf-8", "replace"), self.secret.encode("utf-8"))


def own_origins(listening: tuple[str, int] | None) -> frozenset[str]:
    """How a browser writes the origin of a page of this server, which it was asked for at that address."""
    if listening is None:
        return frozenset()
    address, port = ip_address(listening[0].partition("%")[0]), listening[1]
    mapped = getattr(address, "ipv4_mapped", None) or address
    names = {str(mapped) if mapped.version == 4 else f"[{mapped}]"}  # noqa: PLR2004 - IPv4
    if mapped.is_loopback:
        names |= {"127.0.0.1", "localhost", "[::1]"}
    return frozenset(f"http://{name}" + ("" if port == 80 else f":{port}") for name in names)  # noqa: PLR2004 - http's


def bearer_of(headers: Mapping[str, str]) -> str | None:
    """The secret that a request brings in its ``Authorization`` field (RFC 6750, section 2.1)."""
    scheme, _, secret = headers.get("Authorization", "").strip().partition(" ")
    return secret.strip() if scheme.lower() == BEARER.lower() and secret else None


class Penalty:
    """What a wrong secret costs: time. One guess after the other, from wherever they come."""

    def __init__(self, seconds: float = WRONG_SECRET_SECONDS) -> None:
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def serve(self) -> bool:
        """Lets the time pass; false at once where too many wait already."""
        if self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        try:
            async with self._turn:
                await asyncio.sleep(self._seconds)
        finally:
            self._waiting -= 1
        return True
