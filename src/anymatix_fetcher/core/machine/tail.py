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
"""A younger connection may still be in slow start: it is neither judged nor a reference for others."""
CRAWL = 0.125
"""A connection below this fraction of its peers' median crawls."""
SHOWN_SECONDS = 0.7
"""A younger connection hasn't shown its rate yet, and isn't hedged."""
PATIENCE_SECONDS = 1.0
"""The minimum cost of a new connection (handshakes and slow start); a crawl that ends sooner is tolerated."""
SHORTEST_HANG_SECONDS = 0.2
HANGING = 1.5
"""A connection hangs after a silence of this many times the duration of a new request."""
WORTHWHILE = 2.0
"""A new request has to take at most half the time."""
DUPLICATED_SHARE = 100
"""At most one byte in this many is fetched twice or lost."""
LEAST_IN_VAIN = 512 << 10
"""The bytes that may be lost for connections closed in mid-body, even for small files."""


def typical_rate(flows: Iterable[Flow], remembered: Sequence[float]) -> float:
    """The usual rate of a connection: the median of mature and recently ended ones; 0 if unknown."""
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
    """The flow to hedge; ``None`` if that isn't worthwhile.

    Args:
        flows: The flows, when nothing else is left to request.
        typical: The usual rate of a connection in bytes per second.
        budget: The number of bytes that may still be fetched twice.
        hedged: The ends of spans that are hedged already.
        first_byte_seconds: The time to first byte on an open connection.
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
    """Whether its last packets seem lost; without later packets, the server retransmits only after a long timeout."""
    again = first_byte_seconds + len(flow.rest) / typical
    return flow.silent_seconds > max(SHORTEST_HANG_SECONDS, HANGING * again)
