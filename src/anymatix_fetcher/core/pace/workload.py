"""The share of time that the reader is busy. At 1.0 the processor is the bottleneck, not the network."""

from __future__ import annotations

from collections import deque
from math import ceil, inf

WINDOW_SECONDS = 0.1
FULL = 0.99
"""Who is busy for a larger part of the time reads as fast as it can: to ask whether something is there takes a part."""


class Workload:
    """For what part of the time the reader has had something to read lately."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque()

    def add(self, waited_seconds: float, now: float) -> None:
        """The reader has waited for so long so far."""
        self._samples.append((now, waited_seconds))
        while len(self._samples) > 1 and self._samples[1][0] <= now - WINDOW_SECONDS:
            self._samples.popleft()

    @property
    def share(self) -> float:
        """From 0.0, where it only waits or nothing is known yet, to 1.0, where it never does."""
        if not self._samples:
            return 0.0
        (since, waited_before), (now, waited) = self._samples[0], self._samples[-1]
        seconds = now - since
        return min(1.0, max(0.0, 1 - (waited - waited_before) / seconds)) if seconds >= WINDOW_SECONDS else 0.0


def most_worthwhile(connections: int, share: float) -> float:
    """How many connections may be worth trying where so many leave the reader busy for ``share`` of the time.

    One says little of that: its sender may be as busy with it.
    """
    if share >= FULL and connections > 1:
        return connections
    return max(connections + 1, ceil(connections / share)) if share else inf
