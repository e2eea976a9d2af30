"""More or fewer: when each of the two directions may be tried again.

They are kept apart because they cost differently. On most lines more connections cost nothing to try, and only a trial
shows that a line has become wider; fewer cost what was given up and has to open again.
"""

from __future__ import annotations

from math import inf

FIRST_HOLD_SECONDS = 1.3
PAYBACK = 30.0
"""A second's worth of bytes missed by trying is made up for by so many seconds without."""


class Direction:
    """One way to change the count.

    Args:
        longest_hold_seconds: How long it rests at most after trials that cost nothing.
    """

    def __init__(self, longest_hold_seconds: float) -> None:
        self._longest_hold_seconds = longest_hold_seconds
        self._hold_seconds = FIRST_HOLD_SECONDS
        self.may_be_tried_at = inf

    def open(self, now: float) -> None:
        """It may be tried from now on."""
        self.may_be_tried_at = now

    def rest(self, now: float) -> None:
        """Nothing is to be won by it just now."""
        self.may_be_tried_at = now + self._hold_seconds

    def wait(self, until: float) -> None:
        """It isn't tried before ``until``."""
        self.may_be_tried_at = max(self.may_be_tried_at, until)

    def wait_long(self) -> None:
        """Each further rest is as long as they get."""
        self._hold_seconds = self._longest_hold_seconds

    def paid(self, now: float) -> None:
        """A trial has paid: the next one may be at once."""
        self._hold_seconds = FIRST_HOLD_SECONDS
        self.may_be_tried_at = now

    def failed(self, missed_seconds: float, now: float) -> None:
        """A trial has failed, and missed so many seconds' worth of bytes: it rests until these are a small part."""
        self.may_be_tried_at = now + max(self._hold_seconds, PAYBACK * missed_seconds)
        self._hold_seconds = min(2 * self._hold_seconds, self._longest_hold_seconds)
