"""Patience: what to do after a failure, and for how long. Three budgets that never eat from one another.

Transport failures back off with full jitter and count only while no ground is won: a line that drops every minute but
moves gigabytes in between never runs out, and a server that sends the same beginning again and again does. Ground are
bytes that had never been stored before: what comes a second time gives no budget back. Failures of one moment (eight
connections lost at once) count once. A body that breaks off at the same place again and again ends sooner: no outage
does that. Throttling waits as long as the server asks, some times in a row and within a budget of time; where it asks
for more, nothing waits at all. Renewals count only between new bytes.
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
"""A server that asks to wait so often without giving a byte won't give any."""
THROTTLED_SECONDS = 900.0
SHORTEST_THROTTLE_SECONDS = 0.5
JITTER_SECONDS = 0.25
ASKED_TO_WAIT = "the server asks to wait"
RENEWALS_WITHOUT_PROGRESS = 3
PROGRESS_BYTES = 65_536
"""Fewer new bytes than this between two failures are no progress: a server that drips must not be asked for ever."""
BREAKS_AT_ONE_PLACE = 5
"""A body that breaks off so often at the same place will do it again."""
SLOW_BREAKS_AT_ONE_PLACE = 3
"""The same, where :data:`SLOW_SECONDS` have gone by meanwhile: it stalls rather than breaks."""
SLOW_SECONDS = 30.0
SAME_PLACE_BYTES = 65_536
SAME_PLACE_SHARE = 8
"""Two places are the same that aren't further apart than these bytes, or this part of the way to them: what was in the
buffers of a lost connection is lost too."""


@dataclass(slots=True)
class Patience:
    """The budgets of one download.

    Args:
        random: Gives numbers in [0, 1), for jitter; seeded in tests.
        not_before: The earliest time for the next request.
        reason: Why it waits, for people.
        second_chance: Whether what looks final may be asked for once more.
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
        """How many failures in a row count at the moment."""
        return self._failures

    def anew(self) -> Patience:
        """The same for another place, with every budget whole."""
        return Patience(self.random)

    @property
    def broke_off_at(self) -> int | None:
        """Where in the file bodies have broken off again and again; ``None`` where they haven't."""
        return self._broke_at if self._breaks >= SLOW_BREAKS_AT_ONE_PLACE else None

    def heard(self) -> None:
        """A server has answered: it is there, and more failures are borne."""
        self.answered = True

    def use_second_chance(self) -> None:
        """What looked final is asked for once more, and not again before something new has come."""
        self.second_chance = False

    def progressed(self, gained: int) -> None:
        """``gained`` bytes arrived that had never been stored before: enough of them give every budget back."""
        self._progress += gained
        if self._progress >= PROGRESS_BYTES:
            self._failures = self._throttles = self._renewals = self._breaks = 0
            self._throttled_seconds = 0.0
            self.second_chance = True

    def failed(self, now: float, started_at: float, *, broke_at: int | None = None) -> bool:
        """An exchange failed: the next one waits. False where the budget is spent.

        Args:
            now: The time.
            started_at: When it was begun.
            broke_at: How far into the file its body had come; ``None`` where there was none.
        """
        if started_at < self._counted_at:
            return True  # it was under way when another one failed that has been counted: one outage
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
        """The server asked to wait; False where it asks for more patience than there is: then nothing waits."""
        if now >= self.not_before:
            self._throttles += 1  # else it came together with one that has been counted
        self._progress = 0
        if (retry_after_seconds or 0.0) > LONGEST_RETRY_AFTER_SECONDS or self._throttles > THROTTLES_IN_A_ROW:
            return False
        if retry_after_seconds is None:
            longest = min(LONGEST_WAIT_SECONDS, _doubled(self._throttles))
            seconds = longest / 2 + self.random() * longest / 2
        else:
            # A server's own word is kept; jitter only lengthens it, so that many clients don't return at once. One that
            # always says "at once", and never means it, is asked less and less often.
            shortest = min(LONGEST_WAIT_SECONDS, SHORTEST_THROTTLE_SECONDS * _doubled(self._throttles - 1))
            seconds = max(retry_after_seconds, shortest) + self.random() * JITTER_SECONDS
        throttled_seconds = self._throttled_seconds + max(0.0, now + seconds - max(now, self.not_before))
        if throttled_seconds > max(THROTTLED_SECONDS, seconds):
            return False
        self._throttled_seconds = throttled_seconds
        self._wait(now, seconds, ASKED_TO_WAIT)
        return True

    def renewed(self) -> bool:
        """An address was renewed; False where renewing brings nothing any more."""
        self._renewals += 1
        self._progress = 0
        return self._renewals <= RENEWALS_WITHOUT_PROGRESS

    def delay(self, now: float, seconds: float, reason: str) -> None:
        """Waits once, outside every budget."""
        self._wait(now, seconds, reason)

    def _wait(self, now: float, seconds: float, reason: str) -> None:
        if now + seconds >= self.not_before:
            self.not_before = now + seconds
            self.reason = reason


def _doubled(times: int) -> float:
    return 2.0 ** min(times, 10)
