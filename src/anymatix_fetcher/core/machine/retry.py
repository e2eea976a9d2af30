"""The retry policy: what to wait for after a failure, and when to give up. The three budgets are independent.

Failures of transport back off exponentially with full jitter, and count only without progress: a line that drops every
minute but moves gigabytes in between never exhausts the budget, a server that sends the same beginning again and again
does. Progress is bytes that had never been stored before. Concurrent failures (eight connections lost at once) count
once. A body that repeatedly breaks off at the same position ends the download sooner, because no outage does that.

Throttling waits as long as the server asks, within budgets of repetitions and time; longer waits aren't started at all.
Renewals count only without progress in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.pause import LONGEST_RETRY_AFTER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURES_BEFORE_ANY_ANSWER = 4
FAILURES_IN_A_ROW = 8
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
THROTTLES_IN_A_ROW = 10
"""A server that asks to wait this often without sending bytes won't send any."""
THROTTLED_SECONDS = 900.0
SHORTEST_THROTTLE_SECONDS = 0.5
JITTER_SECONDS = 0.25
ASKED_TO_WAIT = "the server asks to wait"
RENEWALS_WITHOUT_PROGRESS = 3
PROGRESS_BYTES = 65_536
"""Fewer new bytes than this between two failures aren't progress, because a trickle must not continue forever."""
BREAKS_AT_ONE_PLACE = 5
"""A body that breaks off this often at the same position will do so again."""
SLOW_BREAKS_AT_ONE_PLACE = 3
"""The same after :data:`SLOW_SECONDS`, because then it stalls rather than breaks."""
SLOW_SECONDS = 30.0
SAME_PLACE_BYTES = 65_536
SAME_PLACE_SHARE = 8
"""Two positions count as the same up to this distance, or this fraction of the offset, because the bytes in the buffers
of a lost connection are lost too."""


@dataclass(slots=True)
class Patience:
    """The retry budgets of one download.

    Args:
        random: Returns numbers in [0, 1) for jitter; seeded in tests.
        not_before: The earliest time for the next request.
        reason: Why it waits, for people.
        second_chance: Whether one seemingly final refusal may be retried.
    """

    random: Callable[[], float]
    not_before: float = 0.0
    reason: str = ""
    answered: bool = False
    second_chance: bool = True
    _failures: int = 0
    _throttles: int = 0
    _throttled_seconds: float = 0.0
    _renewals: int = 0
    _progress: int = 0
    _counted_at: float = float("-inf")
    _breaks: int = 0
    _broke_at: int = 0
    _broke_since: float = 0.0

    @property
    def failures(self) -> int:
        """The number of consecutive failures."""
        return self._failures

    @property
    def setbacks(self) -> int:
        """The number of failures and requests to wait since the last progress."""
        return self._failures + self._throttles

    def anew(self) -> Patience:
        """A new instance with full budgets, for another place."""
        return Patience(self.random)

    @property
    def broke_off_at(self) -> int | None:
        """The position at which bodies have repeatedly broken off; ``None`` if they haven't."""
        return self._broke_at if self._breaks >= SLOW_BREAKS_AT_ONE_PLACE else None

    def heard(self) -> None:
        """Records a response, after which more failures are tolerated."""
        self.answered = True

    def use_second_chance(self) -> None:
        """Spends the retry of a seemingly final refusal; progress restores it."""
        self.second_chance = False

    def progressed(self, gained: int) -> None:
        """Records new bytes; enough of them restore all budgets."""
        self._progress += gained
        if self._progress >= PROGRESS_BYTES:
            self._failures = self._throttles = self._renewals = self._breaks = 0
            self._throttled_seconds = 0.0
            self.second_chance = True

    def failed(self, now: float, started_at: float, *, broke_at: int | None = None) -> bool:
        """Records a failure and schedules a retry; false if the budget is spent.

        Args:
            now: The time.
            started_at: When the exchange was started.
            broke_at: The position of its body in the file; ``None`` if there was none.
        """
        if started_at < self._counted_at:
            return True  # concurrent with a failure that has been counted, hence the same outage
        self._failures += 1
        self._count_break(now, broke_at)
        self._progress = 0
        self._counted_at = now
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * _doubled(self._failures - 1))
        self._wait(now, self.random() * longest, "the last request failed")
        most = FAILURES_IN_A_ROW if self.answered else FAILURES_BEFORE_ANY_ANSWER
        return self._failures < most and not self._breaks_at_one_place(now)

    def _count_break(self, now: float, broke_at: int | None) -> None:
        if broke_at is None:
            self._breaks = 0
            return
        tolerance = max(SAME_PLACE_BYTES, broke_at // SAME_PLACE_SHARE)
        if not self._breaks or abs(broke_at - self._broke_at) > tolerance:
            self._breaks, self._broke_at, self._broke_since = 0, broke_at, now
        self._breaks += 1
        self._broke_at = max(self._broke_at, broke_at)

    def _breaks_at_one_place(self, now: float) -> bool:
        is_slow = now - self._broke_since >= SLOW_SECONDS
        return self._breaks >= (SLOW_BREAKS_AT_ONE_PLACE if is_slow else BREAKS_AT_ONE_PLACE)

    def throttled(self, now: float, retry_after_seconds: float | None) -> bool:
        """Records throttling and waits; false if the requested wait exceeds the budgets."""
        if now >= self.not_before:
            self._throttles += 1  # otherwise it is concurrent with one that has been counted
        self._progress = 0
        if (retry_after_seconds or 0.0) > LONGEST_RETRY_AFTER_SECONDS or self._throttles > THROTTLES_IN_A_ROW:
            return False
        if retry_after_seconds is None:
            longest = min(LONGEST_WAIT_SECONDS, _doubled(self._throttles))
            seconds = longest / 2 + self.random() * longest / 2
        else:
            # The stated time is respected; jitter only extends it, so that clients don't return simultaneously. If a
            # server always states too little, the waits grow.
            shortest = min(LONGEST_WAIT_SECONDS, SHORTEST_THROTTLE_SECONDS * _doubled(self._throttles - 1))
            seconds = max(retry_after_seconds, shortest) + self.random() * JITTER_SECONDS
        throttled_seconds = self._throttled_seconds + max(0.0, now + seconds - max(now, self.not_before))
        if throttled_seconds > max(THROTTLED_SECONDS, seconds):
            return False
        self._throttled_seconds = throttled_seconds
        self._wait(now, seconds, ASKED_TO_WAIT)
        return True

    def renewed(self) -> bool:
        """Records a renewal; false if the budget is spent."""
        self._renewals += 1
        self._progress = 0
        return self._renewals <= RENEWALS_WITHOUT_PROGRESS

    def delay(self, now: float, seconds: float, reason: str) -> None:
        """Waits once, outside of all budgets."""
        self._wait(now, seconds, reason)

    def _wait(self, now: float, seconds: float, reason: str) -> None:
        if now + seconds >= self.not_before:
            self.not_before = now + seconds
            self.reason = reason


def _doubled(times: int) -> float:
    return 2.0 ** min(times, 10)
