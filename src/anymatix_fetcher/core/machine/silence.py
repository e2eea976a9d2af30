"""Silence: which connections are given up before the timer for one alone would, since none of them brings anything.

Where others go on, one that hangs shows by its rate against theirs (see ``tail``). Where all that flowed quickly fall
silent at once there is no rate to compare with: a loss on the way, a router that has forgotten them, a server that
stops each body at some point. Then one of them is replaced after some seconds. Where its successor flows, those that
were silent before it was begun are replaced as well; where it doesn't, it was the line, and the others are left alone.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.core.machine.exchange import Exchange

TOGETHER_SECONDS = 3.0
"""All are silent for so long: one is replaced."""
ALONE_SECONDS = 5.0
"""The same for one that is the only one: it may only pause."""
MOST_HALVED = 2
"""Each time that a successor has flowed the next one is tried in half the time, so many times."""
QUICK_BYTES = 262_144
QUICK_BYTES_PER_SECOND = 250_000.0
"""What brought less, or more slowly, may be silent for longer without being broken."""

LOOKING_SECONDS = 1.5
"""What is looked at more rarely may have been silent for our own sake."""
GAP_SECONDS = 5.0
"""When nothing was looked at for so long, the machine slept or we were writing: the peers aren't to blame."""


class Silence:
    """Watches the connections of one place."""

    def __init__(self) -> None:
        self._tried_after = -inf
        """When the last byte had come before one was replaced: until another comes, no second one is."""
        self._helped = 0

    def fallen(self, exchanges: Sequence[Exchange], watched_since: float, now: float) -> list[Exchange]:
        """Those that are to be replaced now.

        Args:
            exchanges: All that are under way at the place.
            watched_since: Since when it was looked regularly: before that, silence may have been ours.
            now: The time.
        """
        flowing = [exchange for exchange in exchanges if exchange.flowing]
        seconds = (TOGETHER_SECONDS if len(flowing) > 1 else ALONE_SECONDS) / 2 ** min(self._helped, MOST_HALVED)
        silent = [one for one in flowing if now - max(one.last_byte_at, watched_since) >= seconds and _was_quick(one)]
        brought = [one.started_at for one in flowing if one.position > one.start and one not in silent]
        outdone = [one for one in silent if any(started_at > one.last_byte_at for started_at in brought)]
        last_byte_at = max((one.last_byte_at for one in silent), default=-inf)
        if outdone or len(silent) < len(flowing) or last_byte_at <= self._tried_after:
            return outdone
        self._helped += self._tried_after > -inf  # since the last time something came, over the one that was begun
        self._tried_after = last_byte_at
        return [min(silent, key=lambda one: one.last_byte_at)]


def _was_quick(exchange: Exchange) -> bool:
    """Whether it brought much until it fell silent."""
    brought, seconds = exchange.position - exchange.start, exchange.last_byte_at - exchange.flowing_since
    return brought >= max(QUICK_BYTES, QUICK_BYTES_PER_SECOND * seconds)


class Watch:
    """How regularly a download is looked at: what wasn't seen for our own sake isn't held against a peer.

    Attributes:
        since: Since when it was looked regularly.
    """

    def __init__(self) -> None:
        self.since = 0.0
        self._seen_at: float | None = None

    def look(self, now: float) -> float:
        """It is looked at now; how long a gap was before that, in seconds, or 0.0 where there was none."""
        gap = now - self._seen_at if self._seen_at is not None else inf
        self._seen_at = now
        if gap > LOOKING_SECONDS:
            self.since = now
        return gap if GAP_SECONDS < gap < inf else 0.0
