"""What a transfer has shown about a host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Learned:
    """What a transfer has shown about a host, for the next one.

    Args:
        connections: The count that was good.
        limit: How many it bears, where it has refused or punished more; else ``None``.
    """

    connections: int
    limit: int | None
