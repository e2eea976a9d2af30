"""Detects connections that fall silent, before the timeout of a single one.

If others continue, a hanging connection is identified by its rate relative to theirs (see ``tail``). If all fast ones
fall silent at once, there is no such reference: packets were lost, a router has dropped them, or a server stops each
body at some point. Then one of them is replaced after some seconds. If its successor flows, those that were silent
before are replaced as well; otherwise the line is at fault, and the others are kept.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.mirror import Mirror

TOGETHER_SECONDS = 3.0
"""After this time without bytes on any connection, one is replaced."""
ALONE_SECONDS = 5.0
"""The same for a single connection, which may only pause."""
MOST_HALVED = 2
"""Each time that a successor has flowed, the time is halved, up to this many times."""
QUICK_BYTES = 262_144
QUICK_BYTES_PER_SECOND = 250_000.0
"""Connections that brought less, or more slowly, may be silent for longer without being broken."""
IDLE_SECONDS = 1.0
"""The same for a place, while another one has nothing to do."""

LOOKING_SECONDS = 1.5
"""With rarer observations, silence may be caused by this process."""
GAP_SECONDS = 5.0
"""After a gap this long the machine slept or was writing, so the peers aren't at fault."""


def silent_places(exchanges: Sequence[Exchange], now: float, *, is_another_idle: bool) -> list[Mirror | None]:
    """The places that bring nothing any more while another one does; ``None`` stands for the first place.

    Args:
        exchanges: All that are under way.
        now: The time.
        is_another_idle: Whether a place has nothing to do, and could take what the others were asked for.
    """
    heard_at: dict[Mirror | None, float] = {}
    for place in {exchange.mirror for exchange in exchanges}:
        own = [exchange for exchange in exchanges if exchange.mirror is place]
        asked_at = min(exchange.started_at for exchange in own)
        # Requests that were added meanwhile are no sign of life.
        heard_at[place] = max((exchange.last_byte_at for exchange in own if exchange.flowing), default=asked_at)
    latest = max((exchange.last_byte_at for exchange in exchanges if exchange.flowing), default=-inf)
    if now - latest >= LOOKING_SECONDS and not is_another_idle:
        return []  # it is the line, or ourselves
    seconds = IDLE_SECONDS if is_another_idle else TOGETHER_SECONDS
    return [place for place, at in heard_at.items() if now - at >= seconds]


class Silence:
    """Observes the connections of one place."""

    def __init__(self) -> None:
        self._tried_after = -inf
        """When the last byte arrived before a connection was replaced; no second one is replaced until another arrives.
        """
        self._helped = 0

    def fallen(self, exchanges: Sequence[Exchange], watched_since: float, now: float) -> list[Exchange]:
        """The connections to replace now.

        Args:
            exchanges: All exchanges with the place.
            watched_since: Since when the download was observed without gaps, because silence before may be our fault.
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
        self._helped += self._tried_after > -inf  # because a byte has arrived since the replacement
        self._tried_after = last_byte_at
        return [min(silent, key=lambda one: one.last_byte_at)]


def _was_quick(exchange: Exchange) -> bool:
    """Whether it was fast until it fell silent."""
    brought, seconds = exchange.position - exchange.start, exchange.last_byte_at - exchange.flowing_since
    return brought >= max(QUICK_BYTES, QUICK_BYTES_PER_SECOND * seconds)


class Watch:
    """Tracks how regularly a download is observed, because unobserved silence isn't a peer's fault.

    Attributes:
        since: Since when it was observed without gaps.
    """

    def __init__(self) -> None:
        self.since = 0.0
        self._seen_at: float | None = None

    def look(self, now: float) -> float:
        """Records an observation; returns the length of a long gap before it in seconds, or 0.0."""
        gap = now - self._seen_at if self._seen_at is not None else inf
        self._seen_at = now
        if gap > LOOKING_SECONDS:
            self.since = now
        return gap if GAP_SECONDS < gap < inf else 0.0
