"""How many connections at a time: a hill-climb on the *sum* of what arrives, with regret.

Theory of operation
-------------------

No count is right everywhere: a lossy line wants more the longer it lasts, a fast one is filled by four, a server that
punishes falls to a tenth at the fifth. So the count is found by trying, and each try is judged by the sum over all
connections, the only figure that the user feels:

* The ramp doubles as long as the sum grows by more than the noise. A trial whose sum has clearly grown already is
  accepted at once; any other is judged only after its connections had time to open up.
* A step that didn't pay is undone. One that made the sum fall to less than half is undone at once, and that count
  isn't tried again for a long time.
* After the ramp, one probe upwards (the right count can grow during a transfer) and one downwards (what the first
  moments, while windows still opened, made look like a gain) take turns, ever more rarely while they change nothing.
* A sum that falls without anything having been changed is the line's doing, and no step is blamed for it; only when it
  stays far below what it was is half the count tried.
* A refused or reset extra connection is the server's own word: that many it bears.

Everything is driven by :meth:`Pace.observe`; the clock is passed in, nothing is random.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil, inf

START_CONNECTIONS = 4
"""How many are opened when the first head says that the server does ranges."""

SHORTEST_SETTLING_SECONDS = 0.2
LONGEST_SETTLING_SECONDS = 1.5
SETTLING_ROUND_TRIPS = 5
"""A new connection's handshakes, its request, and the first doublings of its window."""
SHORTEST_WINDOW_SECONDS = 0.4
WINDOW_ROUND_TRIPS = 4

GAIN = 1.10
"""What a doubling has to bring: less is noise, and fewer connections are kinder."""
CLEAR_GAIN = 1.4
"""What settles a trial early."""
COLLAPSE = 0.5
LOSS_OF_FEWER = 0.97
"""Fewer connections are kept where the sum stays above this part of what it was."""
ABANDON_FEWER = 0.8

FIRST_HOLD_SECONDS = 2.0
LONGEST_HOLD_SECONDS = 60.0
BARRED_SECONDS = 60.0
"""How long a count that made the sum collapse, or was refused, isn't tried again."""
SLUMP_SECONDS = 3.0
SLUMP = 0.3


@dataclass(slots=True)
class _Trial:
    """A count that is being tried, against what was measured before."""

    count: int
    before: int
    rate_before: float
    began_at: float
    full_at: float | None = None


