"""The rate limiter of transports: one token bucket for any number of them, usable from any thread."""

from __future__ import annotations

from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.limit import Limit

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_DELAY_SECONDS = 0.1
"""A waiting transport asks again after this time, because the rate may have been raised meanwhile."""


class RateLimiter:
    """Limits the total rate of all downloads that share it.

    ```python
    limiter = RateLimiter(20_000_000)
    fetch(url, limit_rate=limiter)  # and meanwhile, in another thread:
    limiter.bytes_per_second = 5_000_000
    ```

    Args:
        bytes_per_second: The rate; ``None`` for no limit.
        within: A limiter that several others share; bytes count against both.
        clock: A monotonic clock, in seconds.

    Raises:
        ValueError: The rate isn't above zero.
    """

    def __init__(
        self,
        bytes_per_second: float | None = None,
        *,
        within: RateLimiter | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._clock = clock
        self._within = within
        self._lock = Lock()
        self._limit = Limit(bytes_per_second, clock())
        self.limits = bytes_per_second is not None or within is not None
        """Whether there is a limit at all, as a fast check for each piece of a body."""

    @property
    def bytes_per_second(self) -> float | None:
        """The rate, which may be changed at any time; ``None`` for no limit."""
        return self._limit.bytes_per_second

    @bytes_per_second.setter
    def bytes_per_second(self, rate: float | None) -> None:
        with self._lock:
            self._limit.change(rate, self._clock())
            self.limits = rate is not None or self._within is not None

    # For transports and sessions --------------------------------------------------------------------------

    @property
    def piece_bytes(self) -> int:
        """The most bytes to read from a socket at once."""
        own = self._limit.piece_bytes
        return own if self._within is None else min(own, self._within.piece_bytes)

    @property
    def turn_bytes(self) -> float:
        """The bytes that are given at a time to all that wait."""
        own = self._limit.turn_bytes
        return own if self._within is None else min(own, self._within.turn_bytes)

    @property
    def binds(self) -> bool:
        """Whether it has held a body back within the last half second."""
        with self._lock:
            own = self._limit.binds(self._clock())
        return own or (self._within is not None and self._within.binds)

    def delay_seconds(self) -> float:
        """The time for which a body has to wait before it calls this again; 0.0 if a piece may be taken now."""
        if not self.limits:  # no lock
            return 0.0
        with self._lock:
            own = min(self._limit.delay(self._clock()), LONGEST_DELAY_SECONDS)
        return own if own or self._within is None else self._within.delay_seconds()

    def spend(self, count: int) -> None:
        """Records that ``count`` bytes of bodies were taken."""
        if not self.limits:
            return
        with self._lock:
            self._limit.spend(count, self._clock())
        if self._within is not None:
            self._within.spend(count)
