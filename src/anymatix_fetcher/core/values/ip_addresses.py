"""Distinguishes public IP addresses from those of this machine and its own network."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address

PRIVATE_VARIABLE = "ANYFETCH_ALLOW_PRIVATE"
_TRUE = frozenset({"1", "true", "yes", "on"})

_SHARED = ip_network("100.64.0.0/10")
"""The range of carriers and of virtual private networks (RFC 6598), which Python calls neither private nor global."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv4 addresses in IPv6 networks (RFC 6052)."""


def private_is_allowed(environment: Mapping[str, str]) -> bool:
    """Whether the operator allows untrusted references to lead to private addresses."""
    return environment.get(PRIVATE_VARIABLE, "").strip().lower() in _TRUE


def is_public(address: str) -> bool:
    """Whether the address is public; invalid ones aren't."""
    try:
        found = _inner(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return found.is_global and not found.is_multicast and not (found.version == 4 and found in _SHARED)  # noqa: PLR2004 - IPv4


def inside_detail(address: str) -> str:
    """What is said of an address that isn't public, as a clause."""
    return f"its name leads to {address}, an address of this machine or of its own network"


def is_inside(host: str) -> bool:
    """Whether a URL's host states that it is this machine or in its own network.

    Names aren't resolved; the only such name is ``localhost`` (RFC 6761).
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return not is_public(name)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that is embedded in an IPv6 address, if there is one."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _TRANSLATED:
        return ip_address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
