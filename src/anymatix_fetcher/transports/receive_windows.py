"""The receive windows of connections: measures the rate of each connection, and limits the bytes in flight to it.

``core.pace.windows`` decides their sizes. Linux only (``TCP_WINDOW_CLAMP`` and ``TCP_INFO``, see tcp(7)). Elsewhere the
system's own windows are used, which works as well, and is as fast on most lines.
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
"""The interval over which a connection's rate is averaged, which smooths bursts."""
TOGETHER_SECONDS = 1.0

ROUND_TRIP = struct.Struct("=68xI")
"""The position of the smoothed round trip time in ``struct tcp_info`` (linux/tcp.h), in microseconds."""


class ReceivingSocket(NamedTuple):
    """A body in transfer: its exchange, its TCP socket's descriptor, and the number of bytes received."""

    exchange: ExchangeId
    descriptor: int
    received: int


class ReceiveWindows:
    """Distributes the receive windows. The transport calls :meth:`share` when :attr:`due_at` is reached.

    Attributes:
        due_at: The time of the next call, on the clock of ``now``; never if the system doesn't support it.
    """

    def __init__(self) -> None:
        self.due_at = -inf if sys.platform == "linux" else inf
        self._together: Meter | None = None
        self._own: dict[ExchangeId, Meter] = {}

    def share(self, flows: Sequence[ReceivingSocket], now: float) -> None:
        """Measures all bodies in transfer on connections of their own, and limits their windows."""
        self.due_at = now + EVERY_SECONDS
        self._together = together = self._together or Meter(now, TOGETHER_SECONDS)
        self._own = {flow.exchange: self._own.get(flow.exchange) or Meter(now, OWN_SECONDS) for flow in flows}
        for flow in flows:
            own = self._own[flow.exchange]
            came = max(0, flow.received - own.total)  # bytes beyond a lowered stop were received all the same
            own.add(came, now)
            together.add(came, now)
        for flow in flows:
            with suppress(OSError):  # no TCP socket
                _bound(flow.descriptor, self._own[flow.exchange].rate(now), together.rate(now), len(flows))


def _bound(descriptor: int, own: float, together: float, connections: int) -> None:
    if descriptor < 0:
        return  # closed meanwhile
    # The family is irrelevant here; determining it would take three more system calls.
    borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=descriptor)
    try:
        (microseconds,) = ROUND_TRIP.unpack(borrowed.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, ROUND_TRIP.size))
        window = receive_window(own, together, connections=connections, round_trip_seconds=microseconds / 1e6)
        borrowed.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, window)
    finally:
        borrowed.detach()
