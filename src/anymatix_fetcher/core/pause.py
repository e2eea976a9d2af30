"""A pause: an origin that isn't asked for a while, and why."""

from __future__ import annotations

from dataclasses import dataclass

from anymatix_fetcher.core.retry import countdown


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when an origin isn't asked, and why, for people."""

    until: float
    reason: str

    def told(self, now: float) -> str:
        """Why and for how long, for people."""
        return countdown(self.reason, self.until, now)
