"""How fast bytes arrive: a sliding window over the last seconds, with the clock passed in."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 3.0
_BUCKET_SECONDS = 0.1


class Meter:
    """Bytes a second over a sliding window; cheap however many small pieces arrive."""

    def __init__(self, now: float, window_seconds: float = WINDOW_SECONDS) -> None:
        self._window_seconds = window_seconds
        self._started_at = now
        self._buckets: deque[tuple[float, int]] = deque()
        self._in_window = 0
        self.total = 0

    def add(self, count: int, now: float) -> None:
        """``count`` more bytes have arrived."""
        self.total += count
        self._in_window += count
        if self._buckets and now - self._buckets[-1][0] < _BUCKET_SECONDS:
            at, before = self._buckets.pop()
            self._buckets.append((at, before + count))
        else:
            self._buckets.append((now, count))
        self._forget(now)

    def rate(self, now: float) -> float:
        """Bytes a second over the window, or since the start where that is later; 0.0 before any time has passed."""
        self._forget(now)
        seconds = min(self._window_seconds, now - self._started_at)
        # The first instant would make any rate of a few bytes.
        return self._in_window / max(seconds, _BUCKET_SECONDS) if seconds > 0 else 0.0

    def skip(self, seconds: float) -> None:
        """Excludes a gap in which the process didn't run (a suspended machine, or a busy process)."""
        self._started_at += seconds
        self._buckets = deque((at + seconds, count) for at, count in self._buckets)

    def _forget(self, now: float) -> None:
        while self._buckets and now - self._buckets[0][0] >= self._window_seconds:
            self._in_window -= self._buckets.popleft()[1]
