"""What arrives over all connections together: its rate, its level, and how noisy it is."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.pace.settings import PaceSettings

_KEPT_WINDOWS = 2
"""How many of the longest windows of samples are kept."""


class Goodput:
    """The rate of the sum, from totals that were seen at moments.

    Attributes:
        noise: The exponentially weighted average of the rate's distance from its level, as a part of the level.
    """

    def __init__(self, settings: PaceSettings) -> None:
        self._settings = settings
        self.noise = 0.0
        self._level = 0.0
        self._samples: deque[tuple[float, int]] = deque()

    @property
    def total(self) -> int:
        """The bytes that had arrived at the last sample."""
        return self._samples[-1][1] if self._samples else 0

    @property
    def margin(self) -> float:
        """The part of a rate by which another may be below it without being less."""
        return self.noise / 2

    def add(self, total: int, now: float) -> None:
        """Takes the total at a moment."""
        self._samples.append((now, total))
        while now - self._samples[0][0] > _KEPT_WINDOWS * self._settings.window_seconds:
            self._samples.popleft()

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
        self._level += (rate - self._level) * self._settings.smoothing
        self.noise += (abs(change) - self.noise) * self._settings.smoothing
        if change >= -max(self._settings.fall, 2 * self.noise):
            return False
        self._level = rate
        return True
