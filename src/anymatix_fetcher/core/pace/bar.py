"""Counts of connections that a server has punished or refused: barred for a while, and longer each time."""

from __future__ import annotations

from math import inf

FIRST_BAR_SECONDS = 15.0
LONGEST_BAR_SECONDS = 240.0


class Bar:
    """So many connections, and more, aren't tried for some time; at first none is barred."""

    def __init__(self) -> None:
        self._count = inf
        self._until = inf
        self._seconds = FIRST_BAR_SECONDS

    @property
    def limit(self) -> int | None:
        """The most connections below the bar; ``None`` where none is barred."""
        return None if self._count == inf else int(self._count) - 1

    def put(self, count: int, now: float) -> None:
        """Bars ``count`` connections and more."""
        if now > self._until:  # several refusals at once are one
            self._seconds = min(self._seconds * 2, LONGEST_BAR_SECONDS)
        self._count = count
        self._until = now + self._seconds

    def lift(self, count: int) -> None:
        """The bar at ``count`` was put for nothing."""
        if count == self._count:
            self._count = inf

    def bars(self, count: int) -> bool:
        """Whether so many are barred."""
        return count >= self._count

    def below(self, wanted: int, count: int, now: float) -> int:
        """``wanted``, or where that is barred the middle of the gap between ``count`` and the bar."""
        if now >= self._until:
            self._count = inf
        return (count + int(self._count)) // 2 if self.bars(wanted) else wanted
