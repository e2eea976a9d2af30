"""Converts a request and the network settings to options of a libcurl easy handle.

Features of libcurl that must not be used (redirects, cookies, decoding, HTTP/0.9, other schemes) are switched off here.
Options: https://curl.se/libcurl/c/easy_setopt_options.html.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pycurl

from anymatix_fetcher.transports.base import CONNECT_TIMEOUT_SECONDS
from anymatix_fetcher.transports.proxies import UnusableProxyError, proxy_for
from anymatix_fetcher.transports.trust import trust_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.transports.base import NetworkSettings
    from anymatix_fetcher.transports.proxies import Proxy

_KEEPALIVE_SECONDS = 30

_TLS13_CIPHERS = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
"""The browsers' order: AES-128 is considered as safe here, and needs fewer rounds at both ends. Servers may have their
own order."""

_SUPPRESS_CONNECT_HEADERS = 265
"""pycurl has no name for this option, which keeps the head of a response to CONNECT apart."""


class UnusableRequestError(Exception):
    """The request can't be sent; the message is a clause without URL and credentials."""


def configured_handle(request: Request, settings: NetworkSettings, *, receive_bytes: int) -> Any:  # noqa: ANN401 - pycurl is untyped
    """A new easy handle for ``request``; the caller adds the callbacks.

    Args:
        request: The request.
        settings: The network settings.
        receive_bytes: The size of libcurl's reads, and of what it may hold while paused. All handles of a multi share
            one buffer of the largest size.

    Raises:
        UnusableRequestError: An option, a field or the proxy can't be used.
    """
    handle = pycurl.Curl()
    try:
        _set_limits(handle, receive_bytes)
        _set_request(handle, request, settings)
        _prefer_fast_ciphers(handle)
        _set_version(handle, request, settings)
        _set_proxy(handle, proxy_for(request.url.origin, settings.proxy))
        _set_trust(handle, settings)
    except UnusableProxyError as error:
        handle.close()
        raise UnusableRequestError(str(error)) from None
    except pycurl.error as error:
        handle.close()
        raise UnusableRequestError(f"libcurl refuses an option with code {error.args[0]}") from None
    except UnusableRequestError:
        handle.close()
        raise
    return handle


def may_be_forwarded(url: Url, settings: NetworkSettings) -> bool:
    """Whether an HTTP proxy may forward the request, rather than open a tunnel for it."""
    try:
        proxy = proxy_for(url.origin, settings.proxy)
    except UnusableProxyError:
        return False
    return proxy is not None and not proxy.is_socks and url.origin.scheme == "http"


def _set_limits(handle: Any, receive_bytes: int) -> None:  # noqa: ANN401 - pycurl is untyped
    handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    handle.setopt(pycurl.HTTP09_ALLOWED, 0)
    handle.setopt(pycurl.FOLLOWLOCATION, 0)
    handle.setopt(pycurl.HTTP_CONTENT_DECODING, 0)
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.NOPROGRESS, 1)
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, int(CONNECT_TIMEOUT_SECONDS * 1000))
    handle.setopt(pycurl.BUFFERSIZE, receive_bytes)
    handle.setopt(pycurl.TCP_NODELAY, 1)
    handle.setopt(pycurl.TCP_KEEPALIVE, 1)
    handle.setopt(pycurl.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)
    handle.setopt(pycurl.TCP_KEEPINTVL, _KEEPALIVE_SECONDS)


def _set_request(handle: Any, request: Request, settings: NetworkSettings) -> None:  # noqa: ANN401 - pycurl is untyped
    address = request.url.reveal()
    handle.setopt(pycurl.URL, address.encode())
    handle.setopt(pycurl.PATH_AS_IS, 1)
    if not may_be_forwarded(request.url, settings):
        # libcurl changes "%2f" in a path to "%2F", which breaks signatures; an explicit target is sent unchanged.
        handle.setopt(pycurl.REQUEST_TARGET, _target(address).encode())
    handle.setopt(pycurl.USERAGENT, settings.user_agent)  # also for CONNECT
    handle.setopt(pycurl.HTTPHEADER, list(_header_lines(request, settings)))
    handle.setopt(pycurl.HEADEROPT, pycurl.HEADER_SEPARATE)  # CONNECT requests to a proxy get none of them
    handle.setopt(pycurl.FRESH_CONNECT, int(request.fresh_connection))


