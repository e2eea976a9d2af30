"""Who may ask our routes: decided from a request's head. Pure.

ComfyUI has no secret, and whoever reaches its port may use it; but a page of another site must not, by a browser that
reaches it. What ``--enable-cors-header`` lets in counts for ComfyUI's own routes: ours ask for the page's own origin,
or one that the operator has named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

ORIGINS_VARIABLE = "ANYFETCH_ALLOW_ORIGIN"
"""Origins whose pages may use our routes, with commas or spaces between them: ``https://models.example.org``."""

_ELSEWHERE = frozenset({"cross-site", "same-site"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class RouteRefusal:
    """Why a request is refused.

    Args:
        status: Of the answer.
        code: A word for programs.
        message: For people, with what to do about it.
    """

    status: int
    code: str
    message: str


def origins_of(environment: Mapping[str, str]) -> frozenset[str]:
    """The origins that the operator lets in."""
    told = environment.get(ORIGINS_VARIABLE, "").replace(",", " ").split()
    return frozenset(origin.rstrip("/").lower() for origin in told)


def refusal(
    method: str, headers: Mapping[str, str], allowed: frozenset[str], *, body_type: str = "application/json"
) -> RouteRefusal | None:
    """Why a request is refused; ``None`` where it is taken.

    A request without ``Origin`` that isn't marked as another site's comes from no page: it is taken.

    Args:
        method: The request's.
        headers: Its fields; names in any case.
        allowed: Origins that the operator lets in.
        body_type: What a body has to be: a type that a form or a script of another site can't send unasked.
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
    return RouteRefusal(403, "FOREIGN_ORIGIN", f"the request is refused: {reason}; {ORIGINS_VARIABLE} lets one in")


def _type_of(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _is_own(origin: str, host: str) -> bool:
    """Whether an origin is that of the page which the server itself has given; the scheme may be a proxy's."""
    try:
        page, own = urlsplit(origin), urlsplit(f"//{host}")
        if page.scheme not in _DEFAULT_PORTS or page.hostname is None or page.hostname != own.hostname:
            return False
        return page.port == own.port or (page.port or _DEFAULT_PORTS[page.scheme]) == (
            own.port or _DEFAULT_PORTS[page.scheme]
        )
    except ValueError:
        return False
