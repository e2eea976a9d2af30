"""Rate limits of hosts: a number of requests of each caller in a fixed window of time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """The state of a limit after a request.

    Attributes:
        allowed: Whether the request itself was within the limit.
        reset_seconds: The time until the window ends.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


class FixedWindows:
    """Counts requests; a caller's window begins with its first one.

    Args:
        limit: The number of requests of a caller in one window.
        seconds: The length of a window.
    """

    def __init__(self, limit: int, seconds: int) -> None:
        self._limit = limit
        self._seconds = seconds
        self._windows: dict[str, tuple[float, int]] = {}

    def take(self, caller: str, now: float) -> Allowance:
        """Counts one request of ``caller`` at ``now`` (any seconds)."""
        begin, count = self._windows.get(caller, (now, 0))
        if now - begin >= self._seconds:
            begin, count = now, 0
        self._windows[caller] = (begin, count + 1)
        remaining = max(0, self._limit - count - 1)
        return Allowance(count < self._limit, self._limit, remaining, max(1, round(begin + self._seconds - now)))
