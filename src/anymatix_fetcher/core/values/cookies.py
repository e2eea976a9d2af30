"""The cookies that redirects set, kept in memory during one download only (RFC 6265, simplified).

A cookie is returned to the origin that set it only, regardless of its ``Domain``, which suffices for consent pages,
load balancers and sessions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import Headers, parse_date

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Origin, Url

MOST_COOKIES = 50
"""The limit for one origin (RFC 6265, section 6.1)."""
MOST_CHARACTERS = 4096
"""The limit on a cookie's name and value together (as above)."""
LONG_AGO_SECONDS = 86_400.0 * 366
"""A date before this one deletes the cookie, whatever the current time is."""

_PAIR = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([^\x00-\x1f\x7f;,]*)")
_NUMBER = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie, which is sent to paths below ``path``."""

    name: str
    value: str
    path: str

    def fits(self, path: str) -> bool:
        """Whether it is sent to ``path`` (RFC 6265, section 5.1.4)."""
        return path == self.path or path.startswith(self.path if self.path.endswith("/") else f"{self.path}/")


class Cookies:
    """The cookies of one download."""

    def __init__(self) -> None:
        self._kept: dict[Origin, dict[tuple[str, str], Cookie]] = {}

    def take(self, url: Url, headers: Headers) -> None:
        """Stores and deletes cookies as the response from ``url`` states."""
        for field in headers.all("Set-Cookie"):
            self._take_one(url, field, parse_date(headers.get("Date")))

    def added_to(self, headers: Headers, url: Url) -> Headers:
        """``headers`` of a request for ``url`` with the stored cookies, in addition to the given ones."""
        path = url.path or "/"
        fitting = [cookie for cookie in self._kept.get(url.origin, {}).values() if cookie.fits(path)]
        if not fitting:
            return headers
        # The longest path comes first (section 5.4); stored cookies override given ones with the same name.
        pairs = dict.fromkeys(f"{one.name}={one.value}" for one in sorted(fitting, key=lambda one: -len(one.path)))
        names = {one.name for one in fitting}
        given = [pair.strip() for field in headers.all("Cookie") for pair in field.split(";")]
        own = [pair for pair in given if pair and pair.partition("=")[0] not in names]
        others = tuple(field for field in headers if field[0].lower() != "cookie")
        return Headers((*others, ("Cookie", "; ".join((*own, *pairs)))))

    def _take_one(self, url: Url, field: str, now: float | None) -> None:
        first, *rest = field.split(";")
        pair = _PAIR.fullmatch(first.strip())
        if pair is None or len(pair[0]) > MOST_CHARACTERS:
            return
        attributes = {name.strip().lower(): value.strip() for name, _, value in (one.partition("=") for one in rest)}
        if "secure" in attributes and url.origin.scheme != "https":
            return
        path = attributes.get("path", "")
        cookie = Cookie(pair[1], pair[2].strip('"'), path if path.startswith("/") else _folder(url.path))
        kept = self._kept.setdefault(url.origin, {})
        kept.pop((cookie.name, cookie.path), None)
        if (
            not _is_over(attributes, now)
            and _is_own(attributes.get("domain", ""), url.host)
            and len(kept) < MOST_COOKIES
        ):
            kept[cookie.name, cookie.path] = cookie


def _folder(path: str) -> str:
    """The default path of a cookie (RFC 6265, section 5.1.4)."""
    return path.rpartition("/")[0] or "/"


def _is_over(attributes: dict[str, str], now: float | None) -> bool:
    """Whether the cookie is to be deleted; ``Max-Age`` overrides ``Expires``."""
    age = attributes.get("max-age", "")
    if _NUMBER.fullmatch(age):
        return int(age) <= 0
    expires = parse_date(attributes.get("expires"))
    return expires is not None and expires <= (now if now is not None else LONG_AGO_SECONDS)


def _is_own(domain: str, host: str) -> bool:
    """Whether a host may set cookies for the domain that it names."""
    domain = domain.lower().removeprefix(".")
    return not domain or host == domain or host.endswith(f".{domain}")
