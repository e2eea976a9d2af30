"""Keeps routes from requesting private addresses, unless the operator allows them. Pure, except for name resolution.

Otherwise a page could make ComfyUI's machine request its router, a cloud's metadata service or a database. A reference
without a host leads to a known service or its endpoint variable, which the operator sets, so it isn't checked. A
name may resolve to another address later, and a redirect may lead elsewhere: the child checks each connection, too.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.ip_addresses import is_public
from anymatix_fetcher.sources.accounts import host_named_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    LookUp = Callable[[str], Iterable[str]]


def looked_up(host: str) -> list[str]:
    """The addresses of a host name, which may be none. Waits for the network."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def refused_host(references: Iterable[str], look_up: LookUp = looked_up) -> str | None:
    """The first host of ``references`` that isn't public; ``None`` if all are public.

    A name without an address is accepted here; the download reports it.
    """
    for host in dict.fromkeys(map(host_named_by, references)):
        if host is None:
            continue
        addresses = [host] if _is_literal(host) else list(look_up(host))
        if not host or _names_this_machine(host) or not all(map(is_public, addresses)):
            return host or "an invalid URL"
    return None


def _is_literal(host: str) -> bool:
    """Whether a host is an IP address. Unusual spellings such as 0x7f.1 are resolved like names."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _names_this_machine(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
