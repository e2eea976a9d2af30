"""What a transfer has shown about a host."""

from __future__ import annotations

from dataclasses import dataclass

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
        http2: Whether it speaks HTTP/2; ``None`` where nobody has asked it over TLS.
        seen_at: When that was learned, in seconds since 1970.
        paused_until: Until when it wants to be left alone, in seconds since 1970; 0.0 where it doesn't.
    """

    connections: int | None = None
    limit: int | None = None
    http2: bool | None = None
    seen_at: float = 0.0
    paused_until: float = 0.0
