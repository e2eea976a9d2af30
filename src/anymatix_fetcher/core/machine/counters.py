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
