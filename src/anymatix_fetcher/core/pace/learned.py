"""What a transfer has shown about a host."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from anymatix_fetcher.core.values.urls import Origin

FORGETTING_SECONDS = 86_400.0
"""How long what is known of a host is worth anything."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a transfer has shown about a host, for the next one.

    Args:
        connections: The count that was good.
        limit: How many it bears, where it has refused or punished more; else ``None``.
    """

    connections: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class KnownHost:
    """What was learned about an origin.

    Args:
        connections: The count that was good.
        limit: How many it bears, where it has refused or punished more.
        http2: Whether it speaks HTTP/2; ``None`` if unknown.
        seen_at: When that was learned, in seconds since 1970.
        signs_range: Whether its redirects are good for the range that they were asked with, and for no other.
        paused_until: Until when it wants to be left alone, in seconds since 1970; 0.0 where it doesn't.
    """

    connections: int | None = None
    limit: int | None = None
    http2: bool | None = None
    signs_range: bool = False
    seen_at: float = 0.0
    paused_until: float = 0.0

    @property
    def start(self) -> int | None:
        """The count to begin with; ``None`` where nothing is known."""
        return self.connections if self.limit is None else min(self.limit, self.connections or self.limit)


def what_is_known(
    versions: Mapping[Origin, str],
    counts: Mapping[Origin, Learned | None],
    paused: Mapping[Origin, float],
    range_signers: Collection[Origin],
    *,
    seen_at: float,
) -> dict[Origin, KnownHost]:
    """What may be remembered of every origin that has answered, wants to be left alone, or signs for one range.

    Args:
        versions: Which version of HTTP an origin spoke last.
        counts: What transfers have shown of how many connections it bears.
        paused: Until when it wants to be left alone, in seconds since 1970.
        range_signers: The origins with redirects that are good for one range only.
        seen_at: Now, in seconds since 1970.
    """
    found = {
        origin: KnownHost(http2=version == "2" if origin.scheme == "https" else None, seen_at=seen_at)
        for origin, version in versions.items()
    }
    for origin, learned in counts.items():
        if origin in found and learned is not None:
            found[origin] = replace(found[origin], connections=learned.connections, limit=learned.limit)
    for origin, until in paused.items():
        found[origin] = replace(found.get(origin, KnownHost(seen_at=seen_at)), paused_until=until)
    for origin in range_signers:
        found[origin] = replace(found.get(origin, KnownHost(seen_at=seen_at)), signs_range=True)
    return found
