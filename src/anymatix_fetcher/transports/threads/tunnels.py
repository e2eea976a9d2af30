"""Proxy tunnels: HTTP's CONNECT (RFC 9110, section 9.3.6) and SOCKS5 (RFC 1928, RFC 1929)."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.credentials import basic
from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.transports.threads.failures import BrokenExchangeError

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.transports.proxies import Proxy
    from anymatix_fetcher.transports.threads.connection import Connection

_VERSION, _LOGIN_VERSION, _CONNECT = 5, 1, 1
_NO_LOGIN, _LOGIN = 0, 2
_IPV4, _NAME, _IPV6 = 1, 3, 4
_ADDRESS_BYTES = {_IPV4: 4, _IPV6: 16}
_MAX_TEXT = 255
_SUCCESSFUL = range(200, 300)

_REPLIES = {
    2: "its rules don't allow it",
    3: "the network can't be reached",
    4: "the host can't be reached",
    5: "the host refuses the connection",
}


def tunnel(connection: Connection, origin: Origin, proxy: Proxy, user_agent: str) -> None:
    """Opens a tunnel to ``origin`` through an HTTP proxy.

    Raises:
        BrokenExchangeError: The proxy refuses.
    """
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    authority = f"{host}:{origin.port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", f"User-Agent: {user_agent}"]
    if proxy.user:
        lines.append(f"Proxy-Authorization: {basic(proxy.user, proxy.password)}")
    connection.send("\r\n".join((*lines, "", "")).encode("latin-1"))
    head = connection.read_head()
    if head.status not in _SUCCESSFUL:
        raise BrokenExchangeError(FailureKind.PROXY, f"the proxy refused the tunnel with status {head.status}")
    if connection.has_surplus:
        raise BrokenExchangeError(FailureKind.PROXY, "the proxy sends something of its own into the tunnel")


def socks(connection: Connection, host: str, port: int, proxy: Proxy) -> None:
    """Opens a tunnel to ``host``, a name or an address, through a SOCKS5 proxy.

    Raises:
        BrokenExchangeError: The proxy refuses.
    """
    methods = bytes((_NO_LOGIN, _LOGIN)) if proxy.user else bytes((_NO_LOGIN,))
    connection.send(bytes((_VERSION, len(methods))) + methods)
    version, method = _read(connection, 2)
    if version != _VERSION or method not in methods:
        raise BrokenExchangeError(FailureKind.PROXY, "the proxy doesn't speak SOCKS5, or wants another login")
    if method == _LOGIN:
        connection.send(bytes((_LOGIN_VERSION,)) + _text(proxy.user) + _text(proxy.password))
        if _read(connection, 2)[1]:
            raise BrokenExchangeError(FailureKind.PROXY, "the proxy refused user and password")
    connection.send(bytes((_VERSION, _CONNECT, 0)) + _destination(host) + struct.pack(">H", port))
    _, reply, _, kind = _read(connection, 4)
    if reply:
        raise BrokenExchangeError(
            FailureKind.PROXY, f"the proxy didn't connect: {_REPLIES.get(reply, f'its reply is {reply}')}"
        )
    bound = _ADDRESS_BYTES[kind] if kind in _ADDRESS_BYTES else _read(connection, 1)[0]
    _read(connection, bound + 2)


def _destination(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bytes((_NAME,)) + _text(host)
    return bytes((_IPV4 if address.version == 4 else _IPV6,)) + address.packed  # noqa: PLR2004 - IP's version


def _text(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > _MAX_TEXT:
        raise BrokenExchangeError(FailureKind.UNUSABLE, "a name is too long for SOCKS5")
    return bytes((len(encoded),)) + encoded


def _read(connection: Connection, size: int) -> bytes:
    data = connection.read_exactly(size)
    if len(data) < size:
        raise BrokenExchangeError(FailureKind.PROXY, "the proxy closed the connection in the handshake")
    return data
