"""Sums that a test makes up, and a pace that is fed with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.pace.controller import Pace

STEP = 0.05
ROUND_TRIP = 0.02
MEGABYTE = 1e6


class Sums:
    """Feeds a pace with the sum that a rule gives for a count and a moment; connections open after a round trip."""

    def __init__(
        self,
        pace: Pace,
        rule: Callable[[int, float], float],
        answer: float = ROUND_TRIP,
        busy: Callable[[int, float], float] = lambda _count, _now: 0.0,
    ) -> None:
        self.pace = pace
        self.rule = rule
        self.busy = busy
        self.now = 0.0
        self.total = 0.0
        self.counts: list[int] = []
        self._flowing = 1
        pace.answered(answer)

    def run(self, seconds: float) -> list[int]:
        """Goes on for so long, and gives the counts of that time."""
        begun = len(self.counts)
        stop = self.now + seconds
        while self.now < stop:
            self.now += STEP
            self.total += self.rule(self._flowing, self.now) * STEP
            busy = self.busy(self._flowing, self.now)
            self.pace.observe(int(self.total), self._flowing, self.now, busy=busy)
            self._flowing = self.pace.connections
            self.counts.append(self.pace.connections)
        return self.counts[begun:]


def each(count: int, _now: float) -> float:
    """Every connection adds as much as the one before."""
    return count * MEGABYTE
