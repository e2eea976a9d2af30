"""What arrives over all connections together: its rate, the level that it keeps, and how much it is noise."""

from __future__ import annotations

from collections import deque
from math import inf

LONGEST_WINDOW_SECONDS = 2.0
FALL = 0.15
LARGEST_CHANGE = 0.3
SMOOTHING = 0.0125
"""The weight of a rate in the level and in the noise; at twenty a second they remember two or three seconds."""

GLIMPSE_SECONDS = 0.2
"""How the sum falls from one such stretch of time to the next tells how bursty it is."""
LARGEST_DROP = 0.5
"""One that is larger counts as this: a server that punishes isn't a line with bursts."""
BURSTINESS_SMOOTHING = 0.2
STEADY = 0.15
BURSTY = 0.25
"""The burstiness from which all looks at the line are as long as they get; below :data:`STEADY` they are short."""
LONGEST_STRETCH = 3.0
ORDINARY_BURSTINESS = 0.1
"""What noise alone makes of it."""


class Goodput:
    """The sum's rate, from totals that were seen at moments."""

    def __init__(self) -> None:
        self.noise = 0.0
        """How far the rate is from its level on average, as a part of it."""
        self.burstiness = 0.0
        """By what part the sum falls from one glimpse to the next, on average, those counted in which it doesn't.

        What waits behind lost packets comes at once when these have been repeated: fifty times as much in one glimpse
        as in the one before. Noise that lasts for longer makes little of this, and growth makes none.
        """
        self._level = 0.0
        self._glimpsed_at = -inf
        self._glimpsed_total = 0
        self._glimpsed_rate = 0.0
        self._samples: deque[tuple[float, int]] = deque()

    @property
    def total(self) -> int:
        """The bytes that had arrived when it was last looked at."""
        return self._samples[-1][1] if self._samples else 0

    def add(self, total: int, now: float) -> None:
        """Takes the total at a moment."""
        self._samples.append((now, total))
        self._glimpse(total, now)
        while now - self._samples[0][0] > LONGEST_WINDOW_SECONDS:
            self._samples.popleft()

    def _glimpse(self, total: int, now: float) -> None:
        seconds = now - self._glimpsed_at
        if seconds < GLIMPSE_SECONDS - 1e-9:
            return
        rate = (total - self._glimpsed_total) / seconds
        mean = (rate + self._glimpsed_rate) / 2
        drop = min(max(0.0, self._glimpsed_rate - rate) / mean, LARGEST_DROP) if mean else 0.0
        self.burstiness += (drop - self.burstiness) * BURSTINESS_SMOOTHING
        self._glimpsed_at, self._glimpsed_total, self._glimpsed_rate = now, total, rate

    @property
    def stretch(self) -> float:
        """How many times longer one has to look than on a steady line."""
        part = (self.burstiness - STEADY) / (BURSTY - STEADY)
        return 1 + (LONGEST_STRETCH - 1) * min(1.0, max(0.0, part))

    @property
    def margin(self) -> float:
        """The part of a rate by which another may be below it without being less."""
        return self.noise / 2 + max(0.0, self.burstiness - ORDINARY_BURSTINESS)

    def rate(self, seconds: float) -> float:
        """Bytes a second over the last ``seconds``, or a little more; 0 where there is nothing to tell it from."""
        newest = oldest = self._samples[-1]
        for sample in reversed(self._samples):
            oldest = sample
            if sample[0] <= newest[0] - seconds + 1e-9:
                break
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
