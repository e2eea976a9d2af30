"""A request as the bytes that go over the wire, and the credentials that a netrc file adds to it."""

from __future__ import annotations

import base64
import logging
import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.failures import FailureKind
from anymatix_fetcher.core.urls import DEFAULT_PORTS
from anymatix_fetcher.transports.threads_failures import BrokenExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.http import Request
    from anymatix_fetcher.core.urls import Origin
    from anymatix_fetcher.transports.threads_proxies import Proxy

log = logging.getLogger("anymatix_fetcher.transports")


class NetrcFile:
    """The user's netrc file, read when it is first needed."""

    def credentials(self, host: str) -> tuple[str, str] | None:
        """User and password for the host; ``None`` where the file has none."""
        return self._entries.get(host) or self._entries.get("default")

    @cached_property
    def _entries(self) -> dict[str, tuple[str, str]]:
        from netrc import NetrcParseError, netrc  # noqa: PLC0415 - few requests need it

        default = "~/_netrc" if sys.platform == "win32" else "~/.netrc"
        place = Path(os.environ.get("NETRC") or default).expanduser()
        if not place.is_file():
            return {}
        try:
            hosts = netrc(os.fspath(place)).hosts
        except (OSError, UnicodeError, NetrcParseError):
            # Its text may hold passwords, and most downloads need none.
            log.warning("the netrc file can't be read, and is left aside")
            return {}
        return {host: (user, password or "") for host, (user, _account, password) in hosts.items()}


def request_bytes(request: Request, *, user_agent: str, netrc: NetrcFile | None, forwarder: Proxy | None) -> bytes:
    """The request's head. ``forwarder`` is the HTTP proxy that gets it in the origin's place, where there is one.

    Raises:
        BrokenExchangeError: A field has characters that can't be sent.
    """
    origin = request.url.origin
    target = _target(request.url.reveal())
    if forwarder is not None:
        target = f"{origin.scheme}://{host_field(origin)}{target}"
    fields = [("Host", host_field(origin)), *_fields(request, user_agent)]
    credentials = _credentials(request, netrc)
    if credentials is not None:
        fields.append(("Authorization", basic(*credentials)))
    if forwarder is not None and forwarder.user:
        fields.append(("Proxy-Authorization", basic(forwarder.user, forwarder.password)))
    return b"\r\n".join((f"GET {target} HTTP/1.1".encode(), *map(_line, fields), b"", b""))


def host_field(origin: Origin) -> str:
    """The host as requests name it: without the default port, and without the zone, which means nothing elsewhere."""
    host = origin.host.partition("%")[0]
    host = f"[{host}]" if ":" in host else host
    return host if DEFAULT_PORTS.get(origin.scheme) == origin.port else f"{host}:{origin.port}"


def basic(user: str, password: str) -> str:
    """Credentials of the scheme Basic (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode('ascii')}"


def _fields(request: Request, user_agent: str) -> Iterator[tuple[str, str]]:
    given = {name.lower() for name, _ in request.headers}
    yield from request.wire_headers
    for name, value in (("User-Agent", user_agent), ("Accept", "*/*"), ("Accept-Encoding", "identity")):
        if name.lower() not in given:
            yield name, value


def _credentials(request: Request, netrc: NetrcFile | None) -> tuple[str, str] | None:
    if request.headers.get("Authorization") is not None:
        return None
    if request.url.credentials is not None or netrc is None or not request.netrc_allowed:
        return request.url.credentials
    return netrc.credentials(request.url.host)


def _target(address: str) -> str:
    """The origin form of RFC 9112, section 3.2.1, byte for byte as in the URL: re-encoding breaks signatures."""
    rest = address[address.index("://") + 3 :]
    starts = [index for index in (rest.find("/"), rest.find("?")) if index >= 0]
    target = rest[min(starts) :] if starts else "/"
    return target if target.startswith("/") else f"/{target}"


def _line(field: tuple[str, str]) -> bytes:
    try:
        line = f"{field[0]}: {field[1]}".encode("latin-1")
    except UnicodeEncodeError:
        raise BrokenExchangeError(FailureKind.UNUSABLE, "a request field has characters that can't be sent") from None
    if any(byte in line for byte in b"\r\n\0"):
        raise BrokenExchangeError(FailureKind.UNUSABLE, "a request field has a line break in it")
    return line
