"""Access control for the pack's routes, by a request's head. Pure.

ComfyUI has no secret, so every client that reaches its port may use it, but a page of another site must not do so
through
a browser. ``--enable-cors-header`` applies to ComfyUI's own routes only: these routes require the same origin, or one
that the operator has named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

ORIGINS_VARIABLE = "ANYFETCH_ALLOW_ORIGIN"
"""Origins with pages that may use the routes, separated by commas or spaces: ``https://models.example.org``."""

_ELSEWHERE = frozenset({"cross-site", "same-site"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class RouteRefusal:
    """Why a request is refused.

    Args:
        status: The HTTP status.
        code: The error code for programs.
        message: What happened and what to do about it.
    """

    status: int
    code: str
    message: str


def origins_of(environment: Mapping[str, str]) -> frozenset[str]:
    """The origins that the operator allows."""
    told = environment.get(ORIGINS_VARIABLE, "").replace(",", " ").split()
    return frozenset(origin.rstrip("/").lower() for origin in told)


def refusal(
    method: str, headers: Mapping[str, str], allowed: frozenset[str], *, body_type: str = "application/json"
) -> RouteRefusal | None:
    """Why a request is refused; ``None`` if it is accepted.

    A request without ``Origin`` that isn't marked as cross-site doesn't come from a page and is accepted.
    Another site can send a form without a CORS preflight, but not without its own ``Origin``.

    Args:
        method: The request's method.
        headers: The request's header; looked up case-insensitively.
        allowed: The origins that the operator allows.
        body_type: The required media type of a body.
    """
    origin = headers.get("Origin")
    if origin is not None:
        is_own = _is_own(origin, headers.get("Host", ""))
        if not (is_own or origin.rstrip("/").lower() in allowed):
            return _foreign("it comes from a page of another origin")
    if origin is None or _is_own(origin, headers.get("Host", "")):
        site = headers.get("Sec-Fetch-Site", "").strip().lower()
        if site in _ELSEWHERE:
            return _foreign("it comes from a page of another site")
    if method in _WITH_BODY and _type_of(headers) != body_type:
        return RouteRefusal(415, "UNSUPPORTED_MEDIA_TYPE", f"the request is refused: its body has to be {body_type}")
    return None


def _foreign(reason: str) -> RouteRefusal:
    return RouteRefusal(403, "FOREIGN_ORIGIN", f"the request is refused: {reason}; {ORIGINS_VARIABLE} allows an origin")


def _type_of(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _is_own(origin: str, host: str) -> bool:
    """Whether an origin is the server's own; the scheme may differ behind a proxy."""
    try:
        page, own = urlsplit(origin), urlsplit(f"//{host}")
        if page.scheme not in _DEFAULT_PORTS or page.hostname is None or page.hostname != own.hostname:
            return False
        return page.port == own.port or (page.port or _DEFAULT_PORTS[page.scheme]) == (
            own.port or _DEFAULT_PORTS[page.scheme]
        )
    except ValueError:
        return False
