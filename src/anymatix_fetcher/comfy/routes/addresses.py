"""Which servers a route may be made to ask: public ones, unless the operator allows others. Pure but for the look-up.

A page can't choose what the machine of ComfyUI reaches by its own network: the router, a cloud's metadata, a database.
A reference that names no host leads to a service, and to what an endpoint variable names in its place: that is the
operator's word, and isn't looked at.
"""

from __future__ import annotations

import socket
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anymatix_fetcher.sources.accounts import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from ipaddress import IPv4Address

    LookUp = Callable[[str], Iterable[str]]

PRIVATE_VARIABLE = "ANYFETCH_ALLOW_PRIVATE"
_SHARED = ip_network("100.64.0.0/10")
"""Of carriers and of virtual private networks (RFC 6598); Python calls it neither private nor global."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv4 addresses as IPv6 networks reach them (RFC 6052)."""
_TRUE = frozenset({"1", "true", "yes", "on"})


def private_is_allowed(environment: Mapping[str, str]) -> bool:
    """Whether the operator lets routes reach private addresses."""
    return environment.get(PRIVATE_VARIABLE, "").strip().lower() in _TRUE


def is_public(address: str) -> bool:
    """Whether an address is one of the internet's; what can't be read isn't."""
    try:
        found = _inner(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return found.is_global and not found.is_multicast and not (found.version == 4 and found in _SHARED)  # noqa: PLR2004 - IPv4


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that is written within an IPv6 one, where it is one of these."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _TRANSLATED:
        return ip_address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


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
