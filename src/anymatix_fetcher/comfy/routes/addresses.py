"""Which servers a route may be made to ask: public ones, unless the operator allows others. Pure but for the look-up.

A page can't choose what the machine of ComfyUI reaches by its own network: the router, a cloud's metadata, a database.
A reference that names no host leads to a service, and to what an endpoint variable names in its place: that is the
operator's word, and isn't looked at.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anymatix_fetcher.core.values.ip_addresses import is_public
from anymatix_fetcher.sources.accounts import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    LookUp = Callable[[str], Iterable[str]]


def looked_up(host: str) -> list[str]:
    """The addresses of a name; none where it has none. It waits for the network."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def host_of(reference: str) -> str | None:
    """The host that a reference names; ``None`` where it names none, or a service by its own address."""
    try:
        host = (urlsplit(reference.strip()).hostname or "").rstrip(".") if "://" in reference else ""
    except ValueError:
        return ""
    services = {site for account in ACCOUNTS.values() for site in account.sites}
    return None if "://" not in reference or host in services or not _is_web(reference) else host


def _is_web(reference: str) -> bool:
    return reference.strip().lower().startswith(("http://", "https://"))


def refused_host(references: Iterable[str], look_up: LookUp = looked_up) -> str | None:
    """The first host among ``references`` that isn't public; ``None`` where all may be asked.

    A name without an address is left to the download, which says so.
    """
    for host in dict.fromkeys(map(host_of, references)):
        if host is None:
            continue
        addresses = [host] if _is_literal(host) else list(look_up(host))
        if not host or _names_this_machine(host) or not all(map(is_public, addresses)):
            return host or "what can't be read"
    return None


def _is_literal(host: str) -> bool:
    """Whether it is an address; the odd spellings of one, as 0x7f.1, are looked up like names."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _names_this_machine(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
