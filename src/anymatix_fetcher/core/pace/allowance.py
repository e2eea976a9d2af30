"""How many connections the downloads from one host may have together, where the pace alone doesn't say.

* **A quota** that the server has granted lowers the pace's count while it lasts.
* **Under a limit of our own** nothing shows what the host bears, and the first download would have all that the limit
  lets through. So a few share it, with a connection each.
* **A download that was never answered** keeps its place, and another one may begin: its silence says nothing of others.

None of the last two counts where the user wants one count and no other.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.core.pace.pause import LONGEST_RETRY_AFTER_SECONDS
from anymatix_fetcher.core.values.rate_limits import RateLimit

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from anymatix_fetcher.core.pace.controller import Pace
    from anymatix_fetcher.core.values.http import ResponseHead

MOST_LIMITED = 5
"""So many downloads share a limit of our own, where the host hasn't shown yet that it bears as many connections."""
LIMITED_SECONDS = 10.0
"""For so long a limit of our own that has held bytes back is taken to bind."""
UNANSWERED_SECONDS = 2.0
MOST_UNANSWERED = 4
"""So many downloads may begin beside those that were never answered."""


class Quota(NamedTuple):
    """So many more requests, until then."""

    remaining: int
    until: float

    @classmethod
    def told_by(cls, head: ResponseHead, now: float) -> Quota | None:
        """The quota that a response tells of; ``None`` where it tells none that is worth waiting for."""
        told = RateLimit.parse(head.headers)
        seconds = 0.0 if told is None else told.reset_seconds or 0.0
        if told is None or told.remaining is None or not 0 < seconds <= LONGEST_RETRY_AFTER_SECONDS:
            return None  # a longer pause is never waited for: what the server does, its next answer tells
        return cls(told.remaining, now + seconds)


class OwnLimit:
    """Whether a limit of our own holds bytes back; for a while it is taken to go on doing so."""

    def __init__(self) -> None:
        self.binds = False
        self._binds_until = -inf

    def heed(self, now: float, *, binds: bool) -> bool:
        """Takes note of whether it does at this moment; whether that changes anything."""
        if binds:
            self._binds_until = now + LIMITED_SECONDS
        before, self.binds = self.binds, now < self._binds_until
        return self.binds != before


class Allowance:
    """The connections of one host.

    Args:
        pace: What the host has shown that it bears.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._quota: Quota | None = None
        self._sharing = MOST_LIMITED
        self._silent_since: dict[Hashable, float] = {}
        self._unanswered: set[Hashable] = set()

    def connections(self, downloads: int, *, is_limited: bool) -> int:
        """How many all downloads together may have.

        Args:
            downloads: How many have begun or wait.
            is_limited: Whether a limit of our own holds bytes back.
        """
        granted = self._pace.connections if self._quota is None else min(self._pace.connections, self._quota.remaining)
        return max(granted, min(downloads, self.sharing(is_limited=is_limited)))

    def sharing(self, *, is_limited: bool) -> int:
        """How many downloads share a limit of our own; 0 where there is none to share."""
        if not is_limited or self._pace.is_fixed or self._quota is not None:
            return 0
        return min(self._pace.learned.limit or MOST_LIMITED, self._sharing)

    def refused(self, others: int) -> None:
        """The server refused one more connection beside ``others``: so many share a limit from now on."""
        self._sharing = max(1, min(others, self._sharing))

    # What the server grants -------------------------------------------------------------------------------

    @property
    def has_quota(self) -> bool:
        """Whether the server has granted so many requests and no more."""
        return self._quota is not None

    def grant(self, quota: Quota) -> None:
        """The server grants no more than that: so many connections at most."""
        self._quota = quota

    def outlives_quota(self, now: float) -> bool:
        """Whether a quota has come to its end by now; it is told once."""
        is_over = self._quota is not None and now >= self._quota.until
        if is_over:
            self._quota = None
        return is_over

    # Those that were never answered -----------------------------------------------------------------------

    @property
    def unanswered(self) -> int:
        """How many downloads may have a connection beside all others."""
        return len(self._unanswered)

    def look_at_unanswered(self, waiting: Iterable[Hashable], now: float) -> bool:
        """Takes note of the downloads that wait for their first answer; whether more of them wait for long by now."""
        before = len(self._unanswered)
        for download in () if self._pace.is_fixed else waiting:
            since = self._silent_since.setdefault(download, now)
            if now - since >= UNANSWERED_SECONDS and len(self._unanswered) < MOST_UNANSWERED:
                self._unanswered.add(download)
        return len(self._unanswered) > before

    def answered(self, download: Hashable) -> bool:
        """It was answered, or is over; whether that changes anything."""
        self._silent_since.pop(download, None)
        was_unanswered = download in self._unanswered
        self._unanswered.discard(download)
        return was_unanswered
