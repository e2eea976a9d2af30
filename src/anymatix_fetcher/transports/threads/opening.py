"""Opens connections, directly or through a proxy, with or without TLS, within one deadline."""

from __future__ import annotations

import os
import ssl
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.core.values.ip_addresses import inside_detail, is_public
from anymatix_fetcher.transports.base import CONNECT_TIMEOUT_SECONDS
from anymatix_fetcher.transports.threads.addresses import Resolver, connect
from anymatix_fetcher.transports.threads.connection import Connection
from anymatix_fetcher.transports.threads.failures import BrokenExchangeError
from anymatix_fetcher.transports.threads.tunnels import socks, tunnel
from anymatix_fetcher.transports.trust import trust_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.transports.base import NetworkSettings
    from anymatix_fetcher.transports.proxies import Proxy
    from anymatix_fetcher.transports.threads.addresses import Address
    from anymatix_fetcher.transports.threads.connection import Route

_PROXYS_FAULTS = {FailureKind.RESOLVE, FailureKind.CONNECT, FailureKind.LOST, FailureKind.PROTOCOL}


class Opener:
    """Opens connections; its methods may be called from any thread.

    The standard library's sockets support TLS over TCP only, so an ``https://`` proxy can forward plain requests, but
    not carry a TLS tunnel.
    """

    def __init__(self, settings: NetworkSettings) -> None:
        self._settings = settings
        self._resolver = Resolver()
        self._lock = Lock()
        self._context: ssl.SSLContext | None = None

    def open(self, route: Route, hold: Callable[[Connection], None], is_wanted: Callable[[], bool]) -> Connection:
        """A new connection along ``route``, ready for a request.

        Args:
            route: The destination.
            hold: Called with the connection as soon as there is one to close.
            is_wanted: Called regularly; returns whether to continue.

        Raises:
            BrokenExchangeError: It can't be opened within :data:`CONNECT_TIMEOUT_SECONDS`.
            AbandonedError: The exchange was abandoned.
        """
        deadline = monotonic() + CONNECT_TIMEOUT_SECONDS
        origin, proxy = route.origin, route.proxy
        if proxy is None:
            connection = self._connect(route, origin.host, origin.port, deadline, hold, is_wanted)
        elif proxy.scheme == "https" and origin.scheme == "https":
            raise BrokenExchangeError(
                FailureKind.UNUSABLE, "an https:// proxy can't carry TLS without libcurl; an http:// one can"
            )
        else:
            # All failures on the way to a proxy are the proxy's, except those of certificates.
            with _as_the_proxys():
                connection = self._connect(route, proxy.host, proxy.port, deadline, hold, is_wanted)
            if proxy.scheme == "https":
                connection.secure(self._tls(), proxy.host)
            self._pass_through(connection, proxy, is_wanted)
        if origin.scheme == "https":
            connection.secure(self._tls(), origin.host.partition("%")[0].rstrip("."))
        connection.is_open()
        return connection

    def _connect(
        self,
        route: Route,
        host: str,
        port: int,
        deadline: float,
        hold: Callable[[Connection], None],
        is_wanted: Callable[[], bool],
    ) -> Connection:
        host = host.replace("%25", "%")  # the zone of an IPv6 address in the form of RFC 6874
        addresses = self._resolver.addresses(host, port, deadline, is_wanted)
        if route.public_only and route.proxy is None:
            addresses = _public(addresses)
        try:
            connected, address = connect(addresses, deadline, is_wanted)
        except BrokenExchangeError:
            self._resolver.forget(host, port)
            raise
        connection = Connection(connected, route, deadline)
        hold(connection)
        self._resolver.prefer(host, port, address)
        return connection

    def _pass_through(self, connection: Connection, proxy: Proxy, is_wanted: Callable[[], bool]) -> None:
        origin = connection.route.origin
        host = origin.host
        if proxy.scheme == "socks5":
            deadline = connection.deadline or 0.0
            family_and_address = self._resolver.addresses(host, origin.port, deadline, is_wanted)[0]
            host = str(family_and_address[1][0])
        with _as_the_proxys():
            if proxy.is_socks:
                socks(connection, host, origin.port, proxy)
            elif origin.scheme == "https":
                tunnel(connection, origin, proxy, self._settings.user_agent)

    def _tls(self) -> ssl.SSLContext:
        """The TLS context, created once because reading the system's certificates takes time."""
        with self._lock:
            if self._context is None:
                self._context = _tls_context(self._settings)
            return self._context


def _public(addresses: list[Address]) -> list[Address]:
    """Those that are public.

    Raises:
        BrokenExchangeError: None is.
    """
    found = [address for address in addresses if is_public(str(address[1][0]))]
    if not found:
        raise BrokenExchangeError(FailureKind.INSIDE, inside_detail(str(addresses[0][1][0])))
    return found


def _tls_context(settings: NetworkSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    store = trust_store(settings.ca_file)
    try:
        if store.bundle is not None or store.folder is not None:
            context.load_verify_locations(store.bundle, store.folder)
        if store.native or (store.bundle is None and store.folder is None):
            context.load_default_certs()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and not isinstance(error, ssl.SSLError) else "not PEM"
        detail = f"the file of trusted certificates can't be read ({reason})"
        raise BrokenExchangeError(FailureKind.UNUSABLE, detail) from None
    return context


@contextmanager
def _as_the_proxys() -> Iterator[None]:
    try:
        yield
    except BrokenExchangeError as error:
        failure = error.failure
        if failure.kind not in _PROXYS_FAULTS:
            raise
        detail = "the proxy can't be reached, or broke the handshake"
        raise BrokenExchangeError(FailureKind.PROXY, f"{detail}: {failure.detail}", failure.os_error) from None
