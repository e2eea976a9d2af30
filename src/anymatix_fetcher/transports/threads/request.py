"""Encodes a request for the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.credentials import basic, basic_authorization
from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.core.values.urls import DEFAULT_PORTS
from anymatix_fetcher.transports.threads.failures import BrokenExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.transports.proxies import Proxy


def request_bytes(request: Request, *, user_agent: str, forwarder: Proxy | None) -> bytes:
    """The request's head. ``forwarder`` is the HTTP proxy that receives it instead of the origin, if there is one.

    Raises:
        BrokenExchangeError: A field has characters that can't be sent.
    """
    origin = request.url.origin
    target = _target(request.url.reveal())
    if forwarder is not None:
        target = f"{origin.scheme}://{host_field(origin)}{target}"
    fields = [("Host", host_field(origin)), *_fields(request, user_agent)]
    credentials = request.url.credentials
    if credentials is not None and request.headers.get("Authorization") is None:
        fields += basic_authorization(*credentials)
    if forwarder is not None and forwarder.user:
        fields.append(("Proxy-Authorization", basic(forwarder.user, forwarder.password)))
    return b"\r\n".join((f"GET {target} HTTP/1.1".encode(), *map(_line, fields), b"", b""))


def host_field(origin: Origin) -> str:
    """The host in ``Host`` fields: without the default port, and without the zone, which is local to this machine."""
    host = origin.host.partition("%")[0]
    host = f"[{host}]" if ":" in host else host
    return host if DEFAULT_PORTS.get(origin.scheme) == origin.port else f"{host}:{origin.port}"


def _fields(request: Request, user_agent: str) -> Iterator[tuple[str, str]]:
    given = {name.lower() for name, _ in request.headers}
    yield from request.wire_headers
    for name, value in (("User-Agent", user_agent), ("Accept", "*/*"), ("Accept-Encoding", "identity")):
        if name.lower() not in given:
            yield name, value


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
