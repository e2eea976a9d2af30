"""The network settings: trusted certificates and proxies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.sources.accounts import ACCOUNTS
from anymatix_fetcher.transports.proxies import UnusableProxyError, proxy_for
from anymatix_fetcher.transports.trust import trust_store
from anymatix_fetcher.verbs.checkup.finding import note, ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from anymatix_fetcher.transports.proxies import Proxy
    from anymatix_fetcher.transports.trust import TrustStore
    from anymatix_fetcher.verbs.checkup.finding import Finding

_ELSEWHERE = "no-service.example"
"""A host that no exception list is likely to name."""
OF_OTHERS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables of other programs for trusted certificates, which users may expect to have an effect."""


def examine_certificates(variables: Mapping[str, str]) -> Iterator[Finding]:
    """The origin of the trusted certificates."""
    store = trust_store(None)
    found = _certificates(store)
    yield found
    others = [name for name in OF_OTHERS if variables.get(name)]
    if others and store.bundle not in {variables[name] for name in others}:
        yield note(
            "certificates",
            f"{' and '.join(others)} are ignored" if len(others) > 1 else f"{others[0]} is ignored",
            "Set SSL_CERT_FILE, or use --cacert FILE.",
        )


def _certificates(store: TrustStore) -> Finding:
    try:
        import ssl  # noqa: PLC0415 - takes time, and may be missing
    except ImportError:
        return note("certificates", f"from {store.bundle or 'libcurl'}; they can't be read here")
    mend = "Install the system's certificates (ca-certificates), or set SSL_CERT_FILE."
    if store.bundle is None and store.folder is None:
        if store.native:
            return ok("certificates", "the operating system's")
        places = ssl.get_default_verify_paths()
        found = places.cafile or places.capath
        if not found:
            return problem("certificates", "this system has none, so no https server can be verified", mend)
        return ok("certificates", f"from {found}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=store.bundle, capath=store.folder)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        reason = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else ("no certificates in it")
        return problem("certificates", f"{store.bundle or store.folder} can't be used: {reason}", mend)
    count = len(context.get_ca_certs())
    places_named = " and ".join(filter(None, (store.bundle, store.folder)))
    return ok("certificates", f"{f'{count}, ' if count else ''}from {places_named}")


def examine_proxies() -> Iterator[Finding]:
    """The proxies that the environment selects, without their users and passwords."""
    for scheme in ("https", "http"):
        name = f"proxy {scheme}"
        try:
            proxy = _proxy_of(f"{scheme}://{_ELSEWHERE}")
        except UnusableProxyError as error:
            variables = [name for name in _variables(scheme) if os.environ.get(name)]
            yield problem(name, f"{' or '.join(variables)} can't be used: {error}", "Expected http://HOST:PORT.")
            continue
        if proxy is None:
            yield ok(name, "none: direct connections")
            continue
        straight = _asked_straight(scheme)
        but = f"; not for {', '.join(straight)}" if straight else ""
        user = ", with a user and a password" if proxy.user else ""
        yield ok(name, f"{proxy.address}{user}{but}")


def _proxy_of(address: str) -> Proxy | None:
    return proxy_for(Url.parse(address).origin, None)


def _asked_straight(scheme: str) -> list[str]:
    """The services, and this machine, that NO_PROXY excludes."""
    sites = [account.main_host for account in ACCOUNTS.values() if account.sites]
    return [host for host in (*sites, "localhost") if _proxy_of(f"{scheme}://{host}") is None]


def _variables(scheme: str) -> tuple[str, ...]:
    return tuple(name for base in (scheme, "all") for name in (f"{base}_proxy", f"{base}_proxy".upper()))
