"""When the pace of a host is shown what arrives: many times a second, and not with each small piece."""

from __future__ import annotations

OBSERVING_SECONDS = 0.03
LEARNING_SECONDS = 3.0
"""What was found in less time than that is chance."""
UNSEEN_SECONDS = 1.5
"""With so much time between two looks nothing was paced: all was verified, or came from other places."""


class Observations:
    """The moments at which the pace was shown the sum.

    Attributes:
        unseen_bytes: The bytes that came when nothing was paced.
    """

    def __init__(self) -> None:
        self._first_at: float | None = None
        self._last_at = float("-inf")
        self._flowing = self._total = 0
        self.unseen_bytes = 0

    def unseen_seconds(self, total: int, elapsed: float) -> float:
        """The time since the last look, if nothing was paced in it: it says nothing about a count.

        Args:
            total: The bytes so far.
            elapsed: The seconds since the last look.
        """
        is_unseen = self._first_at is not None and elapsed >= UNSEEN_SECONDS
        self.unseen_bytes += total - self._total if is_unseen else 0
        self._total = total
        return elapsed if is_unseen else 0.0

    def is_due(self, now: float, flowing: int, *, exact: bool) -> bool:
        """Whether it is shown the sum now.

        Args:
            now: The time.
            flowing: How many bodies are in transfer.
            exact: Whether another number of them is a reason; those on shared connections change all the time.
        """
        is_as_before = not exact or flowing == self._flowing
        if is_as_before and now - self._last_at < OBSERVING_SECONDS:
            return False
        self._last_at, self._flowing = now, flowing
        if self._first_at is None:
            self._first_at = now
        return True

    @property
    def tell(self) -> bool:
        """Whether there were enough of them to learn something for another time."""
        return self._first_at is not None and self._last_at - self._first_at >= LEARNING_SECONDS
