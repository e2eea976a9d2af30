"""Time that moves only when somebody waits."""

from __future__ import annotations


class VirtualClock:
    """Seconds since the simulation began; called, it tells them, as ``time.monotonic`` does."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def advance_to(self, moment: float) -> None:
        """Lets time pass; it never goes back."""
        self.now = max(self.now, moment)
