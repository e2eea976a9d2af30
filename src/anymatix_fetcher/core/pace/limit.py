"""Our own limit on the rate: a token bucket, and the time and bytes that came while it didn't hold anything back.

The bucket may be overdrawn by one piece, since the size of a read isn't known beforehand; the debt is waited
off. So the sum is exact however many share it, and the error is one piece for each that reads at the same moment.
"""

from __future__ import annotations

from math import isfinite

BURST_SECONDS = 0.08
"""What wasn't used for so long may be caught up on; older claims are forfeited."""
REST_SECONDS = 0.02
"""Once empty, nothing is given before so much is in it again: fewer and larger turns, and the same for all who wait."""
PIECE_SECONDS = 0.001
"""How much is read at once."""
SMALLEST_PIECE = 1024
LARGEST_PIECE = 512 * 1024
BINDING_SECONDS = 0.5
"""A limit that delayed a read this recently counts as binding."""


class Limit:
    """A rate that may change at any time. It starts with nothing to give.

    Args:
        bytes_per_second: The rate; ``None`` for no limit.
        now: The time.

    Raises:
        ValueError: The rate isn't above zero.
    """

    def __init__(self, bytes_per_second: float | None, now: float) -> None:
        self._rate = _checked(bytes_per_second)
        self._balance = 0.0
        self._at = now
        self._resting = True
        self._held_at = float("-inf")

    @property
    def bytes_per_second(self) -> float | None:
        """The rate; ``None`` for no limit."""
        return self._rate

    def change(self, bytes_per_second: float | None, now: float) -> None:
        """Sets the rate from now on. What was earned at the old one is forfeited; debts stay.

        Raises:
            ValueError: The rate isn't above zero.
        """
        rate = _checked(bytes_per_second)
        self._settle(now)
        self._balance = min(self._balance, 0.0)
        self._rate, self._resting = rate, True

    @property
    def piece_bytes(self) -> int:
        """The most that should be taken at once."""
        if self._rate is None:
            return LARGEST_PIECE
        return max(SMALLEST_PIECE, min(int(self._rate * PIECE_SECONDS), LARGEST_PIECE))

    @property
    def turn_bytes(self) -> float:
        """What is given at a time; once empty, nothing is before so much is there again."""
        return float("inf") if self._rate is None else max(self._rate * REST_SECONDS, 1.0)

    def delay(self, now: float) -> float:
        """The delay in seconds before a piece may be read; 0.0 if it may be read now."""
        if self._rate is None:
            return 0.0
        self._settle(now)
        rested = self.turn_bytes
        # Nearly rested is rested: else rounding could ask for a wait that no clock can tell.
        self._resting = self._balance <= (0.99 * rested if self._resting else 0.0)
        if not self._resting:
            return 0.0
        self._held_at = now
        return (rested - self._balance) / self._rate

    def spend(self, count: int, now: float) -> None:
        """``count`` bytes were taken."""
        if self._rate is not None:
            self._settle(now)
            self._balance -= count

    def binds(self, now: float) -> bool:
        """Whether it has held a read back lately."""
        return self._rate is not None and now - self._held_at < BINDING_SECONDS

    def _settle(self, now: float) -> None:
        if self._rate is None:
            self._balance = 0.0
        else:
            earned = max(0.0, now - self._at) * self._rate
            self._balance = min(self._balance + earned, max(self._rate * BURST_SECONDS, 1.0))
        self._at = max(self._at, now)


class FreeFlow:
    """The time and bytes without the periods in which our own limit delayed reads.

    Measurements within these periods say nothing about the server or the network.
    """

    def __init__(self) -> None:
        self._since: tuple[float, int] | None = None
        self._seconds = 0.0
        self._bytes = 0

    @property
    def is_held(self) -> bool:
        """Whether the limit binds, as far as noticed."""
        return self._since is not None

    def notice(self, total: int, now: float, *, binds: bool) -> float:
        """Takes how it stands, with all bytes so far; the seconds since the last call, where the limit bound then."""
        elapsed = 0.0
        if self._since is not None:
            since, before = self._since
            elapsed = now - since
            self._seconds += elapsed
            self._bytes += total - before
        self._since = (now, total) if binds else None
        return elapsed

    def time(self, now: float) -> float:
        """The moment ``now`` on a clock that stands still while the limit binds."""
        held = now - self._since[0] if self._since is not None else 0.0
        return now - self._seconds - held

    def bytes(self, total: int) -> int:
        """What of ``total`` came while it didn't bind."""
        held = total - self._since[1] if self._since is not None else 0
        return total - self._bytes - held


def _checked(bytes_per_second: float | None) -> float | None:
    if bytes_per_second is None:
        return None
    rate: object = bytes_per_second  # what callers without a type checker give
    if isinstance(rate, int | float) and not isinstance(rate, bool) and isfinite(rate) and rate > 0:
        return rate
    raise ValueError(f"not a rate: {rate!r}; expected bytes a second above zero, or None for no limit")
