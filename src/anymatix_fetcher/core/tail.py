"""The tail: what to do about a connection that crawls, and about the last bytes that nobody can take over.

A connection that falls to a trickle is never silent, so no timer for silence ends it; it shows by its rate against its
peers, and by when it would be done at that rate. Such a one is replaced: its rest is asked for over a new connection.
The very last bytes, too few to be divided, are asked for twice where that promises to be quicker; whoever is first
wins, and the other is dropped. What comes twice is bounded to a hundredth of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.core.segments import Lane

MATURE_SECONDS = 1.5
"""A younger connection may still be opening its window: it is neither judged nor a measure for others."""
CRAWL = 0.125
"""A connection below this part of its peers' median crawls."""
SHOWN_SECONDS = 0.7
"""After so long a connection has shown how fast it is: a younger one isn't raced against."""
PATIENCE_SECONDS = 1.0
"""What a new connection costs in handshakes and slow start, at least: a crawl that is over sooner is let be."""
WORTHWHILE = 2.0
"""Asking again has to promise to be done in half the time."""
DUPLICATED_SHARE = 100
"""At most one byte in so many comes twice on purpose."""


def typical_rate(lanes: Iterable[Lane], remembered: Sequence[float]) -> float:
    """What a connection brings here: the median over mature ones and those that have ended lately; 0 if unknown."""
    rates = [lane.bytes_per_second for lane in lanes if lane.age_seconds >= MATURE_SECONDS]
    rates += remembered
    return sorted(rates)[len(rates) // 2] if rates else 0.0


def crawling(lanes: Iterable[Lane], typical: float) -> list[Lane]:
    """The connections that are worth replacing."""
    return [
        lane
        for lane in lanes
        if lane.age_seconds >= MATURE_SECONDS
        and lane.bytes_per_second < CRAWL * typical
        and lane.seconds_left > WORTHWHILE * (PATIENCE_SECONDS + len(lane.rest) / typical)
    ]


def race(lanes: Iterable[Lane], typical: float, *, budget: int, raced: frozenset[int]) -> Lane | None:
    """The connection whose rest should be asked for a second time; ``None`` where that promises nothing.

    Args:
        lanes: The flowing connections, when nothing else is left to ask for.
        typical: What a connection brings here, in bytes a second.
        budget: How many bytes may still come twice.
        raced: Where rests end that are asked for twice already.
    """
    slowest = max(
        (
            lane
            for lane in lanes
            if lane.rest
            and lane.age_seconds >= SHOWN_SECONDS
            and len(lane.rest) <= budget
            and lane.rest.stop not in raced
        ),
        key=lambda lane: lane.seconds_left,
        default=None,
    )
    if slowest is None or typical <= 0:
        return None
    again = PATIENCE_SECONDS / 2 + len(slowest.rest) / typical
    return slowest if slowest.seconds_left > WORTHWHILE * again else None
