"""Which addresses are the internet's, and which lead to this machine or into its own network."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address

PRIVATE_VARIABLE = "ANYFETCH_ALLOW_PRIVATE"
_TRUE = frozenset({"1", "true", "yes", "on"})

_SHARED = ip_network("100.64.0.0/10")
"""Of carriers and of virtual private networks (RFC 6598); Python calls it neither private nor global."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv4 addresses as IPv6 networks reach them (RFC 6052)."""


def private_is_allowed(environment: Mapping[str, str]) -> bool:
    """Whether the operator lets what others have written lead to private addresses."""
    return environment.get(PRIVATE_VARIABLE, "").strip().lower() in _TRUE


def is_public(address: str) -> bool:
    """Whether an address is one of the internet's; what can't be read isn't."""
    try:
        found = _inner(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return found.is_global and not found.is_multicast and not (found.version == 4 and found in _SHARED)  # noqa: PLR2004 - IPv4


def is_inside(host: str) -> bool:
    """Whether a URL's host says by itself that it is this machine or lies in its own network.

    Of a name only ``localhost`` does (RFC 6761): it isn't looked up.
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
    """The IPv4 address that is written within an IPv6 one, where it is one of these."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _TRANSLATED:
        return ip_address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
