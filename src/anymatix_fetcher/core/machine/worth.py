"""The budget of connections: how many of those that the user allows each place gets, by what one brings there.

Each place's pace says how many connections it uses, and may try more. Where that is more in sum than the user allows,
each place gets one first, and then each further one goes where a connection brings most. So a flow is opened where the
next one brings most, and taken from where it brings least, also while the paces still climb. A connection that a place
only tries is worth less than one that is known to pay, and a place that makes nothing of what it was given waits for
some seconds before it is given more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.core.machine.exchanges import Exchanges
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.pace.hosts import Share

KEPT = 1.25
"""A connection moves only to a place where it brings so many times as much: moving costs a request and a window."""
TRIED = 0.5
"""What a connection that a place only tries is taken to bring, as a part of what its others do."""
LEAST_WORTH = 0.25
"""Where connections are scarce a place keeps its first one only if that brings this part of what the best one does."""


FIRST_STEP = 4
HOPED = 1.5
"""So many are taken to pay at a place of which nothing is known, and to bring so many times what the best one does."""
UNUSED_SECONDS = 2.0
"""What a place was given beyond what it used has to be used after so long."""
RESTING_SECONDS = 8.0
"""Else it isn't given more for so long, and for twice as long each time that this happens again."""


@dataclass(frozen=True, slots=True)
class Bid:
    """What one place asks for.

    Attributes:
        wanted: How many connections it could use or try.
        used: How many its pace uses now, where others leave them to it.
        settled: How many of these are known to pay.
        present: How many it has.
        bytes_per_second: What one brings there; ``None`` while that isn't known.
    """

    wanted: int
    used: int = 0
    settled: int = 0
    present: int = 0
    bytes_per_second: float | None = None

    def value(self, connection: int, best: float) -> float:
        """What its next connection is worth where it has ``connection`` of them, in bytes a second."""
        rate, settled = self.bytes_per_second, self.settled
        if rate is None:
            rate, settled = HOPED * best, FIRST_STEP
        return rate * (1.0 if connection < max(1, settled) else TRIED) * (KEPT if connection < self.present else 1.0)


def divided(budget: int, bids: Sequence[Bid]) -> list[int]:
    """How many connections each place gets.

    Args:
        budget: All together have no more.
        bids: One for each place, in the order in which they are preferred where nothing else decides.
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
    """What one place was given, and whether it has made something of it."""

    granted: int | None = None
    raised_at: float = 0.0
    rests_until: float = 0.0
    rest_seconds: float = RESTING_SECONDS

    def grant(self, connections: int, now: float) -> None:
        """It is given so many."""
        if self.granted is not None and connections > self.granted:
            self.raised_at = now
        self.granted = connections

    def may_hope(self, used: int, now: float) -> bool:
        """Whether more may be taken from others for it, since it uses all that it has."""
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
        """Grants each place its part.

        Args:
            shares: Each place's share of its host; that of the first place stands under ``None``.
            exchanges: What is under way.
            now: The time.
        """
        self._accounts = {place: self._accounts.get(place, _Account()) for place in shares}
        most = shares[None].most
        bids = [self._bid(place, share, exchanges, now) for place, share in shares.items()]
        counts = divided(most, bids)
        used = [min(count, bid.used) for count, bid in zip(counts, bids, strict=True)]
        free = most - sum(used)
        for place, count, bid in zip(shares, counts, bids, strict=True):
            # What isn't used yet may be taken by whichever place tries more first.
            granted = count if count < bid.used else min(bid.used + free, most)
            self._accounts[place].grant(granted, now)
            shares[place].grant(granted if granted < most else None)

    def _bid(self, place: Mirror | None, share: Share, exchanges: Exchanges, now: float) -> Bid:
        (used, settled), rate = share.prospects, exchanges.typical_rate(place, now) or None
        hoped = max(FIRST_STEP, used // 2)
        more = hoped if self._accounts[place].may_hope(used, now) else 0
        return Bid(min(used + more, max(used, share.demand)), used, settled, len(exchanges.of(place)), rate)
