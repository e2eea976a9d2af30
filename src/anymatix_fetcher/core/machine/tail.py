"""The tail: replaces slow connections, and hedges the last bytes.

A connection that falls to a trickle is never silent, so no silence timeout ends it. It is identified by its rate
relative to its peers, and by its estimated completion at that rate. It is replaced: the rest of its segment is
requested over a new connection. The very last bytes, too few to be divided, are requested a second time if that
promises to be faster (a hedged request); the first response wins, and the other is dropped. Bytes that arrive twice are
limited to a hundredth of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.core.machine.segments import Flow

MATURE_SECONDS = 1.5
"""A younger connection may still be opening its window: it is neither judged nor a measure for others."""
CRAWL = 0.125
"""A connection below this part of its peers' median crawls."""
SHOWN_SECONDS = 0.7
"""After so long a connection has shown how fast it is: a younger one isn't hedged against."""
PATIENCE_SECONDS = 1.0
"""What a new connection costs in handshakes and slow start, at least: a crawl that is over sooner is let be."""
SHORTEST_HANG_SECONDS = 0.2
HANGING = 1.5
"""Who has brought nothing for so many times what asking again would take hangs, however quick it was before."""
WORTHWHILE = 2.0
"""Asking again has to promise to be done in half the time."""
DUPLICATED_SHARE = 100
"""At most one byte in so many comes twice on purpose, or in vain."""
LEAST_IN_VAIN = 512 << 10
"""So many may come in vain for connections that are closed in mid-body, however small the file is."""


def typical_rate(flows: Iterable[Flow], remembered: Sequence[float]) -> float:
    """What a connection brings here: the median over mature ones and those that have ended lately; 0 if unknown."""
    rates = [flow.bytes_per_second for flow in flows if flow.age_seconds >= MATURE_SECONDS]
    rates += remembered
    return sorted(rates)[len(rates) // 2] if rates else 0.0


def crawling(flows: Iterable[Flow], typical: float) -> list[Flow]:
    """The connections that are worth replacing."""
    return [
        flow
        for flow in flows
        if flow.age_seconds >= MATURE_SECONDS
        and flow.bytes_per_second < CRAWL * typical
        and flow.seconds_left > WORTHWHILE * (PATIENCE_SECONDS + len(flow.rest) / typical)
    ]


def hedge(
    flows: Iterable[Flow], typical: float, *, budget: int, hedged: frozenset[int], first_byte_seconds: float
) -> Flow | None:
    """The connection whose rest should be asked for a second time; ``None`` where that promises nothing.

    Args:
        flows: The flowing connections, when nothing else is left to ask for.
        typical: What a connection brings here, in bytes a second.
        budget: How many bytes may still come twice.
        hedged: Where rests end that are asked for twice already.
        first_byte_seconds: How soon a connection that is open already is answered.
    """
    if typical <= 0:
        return None
    return max(
        (
            flow
            for flow in flows
            if flow.rest
            and len(flow.rest) <= budget
            and flow.rest.stop not in hedged
            and (_is_slow(flow, typical) or _hangs(flow, typical, first_byte_seconds))
        ),
        key=lambda flow: max(flow.seconds_left, flow.silent_seconds),
        default=None,
    )


def _is_slow(flow: Flow, typical: float) -> bool:
    again = PATIENCE_SECONDS / 2 + len(flow.rest) / typical
    return flow.age_seconds >= SHOWN_SECONDS and flow.seconds_left > WORTHWHILE * again


def _hangs(flow: Flow, typical: float, first_byte_seconds: float) -> bool:
    """Whether its last packets seem lost: no later ones tell the server, which waits long before it repeats them."""
    again = first_byte_seconds + len(flow.rest) / typical
    return flow.silent_seconds > max(SHORTEST_HANG_SECONDS, HANGING * again)
