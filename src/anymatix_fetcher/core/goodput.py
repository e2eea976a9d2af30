"""What arrives over all connections together: its rate, the level that it keeps, and how much it is noise."""

from __future__ import annotations

from collections import deque

LONGEST_WINDOW_SECONDS = 1.0
FALL = 0.15
LARGEST_CHANGE = 0.3
SMOOTHING = 0.02
"""The weight of a rate in the level and in the noise; at twenty a second they remember two or three seconds."""


class Goodput:
    """The sum's rate, from totals that were seen at moments."""

    def __init__(self) -> None:
        self.noise = 0.0
        """How far the rate is from its level on average, as a part of it."""
        self._level = 0.0
        self._samples: deque[tuple[float, int]] = deque()

    @property
    def total(self) -> int:
        """The bytes that had arrived when it was last looked at."""
        return self._samples[-1][1] if self._samples else 0

    def add(self, total: int, now: float) -> None:
        """Takes the total at a moment."""
        self._samples.append((now, total))
        while now - self._samples[0][0] > LONGEST_WINDOW_SECONDS:
            self._samples.popleft()

    def rate(self, seconds: float) -> float:
        """Bytes a second over the last ``seconds``; 0 where there is nothing to tell it from."""
        newest = oldest = self._samples[-1]
        for sample in reversed(self._samples):
            if sample[0] < newest[0] - seconds - 1e-9:
                break
            oldest = sample
        elapsed = newest[0] - oldest[0]
        return (newest[1] - oldest[1]) / elapsed if elapsed > 0 else 0.0

    def forget_level(self) -> None:
        """The count has changed: the next rate is the level."""
        self._level = 0.0

    def has_fallen(self, rate: float) -> bool:
        """Whether ``rate`` is below the level by more than the noise; if so, it is the new level.

        To be asked many times a second while the count doesn't change: level and noise follow from what is asked.
        """
        self._level = self._level or rate
        change = rate / self._level - 1
        self._level += (rate - self._level) * SMOOTHING
        self.noise += (min(abs(change), LARGEST_CHANGE) - self.noise) * SMOOTHING
        if change >= -max(FALL, 2 * self.noise):
            return False
        self._level = rate
        return True
