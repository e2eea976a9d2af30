"""The share of time that the reader is busy. At 1.0 the processor is the bottleneck, not the network."""

from __future__ import annotations

from collections import deque
from math import ceil, inf
from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS

if TYPE_CHECKING:
    from anymatix_fetcher.core.pace.settings import PaceSettings


class Workload:
    """For what part of the time the reader has had something to read lately."""

    def __init__(self, settings: PaceSettings = DEFAULT_SETTINGS) -> None:
        self._window_seconds = settings.solo_seconds
        self._samples: deque[tuple[float, float]] = deque()

    def add(self, waited_seconds: float, now: float) -> None:
        """The reader has waited for so long so far."""
        self._samples.append((now, waited_seconds))
        while len(self._samples) > 1 and self._samples[1][0] <= now - self._window_seconds:
            self._samples.popleft()

    @property
    def share(self) -> float:
        """From 0.0, where it only waits or nothing is known yet, to 1.0, where it never does."""
        if not self._samples:
            return 0.0
        (since, waited_before), (now, waited) = self._samples[0], self._samples[-1]
        seconds = now - since
        if seconds <= 0 or seconds < self._window_seconds:
            return 0.0
        return min(1.0, max(0.0, 1 - (waited - waited_before) / seconds))


def most_worthwhile(connections: int, share: float, full_share: float) -> float:
    """How many connections may be worth trying where so many leave the reader busy for ``share`` of the time.

    One says little of that: its sender may be as busy with it. From ``full_share`` on the reader binds.
    """
    if share >= full_share and connections > 1:
        return connections
    return max(connections + 1, ceil(connections / share)) if share else inf