class Pace:
    """The number of exchanges that may be under way together.

    Args:
        maximum: How far it may climb.
        fixed: The one and only count, where the user wants it so; only refusals lower it.
        start: How many to begin with, once the server is known to do ranges.
    """

    def __init__(self, maximum: int = 32, *, fixed: int | None = None, start: int = START_CONNECTIONS) -> None:
        self._maximum = max(1, fixed or maximum)
        self._fixed = fixed is not None
        self._count = self._maximum if self._fixed else min(start, self._maximum)
        self._samples: deque[tuple[float, int]] = deque()
        self._trial: _Trial | None = None
        self._ramping = True
        self._hold_seconds = FIRST_HOLD_SECONDS
        self._hold_until = -inf
        self._measured_from: float | None = None
        self._upwards = True
        self._barred_count = self._maximum + 1
        self._barred_until = -inf
        self._round_trip = LONGEST_SETTLING_SECONDS
        self._best_rate = 0.0
        self._slump_since: float | None = None

    @property
    def connections(self) -> int:
        """How many exchanges may be under way now; at least one."""
        return self._count

    def answered(self, seconds: float) -> None:
        """A head came ``seconds`` after its request: the shortest of these is about a round trip."""
        self._round_trip = min(self._round_trip, max(seconds, 0.001))

    def refused(self, flowing: int, now: float) -> None:
        """The server refused one more connection while ``flowing`` others went on: that many it bears."""
        bearable = max(1, flowing)
        if bearable >= self._count:
            return
        self._bar(bearable + 1, now)
        self._trial = None
        self._settle_on(bearable, now, changed=False)

    def observe(self, total: int, flowing: int, now: float) -> None:
        """Takes the total of bytes that have arrived so far, and how many bodies flow; decides.

        Call it many times a second while there is more to ask for than is being asked for: a count that can't be
        filled can't be judged.
        """
        self._samples.append((now, total))
        while len(self._samples) > 2 and now - self._samples[1][0] > LONGEST_WINDOW_SECONDS:  # noqa: PLR2004 - one before the window
            self._samples.popleft()
        if self._fixed:
            return
        if self._trial is not None:
            self._judge(self._trial, flowing, now)
        else:
            self._steady(flowing, now)

    # Measuring --------------------------------------------------------------------------------------------

    @property
    def _settling(self) -> float:
        return min(max(SETTLING_ROUND_TRIPS * self._round_trip, SHORTEST_SETTLING_SECONDS), LONGEST_SETTLING_SECONDS)

    @property
    def _window(self) -> float:
        return max(SHORTEST_WINDOW_SECONDS, WINDOW_ROUND_TRIPS * self._round_trip)

    def _rate(self, seconds: float, now: float) -> float:
        """Bytes a second over the last ``seconds``."""
        newest = self._samples[-1]
        oldest = next((sample for sample in self._samples if sample[0] >= now - seconds - 1e-9), newest)
        elapsed = newest[0] - oldest[0]
        return (newest[1] - oldest[1]) / elapsed if elapsed > 0 else 0.0

    # Trying -----------------------------------------------------------------------------------------------

    def _judge(self, trial: _Trial, flowing: int, now: float) -> None:
        more = trial.count > trial.before
        if trial.full_at is None and (flowing >= trial.count if more else flowing <= trial.count):
            trial.full_at = now
        began = trial.full_at if trial.full_at is not None else trial.began_at + 2 * self._settling
        elapsed = now - began
        quick = self._rate(self._window / 2, now)
        if elapsed >= self._window / 2:
            if more and self._ramping and quick >= CLEAR_GAIN * trial.rate_before:
                return self._accept(trial, now)
            if quick < (COLLAPSE if more else ABANDON_FEWER) * trial.rate_before and elapsed >= self._settling / 2:
                if more:
                    self._bar(trial.count, now)
                return self._undo(trial, now)
        if elapsed >= self._settling + self._window:
            needed = 1 + (GAIN - 1) * min(1.0, trial.count / trial.before - 1) if more else LOSS_OF_FEWER
            if self._rate(self._window, now) >= needed * trial.rate_before:
                return self._accept(trial, now)
            return self._undo(trial, now)
        return None

    def _accept(self, trial: _Trial, now: float) -> None:
        self._trial = None
        self._hold_seconds = FIRST_HOLD_SECONDS
        self._upwards = trial.count > trial.before
        self._settle_on(trial.count, now, changed=False)
        if self._ramping or not self._upwards:
            self._hold_until = now  # whoever gains goes on at once

    def _undo(self, trial: _Trial, now: float) -> None:
        self._trial = None
        self._ramping = False
        self._upwards = trial.count < trial.before
        self._settle_on(trial.before, now, changed=True)
        self._hold_seconds = min(self._hold_seconds * 2, LONGEST_HOLD_SECONDS)

    def _settle_on(self, count: int, now: float, *, changed: bool) -> None:
        self._count = count
        self._measured_from = now + (self._settling if changed else 0.0)
        self._hold_until = now + self._hold_seconds
        self._slump_since = None
        self._best_rate = 0.0

    def _bar(self, count: int, now: float) -> None:
        self._barred_count = count
        self._barred_until = now + BARRED_SECONDS

    def _steady(self, flowing: int, now: float) -> None:
        if self._measured_from is None:
            self._measured_from = now + self._settling
        if now < self._measured_from + self._window / (2 if self._ramping else 1) or flowing < min(self._count, 2):
            return
        rate = self._rate(min(self._window, now - self._measured_from + 1e-9), now)
        if self._has_slumped(rate, now):
            self._try(max(1, self._count // 2), rate, now)
        elif now >= self._hold_until:
            self._probe(rate, now)

    def _has_slumped(self, rate: float, now: float) -> bool:
        self._best_rate = max(self._best_rate, rate)
        if rate >= SLUMP * self._best_rate or self._count == 1:
            self._slump_since = None
            return False
        self._slump_since = self._slump_since or now
        return now - self._slump_since >= SLUMP_SECONDS

    def _probe(self, rate: float, now: float) -> None:
        if self._upwards:
            factor = 2.0 if self._ramping else 1.5
            wanted = min(self._maximum, ceil(self._count * factor))
            if now < self._barred_until:
                wanted = min(wanted, self._barred_count - 1)
        else:
            wanted = max(1, self._count // 2)
        if wanted != self._count:
            self._try(wanted, rate, now)
            return
        self._ramping = False
        self._upwards = not self._upwards
        self._hold_until = now + self._hold_seconds

    def _try(self, count: int, rate: float, now: float) -> None:
        self._trial = _Trial(count, self._count, rate, now)
        self._count = count


LONGEST_WINDOW_SECONDS = LONGEST_SETTLING_SECONDS * WINDOW_ROUND_TRIPS
