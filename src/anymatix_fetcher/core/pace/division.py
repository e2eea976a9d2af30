"""A host's connections among its downloads: each gets one, and the oldest the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Want:
    """What one download could use of a host.

    Attributes:
        demand: How many connections.
        granted: How many of them it leaves to this host, where it has other places; ``None`` for all.
    """

    demand: int
    granted: int | None = None


@dataclass(frozen=True, slots=True)
class Allotment:
    """What one download gets of a host.

    Attributes:
        most: How many connections it could have.
        allotted: How many it may have.
    """

    most: int = 0
    allotted: int = 0


def in_order(budget: int, wants: Sequence[Want]) -> list[Allotment]:
    """What each download gets, the oldest first: one where there is one for it, then what is left."""
    left = max(0, budget - len(wants))
    parts = []
    for want in wants[:budget]:
        most = 1 + left
        allotted = most if want.granted is None else min(most, want.granted)
        parts.append(Allotment(most, allotted))
        left -= max(0, min(left, want.demand - 1, allotted - 1))
    return parts + [Allotment()] * (len(wants) - len(parts))
