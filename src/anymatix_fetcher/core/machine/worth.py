"""Divides the connections that the user allows among the places, by the goodput of a connection at each.

The pace controller of each place states how many connections it uses and may try. If the sum exceeds the budget, each
place gets one connection first, and every further one goes to the place where a connection brings most. So flows are
opened at the fastest places and closed at the slowest, also while the controllers still climb. A connection on trial
counts less than one that has paid. A place that doesn't use its connections waits some seconds before it gets more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.core.machine.exchanges import Exchanges
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.pace.hosts import Share

KEPT = 1.25
"""The factor by which another place has to be faster before a connection moves, which costs a request and a window."""
TRIED = 0.5
"""The expected goodput of a connection on trial, as a fraction of that of the others at its place."""
LEAST_WORTH = 0.25
"""If connections are scarce, a place keeps its first one only if that brings this fraction of the best one's."""


FIRST_STEP = 4
HOPED = 1.5
"""At an unknown place, the first :data:`FIRST_STEP` connections are expected to bring this factor of the best ones."""
UNUSED_SECONDS = 2.0
"""The time after which a place has to use the connections that it was given in addition."""
RESTING_SECONDS = 8.0
"""Otherwise it gets none for this time, which doubles with each repetition."""

WORTHWHILE_BYTES = 16 << 20
"""If fewer bytes are missing and their rate is unknown, another place isn't worth its handshakes."""
WORTHWHILE_SECONDS = 2.0
"""If less time is left, a place isn't worth its handshakes and the request."""
WORTHWHILE_STARTS = 2.0
"""The same, as a multiple of the time until its first connection is quick: an equal place at most halves the rest."""


def is_worthwhile(rest: int, bytes_per_second: float, start_seconds: float) -> bool:
    """Whether a place that isn't in use would save more time than it costs.

    Args:
        rest: The missing bytes.
        bytes_per_second: The rate at which the other places bring them; 0 if it isn't known yet.
        start_seconds: The time until the first connection is quick; infinite if unknown.
    """
    if rest >= WORTHWHILE_BYTES or not bytes_per_second:
        return rest >= WORTHWHILE_BYTES
    cost = WORTHWHILE_STARTS * start_seconds if start_seconds < inf else 0.0
    return rest / bytes_per_second >= max(WORTHWHILE_SECONDS, cost)


@dataclass(frozen=True, slots=True)
class Bid:
    """The demand of one place.

    Attributes:
        wanted: The connections that it could use or try.
        used: The connections that its controller uses now, if it gets them.
        settled: Those of them that are known to pay.
        present: The connections that it has.
        bytes_per_second: The goodput of one connection; ``None`` if unknown.
    """

    wanted: int
    used: int = 0
    settled: int = 0
    present: int = 0
    bytes_per_second: float | None = None

    def value(self, connection: int, best: float) -> float:
        """The worth of one more connection than ``connection``, in bytes per second."""
        rate, settled = self.bytes_per_second, self.settled
        if rate is None:
            rate, settled = HOPED * best, FIRST_STEP
        return rate * (1.0 if connection < max(1, settled) else TRIED) * (KEPT if connection < self.present else 1.0)


def divided(budget: int, bids: Sequence[Bid]) -> list[int]:
    """Returns the number of connections of each place.

    Args:
        budget: The maximum of the sum.
        bids: One for each place; among equal ones, the first is preferred.
    """
    if sum(bid.wanted for bid in bids) <= budget:
        return [bid.wanted for bid in bids]
    best = max((bid.bytes_per_second for bid in bids if bid.bytes_per_second is not None), default=0.0)
    counts = [0] * len(bids)

    def value(place: int) -> tuple[float, int]:
        return bids[place].value(counts[place], best), -counts[place]

    wanting = [place for place, bid in enumerate(bids) if bid.wanted]
    worthy = [place for place in wanting if value(place)[0] >= LEAST_WORTH * best]
    for place in sorted(worthy, key=value, reverse=True)[:budget]:
        counts[place] = 1
    for _ in range(budget - sum(counts)):
        counts[max((place for place in wanting if counts[place] < bids[place].wanted), key=value)] += 1
    return counts


@dataclass(slots=True)
class _Account:
    """The connections that one place was given, and whether it used them."""

    granted: int | None = None
    raised_at: float = 0.0
    rests_until: float = 0.0
    rest_seconds: float = RESTING_SECONDS

    def grant(self, connections: int, now: float) -> None:
        """Records the number of connections that it is given."""
        if self.granted is not None and connections > self.granted:
            self.raised_at = now
        self.granted = connections

    def may_hope(self, used: int, now: float) -> bool:
        """Whether it may take more from others, because it uses all its connections."""
        if self.granted is not None and used < self.granted:
            if now - self.raised_at >= UNUSED_SECONDS and now >= self.rests_until:
                self.rests_until = now + self.rest_seconds
                self.rest_seconds *= 2
            return False
        return now >= self.rests_until


class Budget:
    """Divides the connections of one download among its places."""

    def __init__(self) -> None:
        self._accounts: dict[Mirror | None, _Account] = {}

    def divide(self, shares: Mapping[Mirror | None, Share], exchanges: Exchanges, now: float) -> None:
        """Sets the grant of each place.

        Args:
            shares: The share of each place at its host; that of the first place under ``None``.
            exchanges: The exchanges under way.
            now: The time.
        """
        self._accounts = {place: self._accounts.get(place, _Account()) for place in shares}
        most = shares[None].most
        bids = [self._bid(place, share, exchanges, now) for place, share in shares.items()]
        counts = divided(most, bids)
        used = [min(count, bid.used) for count, bid in zip(counts, bids, strict=True)]
        free = most - sum(used)
        for place, count, bid in zip(shares, counts, bids, strict=True):
            # Unused connections go to the first place that tries more.
            granted = count if count < bid.used else min(bid.used + free, most)
            self._accounts[place].grant(granted, now)
            shares[place].grant(granted if granted < most else None)

    def _bid(self, place: Mirror | None, share: Share, exchanges: Exchanges, now: float) -> Bid:
        (used, settled), rate = share.prospects, exchanges.typical_rate(place, now) or None
        hoped = max(FIRST_STEP, used // 2)
        more = hoped if self._accounts[place].may_hope(used, now) else 0
        return Bid(min(used + more, max(used, share.demand)), used, settled, len(exchanges.of(place)), rate)
