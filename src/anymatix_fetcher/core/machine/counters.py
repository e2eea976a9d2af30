"""The costs of a download so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """The requests and bytes of one download.

    ``origin_requests`` are those to the host that the reference names; ``bytes_resumed`` are from an earlier run and
    proved; ``http_version`` is the newest of its responses'.
    """

    requests: int = 0
    origin_requests: int = 0
    renewals: int = 0
    connections_peak: int = 0
    bytes_downloaded: int = 0
    bytes_resumed: int = 0
    http_version: str = ""

    def requested(self, *, at_origin: bool) -> None:
        """Counts a request."""
        self.requests += 1
        self.origin_requests += at_origin

    def unsent(self, *, at_origin: bool) -> None:
        """Uncounts a request that wasn't sent."""
        self.requests -= 1
        self.origin_requests -= at_origin

    def answered(self, http_version: str) -> None:
        """Records the HTTP version of a response."""
        self.http_version = max(self.http_version, http_version)

    def flows(self, connections: int) -> None:
        """Records the number of concurrent bodies."""
        self.connections_peak = max(self.connections_peak, connections)

    def arrived(self, count: int) -> None:
        """Counts bytes that were stored or compared."""
        self.bytes_downloaded += count

    def resumed(self, count: int) -> None:
        """Counts proved bytes of an earlier run; negative if some turned out to be wrong."""
        self.bytes_resumed += count

    def renewed(self) -> None:
        """Counts a renewal of the URL."""
        self.renewals += 1
