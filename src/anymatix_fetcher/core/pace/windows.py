"""How much may be on its way to each connection: the receive windows, shared out.

A sender that isn't slowed down by loss (BBR) keeps two round trips' worth on its way, and many such senders at once
fill the queue before the line, lose a part of all they send, and what comes waits behind what was lost: in bursts.
A system grows each connection's window by itself, as if that were alone. Here they share one: so much as the line is
known to carry, with room to find that it carries more. That is the receiver's means to keep a queue short, as
rLEDBAT uses it (RFC 9840), though not its algorithm.
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
