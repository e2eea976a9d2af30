"""The receive windows: how many bytes each connection may have in flight.

A sender that doesn't react to loss (BBR) keeps two bandwidth-delay products in flight. Many such senders at once fill
the bottleneck's queue and lose a part of what they send, so data arrives in bursts behind the lost packets. A system
grows each connection's window as if it were alone. Here all connections share one: the bandwidth-delay product that the
path is known to have, with room to discover more. This is how a receiver keeps a queue short, as in rLEDBAT (RFC 9840),
though with another algorithm.
"""

from __future__ import annotations

ENOUGH = 16 << 20
"""So many bytes on their way to all connections together do no harm: more than a gigabit a second across an ocean."""
ROOM = 2.5
"""The windows together hold so many times what the line was seen to carry in a round trip."""
OWN_ROOM = 1.5
"""No connection's window holds less than so many times what it was itself seen to carry in one."""
SMALLEST = 64 << 10
LARGEST = 1 << 30
"""What TCP can state at most (RFC 7323, section 2.3)."""


def receive_window(own: float, together: float, *, connections: int, round_trip_seconds: float) -> int:
    """How many bytes may be on their way to one connection.

    Args:
        own: What it brings, in bytes a second.
        together: What all bring.
        connections: How many there are.
        round_trip_seconds: Between it and its server; too long is harmless, too short isn't.
    """
    shared = max(ENOUGH, ROOM * together * round_trip_seconds) / connections
    return int(min(max(shared, OWN_ROOM * own * round_trip_seconds, SMALLEST), LARGEST))
