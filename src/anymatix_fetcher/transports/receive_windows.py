"""The receive windows of the connections under way: sees what each brings, and bounds what may be on its way to it.

How large they are to be, ``core.pace.windows`` decides. Linux only (``TCP_WINDOW_CLAMP`` and ``TCP_INFO``,
see tcp(7)): elsewhere the system's own windows stay, and all works as well, on most lines as fast.
"""

from __future__ import annotations

import socket
import struct
import sys
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.core.pace.meter import Meter
from anymatix_fetcher.core.pace.windows import receive_window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.core.values.messages import ExchangeId

EVERY_SECONDS = 0.1
OWN_SECONDS = 1.5
"""Over how long one connection's rate is taken: what comes in bursts isn't faster than it is on average."""
TOGETHER_SECONDS = 1.0

ROUND_TRIP = struct.Struct("=68xI")
"""Where ``struct tcp_info`` (linux/tcp.h) has the smoothed round trip, in microseconds."""


class ReceivingSocket(NamedTuple):
    """A body under way: its exchange, the descriptor of its TCP socket, and how many of its bytes have come."""

    exchange: ExchangeId
    descriptor: int
    received: int


class ReceiveWindows:
    """Distributes the receive windows. The transport calls :meth:`share` whenever :attr:`due_at` has come.

    Attributes:
        due_at: The time of the next call, on the clock of ``now``; never if the system doesn't support it.
    """

    def __init__(self) -> None:
        self.due_at = -inf if sys.platform == "linux" else inf
        self._together: Meter | None = None
        self._own: dict[ExchangeId, Meter] = {}

    def share(self, flows: Sequence[ReceivingSocket], now: float) -> None:
        """Looks at all bodies that are under way over connections of their own, and bounds their windows."""
        self.due_at = now + EVERY_SECONDS
        self._together = together = self._together or Meter(now, TOGETHER_SECONDS)
        self._own = {flow.exchange: self._own.get(flow.exchange) or Meter(now, OWN_SECONDS) for flow in flows}
        for flow in flows:
            own = self._own[flow.exchange]
            came = max(0, flow.received - own.total)  # what a lowered stop takes back has come all the same
            own.add(came, now)
            together.add(came, now)
        for flow in flows:
            with suppress(OSError):  # no TCP socket
                _bound(flow.descriptor, self._own[flow.exchange].rate(now), together.rate(now), len(flows))


def _bound(descriptor: int, own: float, together: float, connections: int) -> None:
    if descriptor < 0:
        return  # closed meanwhile
    # The family doesn't matter for what is asked here; without it, three more calls would find it out.
    borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=descriptor)
    try:
        (microseconds,) = ROUND_TRIP.unpack(borrowed.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, ROUND_TRIP.size))
        window = receive_window(own, together, connections=connections, round_trip_seconds=microseconds / 1e6)
        borrowed.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, window)
    finally:
        borrowed.detach()
