"""Selects the proxy for a request, by the settings or the environment, in the same way for every transport.

libcurl and the standard library's ``urllib.request`` parse the environment differently: one ignores ``HTTP_PROXY`` and
ports in ``NO_PROXY``, the other networks in it. Therefore neither is used.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Origin

_PROXY = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?"
    r"(?:(?P<userinfo>[^/]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/@]+)"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)
PROXY_VARIABLES = tuple(
    name for scheme in ("http", "https", "all") for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper())
)
"""The variables that may contain a proxy and its password."""
_DEFAULT_PORTS = {"http": 1080, "https": 443, "socks5": 1080, "socks5h": 1080}
_MAX_PORT = 65_535


class UnusableProxyError(ValueError):
    """The proxy can't be used; the message is a clause without its URL."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; user and password are empty if it needs none."""

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Proxy:
        """Parses ``[scheme://][user[:password]@]host[:port]``.

        Raises:
            UnusableProxyError: It can't be parsed, or its kind isn't supported.
        """
        parts = _PROXY.fullmatch(text)
        scheme = (parts["scheme"] or "http").lower() if parts else ""
        if parts is None or scheme not in _DEFAULT_PORTS:
            said = "the proxy's scheme isn't http, https, socks5 or socks5h" if parts else "the proxy can't be read"
            raise UnusableProxyError(said)
        port = int(parts["port"] or _DEFAULT_PORTS[scheme])
        if not 0 < port <= _MAX_PORT:
            raise UnusableProxyError("the proxy's port can't be read")
        user, _, password = (parts["userinfo"] or "").partition(":")
        return cls(scheme, parts["host"].strip("[]"), port, unquote(user), unquote(password))

    @property
    def address(self) -> str:
        """Its URL, without user and password."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def is_socks(self) -> bool:
        """Whether it is a SOCKS proxy rather than an HTTP proxy."""
        return self.scheme.startswith("socks")


def proxy_for(origin: Origin, setting: str | None) -> Proxy | None:
    """The proxy for requests to ``origin``; ``None`` for a direct connection.

    The setting is a proxy's URL, which overrides ``NO_PROXY``; "" for none; ``None`` to follow the environment.

    Raises:
        UnusableProxyError: The proxy can't be used.
    """
    if setting is not None:
        return Proxy.parse(setting) if setting else None
    found = _variable(f"{origin.scheme}_proxy")
    found = _variable("all_proxy") if found is None else found
    return Proxy.parse(found) if found and not is_excepted(origin, _variable("no_proxy") or "") else None


def is_excepted(origin: Origin, exceptions: str) -> bool:
    """Whether ``NO_PROXY`` contains the origin: ``*``, a domain, an address, or a network, with an optional port."""
    return any(_matches(origin, exception) for exception in re.split(r"[,\s]+", exceptions) if exception)


def _matches(origin: Origin, exception: str) -> bool:
    if exception == "*":
        return True
    try:
        address = ipaddress.ip_address(origin.host)
    except ValueError:
        name, _, port = exception.partition(":")
        domain, host = name.lower().strip("."), origin.host.rstrip(".")
        named = bool(domain) and (host == domain or host.endswith(f".{domain}"))
        return named and port in ("", str(origin.port))
    try:
        return address in ipaddress.ip_network(exception.strip("[]"), strict=False)
    except ValueError:
        name, _, port = exception.rpartition(":")
        return name.strip("[]") == str(address) and port == str(origin.port)


def _variable(name: str) -> str | None:
    """The variable's value, in lower case before upper case; ``None`` if neither is set.

    In a CGI process, ``HTTP_PROXY`` holds the request's ``Proxy`` field, which clients control, so it is ignored.
    """
    names = (name,) if name == "http_proxy" and "REQUEST_METHOD" in os.environ else (name, name.upper())
    return next((os.environ[one].strip() for one in names if one in os.environ), None)
