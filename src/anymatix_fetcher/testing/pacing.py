"""How fast bytes may leave: a bucket that is told the time, so it can be tested by value."""

from __future__ import annotations

from dataclasses import dataclass

TICK_SECONDS = 0.02
"""How finely a limited rate is spread over time."""

_CATCH_UP_SECONDS = 0.1


@dataclass(slots=True)
class TokenBucket:
    """The moment at which everything that was let through so far has arrived at the allowed rate.

    It is mutable, because it is a running account. Threads that share it need a lock.
    """

    free_at: float

    def reserve(self, count: int, bytes_per_second: float, now: float) -> float:
        """Books ``count`` bytes and returns the seconds to wait until they may be sent.

        A sender that came late may catch up by a tenth of a second, but never saves up more than that.
        """
        self.free_at = max(self.free_at, now - _CATCH_UP_SECONDS) + count / bytes_per_second
        return max(0.0, self.free_at - now)


def piece_bytes(bytes_per_second: float) -> int:
    """How many bytes go out at once at this rate: a tick's worth, and at least one."""
    return max(1, int(bytes_per_second * TICK_SECONDS))


def collapsed_rate(bytes_per_second: float, transfers: int, above: int, share: float) -> float:
    """The rate of a server whose sum falls to ``share`` of itself once more than ``above`` transfers run."""
    return bytes_per_second * share if transfers > above else bytes_per_second