def _target(address: str) -> str:
    """The origin form of RFC 9112, section 3.2.1, byte for byte as in the URL."""
    path_and_query = address[address.index("://") + 3 :]
    starts = [index for index in (path_and_query.find("/"), path_and_query.find("?")) if index >= 0]
    target = path_and_query[min(starts) :] if starts else "/"
    return target if target.startswith("/") else f"/{target}"


def _header_lines(request: Request, settings: NetworkSettings) -> Iterator[bytes]:
    fields = list(request.wire_headers)
    given = {name.lower() for name, _ in fields}
    ours = (("User-Agent", settings.user_agent), ("Accept", "*/*"), ("Accept-Encoding", "identity"))
    for name, value in (*fields, *((name, value) for name, value in ours if name.lower() not in given)):
        # With "Name:" libcurl omits the field; with "Name;" it sends one without a value.
        line = f"{name}: {value}" if value.strip() else f"{name};"
        try:
            encoded = line.encode("latin-1")
        except UnicodeEncodeError:
            raise UnusableRequestError("a request field has characters that can't be sent") from None
        if b"\r" in encoded or b"\n" in encoded or b"\0" in encoded:
            raise UnusableRequestError("a request field has a line break in it")
        yield encoded


def _prefer_fast_ciphers(handle: Any) -> None:  # noqa: ANN401 - pycurl is untyped
    if "openssl" in pycurl.COMPILE_SSL_LIB:
        with suppress(pycurl.error):  # an OpenSSL without TLS 1.3
            handle.setopt(pycurl.TLS13_CIPHERS, _TLS13_CIPHERS)


def _set_version(handle: Any, request: Request, settings: NetworkSettings) -> None:  # noqa: ANN401 - pycurl is untyped
    version = pycurl.CURL_HTTP_VERSION_2TLS
    if request.http1_only:
        version = pycurl.CURL_HTTP_VERSION_1_1
    elif settings.http3 and pycurl.version_info()[4] & getattr(pycurl, "VERSION_HTTP3", 0):
        version = pycurl.CURL_HTTP_VERSION_3
    elif request.parallel:
        # One stream on each connection: the frames of HTTP/2 took a tenth of the processor time (measured on loopback).
        version = pycurl.CURL_HTTP_VERSION_1_1
    handle.setopt(pycurl.HTTP_VERSION, version)


def _set_proxy(handle: Any, proxy: Proxy | None) -> None:  # noqa: ANN401 - pycurl is untyped
    handle.setopt(_SUPPRESS_CONNECT_HEADERS, 1)
    handle.setopt(pycurl.NOPROXY, "")  # the environment was evaluated before
    handle.setopt(pycurl.PROXY, "" if proxy is None else proxy.address.encode())
    if proxy is not None and proxy.user:
        handle.setopt(pycurl.PROXYUSERNAME, proxy.user.encode())
        handle.setopt(pycurl.PROXYPASSWORD, proxy.password.encode())


def _set_trust(handle: Any, settings: NetworkSettings) -> None:  # noqa: ANN401 - pycurl is untyped
    if not settings.verify_tls:
        for option in (pycurl.SSL_VERIFYPEER, pycurl.SSL_VERIFYHOST):
            handle.setopt(option, 0)
        for option in (pycurl.PROXY_SSL_VERIFYPEER, pycurl.PROXY_SSL_VERIFYHOST):
            handle.setopt(option, 0)
        return
    store = trust_store(settings.ca_file)
    for option, place in (
        (pycurl.CAINFO, store.bundle),
        (pycurl.PROXY_CAINFO, store.bundle),
        (pycurl.CAPATH, store.folder),
        (pycurl.PROXY_CAPATH, store.folder),
    ):
        if place is not None:
            handle.setopt(option, os.fsencode(place))
    if store.native:
        handle.setopt(pycurl.SSL_OPTIONS, getattr(pycurl, "SSLOPT_NATIVE_CA", 0))
        handle.setopt(pycurl.PROXY_SSL_OPTIONS, getattr(pycurl, "SSLOPT_NATIVE_CA", 0))
