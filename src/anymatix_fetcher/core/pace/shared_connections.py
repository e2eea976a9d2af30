"""The connections that requests for many small files share at a host over HTTP/2, and which takes the next request.

Each connection's windows open slowly, and a server keeps only so much in flight for it, so a few of them together bring
more than one. They are opened with one request each; whatever else is asked for meanwhile goes where answers come from
already, instead of waiting for handshakes. Whether the host speaks HTTP/2 the first one finds out. Where very many
files wait, all of them do so at once: their handshakes count more then than a few large files that are begun early.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Origin

MOST_SHARED = 4
"""Fewer than the six connections that browsers open to a host over HTTP/1.1."""
MOST_STREAMS = 100
"""Requests on all of them together; most servers allow as many on one (RFC 9113, section 5.1.2)."""
STREAMS_EACH = 8
"""So many more requests for each file that turned out to be small."""
MANY_WAITING = 4
"""Only for so many files is one worth having beside the connections of the segments."""
VERY_MANY_FILES = 32
"""For so many all shared connections are opened before it is known what the host speaks."""


class SharedConnections:
    """The shared connections of all downloads that name the same host; each origin that it leads to has as many.

    Args:
        most_connections: How many connections the host may have: half of them at most are shared, and large files have
            the others.

    Attributes:
        count: How many there may be.
    """

    def __init__(self, most_connections: int) -> None:
        self.count = max(1, min(MOST_SHARED, most_connections // 2))
        self._loads: dict[Origin, Counter[int]] = {}
        self._heard: set[tuple[Origin, int]] = set()

    def take(self, origin: Origin) -> int:
        """The connection of one more request to ``origin``: one that isn't open yet, else that with the fewest."""
        loads = self._loads.setdefault(origin, Counter())
        numbers = range(self.count)
        chosen = next((number for number in numbers if number not in loads), None)
        if chosen is None:
            answering = [number for number in numbers if (origin, number) in self._heard]
            chosen = min(answering or numbers, key=loads.__getitem__)
        loads[chosen] += 1
        return chosen

    def scouts(self, files: int) -> int:
        """How many of ``files`` are asked for, on a connection each, while it isn't known what the host speaks."""
        return self.count if files >= VERY_MANY_FILES else 1

    def opened(self, origin: Origin) -> int:
        """How many shared connections to ``origin`` have been taken."""
        return len(self._loads.get(origin, ()))

    def heard(self, origin: Origin, number: int) -> None:
        """A response came on connection ``number``: it is open."""
        self._heard.add((origin, number))

    def leave(self, origin: Origin, number: int) -> None:
        """A request that has taken connection ``number`` is over."""
        self._loads[origin][number] -= 1

    def halve(self) -> None:
        """The host has refused a request: so many are too much for it."""
        self.count = max(1, self.count // 2)
