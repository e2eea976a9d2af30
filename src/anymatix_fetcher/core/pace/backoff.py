"""Backoff: when a direction may be tried again, and which counts aren't tried for a while."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.pace.settings import PaceSettings


class Direction:
    """One way to change the count, more or fewer: it may be tried from :attr:`opens_at` on."""

    def __init__(self, settings: PaceSettings) -> None:
        self._settings = settings
        self.opens_at = inf

    def open(self, now: float) -> None:
        """It may be tried from now on."""
        self.opens_at = now

    def rest(self, now: float) -> None:
        """Nothing is to be won by it just now."""
        self.opens_at = now + self._settings.hold_seconds

    def defer(self, until: float) -> None:
        """It isn't tried before ``until``."""
        self.opens_at = max(self.opens_at, until)

    def failed(self, missed_seconds: float, now: float) -> None:
        """A trial has failed and cost so many seconds' worth of bytes: it rests until these are a small part."""
        self.rest(now)
        self.defer(now + self._settings.payback * missed_seconds)


class Ceiling:
    """A count that the server has refused or punished: it and more aren't tried for a while, longer each time."""

    def __init__(self, settings: PaceSettings) -> None:
        self._count: float = inf
        self._until = inf
        self._seconds = settings.ceiling_seconds

    @property
    def limit(self) -> int | None:
        """The most connections below the ceiling; ``None`` where there is none."""
        return None if self._count == inf else int(self._count) - 1

    def put(self, count: int, now: float) -> None:
        """Rules out ``count`` connections and more."""
        if now > self._until:  # several refusals at once are one
            self._seconds *= 2
        self._count = float(count)
        self._until = now + self._seconds

    def lift(self, count: int) -> None:
        """The ceiling at ``count`` was put for nothing."""
        if count == self._count:
            self._count = inf

    def below(self, wanted: int, count: int, now: float) -> int:
        """``wanted``, or where that is ruled out the middle between ``count`` and the ceiling."""
        if now >= self._until:
            self._count = inf
        return (count + int(self._count)) // 2 if wanted >= self._count else wanted
