"""What a download has cost so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Requests and bytes of one download.

    ``origin_requests`` are those to the host that the reference names; ``bytes_resumed`` were left by an earlier run
    and have been proved; ``http_version`` is the last response's.
    """

    requests: int = 0
    origin_requests: int = 0
    renewals: int = 0
    connections_peak: int = 0
    bytes_downloaded: int = 0
    bytes_resumed: int = 0
    http_version: str = ""

    def requested(self, *, at_origin: bool) -> None:
        """A request goes out."""
        self.requests += 1
        self.origin_requests += at_origin

    def unsent(self, *, at_origin: bool) -> None:
        """A request that was counted was never sent."""
        self.requests -= 1
        self.origin_requests -= at_origin

    def answered(self, http_version: str) -> None:
        """A response came in this version of HTTP."""
        self.http_version = http_version

    def flows(self, connections: int) -> None:
        """So many bodies flow at the same time."""
        self.connections_peak = max(self.connections_peak, connections)

    def arrived(self, count: int) -> None:
        """``count`` bytes were stored or compared."""
        self.bytes_downloaded += count

    def resumed(self, count: int) -> None:
        """``count`` bytes that an earlier run left were proved; fewer than none where some turned out to be wrong."""
        self.bytes_resumed += count

    def renewed(self) -> None:
        """The source was asked for the address anew."""
        self.renewals += 1
