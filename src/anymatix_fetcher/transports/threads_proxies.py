"""Which proxy a request goes through, by the settings or by the environment as libcurl reads it.

The standard library's ``urllib.request.getproxies`` differs: it knows no networks in ``NO_PROXY``, and asks the
registry of Windows. See https://curl.se/libcurl/c/CURLOPT_PROXY.html and ``CURLOPT_NOPROXY``.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from anymatix_fetcher.core.failures import FailureKind
from anymatix_fetcher.transports.threads_failures import BrokenExchangeError

if TYPE_CHECKING:
    from anymatix_fetcher.core.urls import Origin

_PROXY = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?"
    r"(?:(?P<userinfo>[^/]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/@]+)"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)
_DEFAULT_PORTS = {"http": 1080, "https": 443, "socks5": 1080, "socks5h": 1080}
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where to go instead of straight to the origin; user and password are empty where it wants none."""

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Proxy:
        """The proxy that ``[scheme://][user[:password]@]host[:port]`` names.

        Raises:
            BrokenExchangeError: It can't be read, or is of a kind that we don't speak.
        """
        parts = _PROXY.fullmatch(text)
        scheme = (parts["scheme"] or "http").lower() if parts else ""
        if parts is None or scheme not in _DEFAULT_PORTS:
            said = "the proxy's scheme isn't http, https, socks5 or socks5h" if parts else "the proxy can't be read"
            raise BrokenExchangeError(FailureKind.UNUSABLE, said)
        port = int(parts["port"] or _DEFAULT_PORTS[scheme])
        if not 0 < port <= _MAX_PORT:
            raise BrokenExchangeError(FailureKind.UNUSABLE, "the proxy's port can't be read")
        user, _, password = (parts["userinfo"] or "").partition(":")
        return cls(scheme, parts["host"].strip("[]"), port, unquote(user), unquote(password))

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, and not HTTP."""
        return self.scheme.startswith("socks")


def proxy_for(origin: Origin, setting: str | None) -> Proxy | None:
    """The proxy for requests to ``origin``; ``None`` where there is none between.

    The setting is a proxy's URL, which stands above ``NO_PROXY``; "" for none; ``None`` to follow the environment.

    Raises:
        BrokenExchangeError: The proxy can't be used.
    """
    if setting is not None:
        return Proxy.parse(setting) if setting else None
    # In CGI "HTTP_PROXY" is a client's header: capitals count for the other names only.
    names = ("http_proxy",) if origin.scheme == "http" else ("https_proxy", "HTTPS_PROXY")
    found = _first_of(*names, "all_proxy", "ALL_PROXY")
    if not found or is_excepted(origin, _first_of("no_proxy", "NO_PROXY")):
        return None
    return Proxy.parse(found)


def is_excepted(origin: Origin, exceptions: str) -> bool:
    """Whether the list of ``NO_PROXY`` names the origin: ``*``, a domain, an address, a network, each with a port."""
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


def _first_of(*names: str) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), "")
