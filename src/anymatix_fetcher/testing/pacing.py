"""Rate limiting by a token bucket. Pure: the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass

TICK_SECONDS = 0.02
"""The interval between pieces at a limited rate."""

_CATCH_UP_SECONDS = 0.1


@dataclass(slots=True)
class TokenBucket:
    """A token bucket: ``free_at`` is the time at which all admitted bytes fit the allowed rate.

    It is mutable; threads that share it need a lock.
    """

    free_at: float

    def reserve(self, count: int, bytes_per_second: float, now: float) -> float:
        """Reserves ``count`` bytes and returns the seconds to wait before sending them.

        Unused capacity is kept for at most a tenth of a second.
        """
        self.free_at = max(self.free_at, now - _CATCH_UP_SECONDS) + count / bytes_per_second
        return max(0.0, self.free_at - now)


def piece_bytes(bytes_per_second: float) -> int:
    """The size of a piece at this rate: the bytes of one tick, and at least one."""
    return max(1, int(bytes_per_second * TICK_SECONDS))


def collapsed_rate(bytes_per_second: float, transfers: int, above: int, share: float) -> float:
    """The total rate of a server, which falls to ``share`` of its value with more than ``above`` transfers."""
    return bytes_per_second * share if transfers > above else bytes_per_second
