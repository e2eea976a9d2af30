"""The physical floor of a scenario: what no tool can be faster than, on this line and this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.contenders import RECEIVED, STORED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.figures import Figures
    from benchmarks.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What each part of the work takes by itself, in seconds; at best all of them go on at the same time.

    Attributes:
        carrying: What the line, or the servers' limits, take for the bytes; ``None`` on loopback without a limit.
        hashing: What SHA-256 takes, each file on one core.
        receiving: What taking the bytes from a socket takes; ``None`` where it wasn't measured.
        storing: What that takes when they are written to files, too; ``None`` where it wasn't measured.
    """

    carrying: float | None
    hashing: float
    receiving: float | None
    storing: float | None

    @property
    def seconds(self) -> float:
        """The longest of all: the floor."""
        return max(self.carrying or 0.0, self.hashing, self.receiving or 0.0, self.storing or 0.0)

    def described(self) -> str:
        """The parts in words, the one that binds first."""
        parts = {
            "the line's or server's capacity": self.carrying,
            "SHA-256": self.hashing,
            "receiving, kept nowhere": self.receiving,
            "receiving to files": self.storing,
        }
        known = {name: seconds for name, seconds in parts.items() if seconds is not None}
        ordered = sorted(known, key=known.__getitem__, reverse=True)
        return ", ".join(f"{name} {known[name]:.2f} s" for name in ordered)


def floor_of(
    scenario: Scenario, lengths: Sequence[int], *, hashed_per_second: float, figures: Mapping[str, Figures]
) -> Floor:
    """The floor for files of these ``lengths``.

    Args:
        scenario: Where they come from.
        lengths: Of the files, in bytes.
        hashed_per_second: The bytes that one core hashes in a second.
        figures: By contenders' names; those of the plain receivers count where they took part.
    """
    total = sum(lengths)
    limits = [scenario.served_bytes_per_second, scenario.line.bytes_per_second if scenario.line else None]
    known = [limit for limit in limits if limit is not None]
    received, stored = (figures.get(one.name) for one in (RECEIVED, STORED))
    return Floor(
        carrying=total / min(known) if known else None,
        hashing=max(*lengths, total / (os.cpu_count() or 1)) / hashed_per_second,
        receiving=received.seconds if received else None,
        storing=stored.seconds if stored else None,
    )
