"""How many connections at a time: a hill-climb on the *sum* of what arrives, with regret.

Theory of operation
-------------------

No count is right everywhere: a lossy line wants more the longer it lasts, a fast one is filled by four, a server that
punishes falls to a tenth at the fifth. So the count is found by trying, and each try is judged by the sum over all
connections, the only figure that the user feels:

* **One, then more.** The first connection is alone for a tenth of a second: on a short path that shows what one can do.
  Then the count is multiplied as long as the sum has clearly grown at a glance; where it hasn't, the step is judged
  once its connections had time to open up, by a margin that beats the noise.
* **Regret.** A step that didn't pay is undone. What it missed in bytes has to be earned first: the next trial waits
  until the loss is a small part of what has been carried since. So trying costs next to nothing on any line, and what
  costs nothing is tried often.
* **Up and down in turn.** The right count can grow during a transfer, and what the first moments, while windows still
  opened, made look like a gain may be none. A trial that pays goes on in its direction at once.
* **Collapse.** More connections that bring less than half are undone at a glance, and so many are barred: for some
  seconds first, for twice as long each time that it happens again. If the sum doesn't come back after the step was
  undone, the line itself had fallen: the step isn't to blame, and the bar is lifted.
* **A sum that falls by itself** is the line's doing, but it makes what was learned stale: the next trial, upwards, may
  come at once.
* **A refused extra connection** is the server's own word: that many it bears, and more are barred in the same way.

Everything is driven by :meth:`Pace.observe`; the clock is passed in, nothing is random.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil, inf

FIRST_STEP = 4
"""How many are tried after the first one."""
RAMP = 2.0
ALONE_SECONDS = 0.1
SHORTEST_GLANCE_SECONDS = 0.15
LONGEST_GLANCE_SECONDS = 0.4
"""A glance lasts about a round trip: enough to see a collapse or a doubling, not enough to beat the noise."""
SHORTEST_SETTLING_SECONDS = 0.2
LONGEST_SETTLING_SECONDS = 1.5
SHORTEST_WINDOW_SECONDS = 0.4
LONGEST_WINDOW_SECONDS = 1.0

CLEAR_GAIN = 1.25
"""What settles a trial of more at a glance."""
GAIN = 1.10
"""What more connections have to bring: less is noise, and fewer connections are kinder."""
COLLAPSE = 0.5
LOSS_OF_FEWER = 0.97
"""Fewer connections are kept where the sum stays above this part of what it was."""
ABANDON_FEWER = 0.8
CAME_BACK = 0.7
"""The part of what it was that the sum has to reach again for an undone step to be blamed for a collapse."""
FALLEN = 0.8

FIRST_HOLD_SECONDS = 2.0
LONGEST_HOLD_SECONDS = 30.0
PAYBACK = 20.0
"""A trial that missed a second's worth of bytes isn't followed by another for so many seconds."""
FIRST_BAR_SECONDS = 15.0
LONGEST_BAR_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Learned:
    """What a transfer has shown about a host, for the next one.

    Args:
        connections: The count that was good.
        limit: How many it bears, where it has refused or punished more; else ``None``.
    """

    connections: int
    limit: int | None


@dataclass(slots=True)
class _Trial:
    """A count that is being tried, against what was measured before."""

    count: int
    before: int
    rate_before: float
    began_at: float
    total_before: int
    full_at: float | None = None

    def missed_seconds(self, total: int, now: float) -> float:
        """How many seconds' worth of bytes haven't come, compared with the count before."""
        return now - self.began_at - (total - self.total_before) / max(self.rate_before, 1.0)


class Pace:
    """The number of exchanges that may be under way together.

    Args:
        maximum: How far it may climb.
        fixed: The one and only count, where the user wants it so; only refusals lower it.
        start: The count that was good for this host earlier: it is begun with, without a climb.
        ceiling: How many it bore earlier: more are barred at first.
    """

    def __init__(
        self, maximum: int = 32, *, fixed: int | None = None, start: int | None = None, ceiling: int | None = None
    ) -> None:
        self._maximum = max(1, fixed or maximum)
        self._fixed = fixed is not None
        self._count = self._maximum if self._fixed else max(1, min(start or 1, self._maximum, ceiling or self._maximum))
        self._samples: deque[tuple[float, int]] = deque()
        self._trial: _Trial | None = None
        self._blamed: _Trial | None = None
        self._ramping = start is None
        self._upwards = True
        self._hold_seconds = FIRST_HOLD_SECONDS
        self._hold_until: float | None = None
        self._measured_from = inf
        self._best_rate = 0.0
        self._barred_count = ceiling + 1 if ceiling else inf
        self._barred_until = inf
        self._bar_seconds = FIRST_BAR_SECONDS / 2
        self._answer_seconds = LONGEST_GLANCE_SECONDS

    @property
    def connections(self) -> int:
        """How many exchanges may be under way now; at least one."""
        return self._count

    @property
    def learned(self) -> Learned:
        """What the next transfer from this host may begin with: never a count that is only being tried."""
        count = self._trial.before if self._trial else self._count
        return Learned(count, int(self._barred_count) - 1 if self._barred_count < inf else None)

    def answered(self, seconds: float) -> None:
        """A head came ``seconds`` after its request: the shortest of these is about a round trip."""
        self._answer_seconds = min(self._answer_seconds, seconds)

    def refused(self, others: int, now: float) -> None:
        """The server refused one more connection while ``others`` went on: that many it bears."""
        bearable = max(1, others)
        if bearable >= self._count:
            return
        self._bar(bearable + 1, now)
        if self._trial is not None and bearable > self._trial.before:
            self._trial.count = self._count = bearable  # those that were let in still have to pay
            return
        self._trial = None
        self._ramping = False
        self._settle_on(bearable, now, self._settling)

    def observe(self, total: int, flowing: int, now: float) -> None:
        """Takes the total of bytes that have arrived so far, and how many bodies flow; decides.

        Call it many times a second while there is more to ask for than is being asked for: a count that can't be
        filled can't be judged.
        """
        if self._fixed:
            return
        self._samples.append((now, total))
        while now - self._samples[0][0] > LONGEST_WINDOW_SECONDS + SHORTEST_GLANCE_SECONDS:
            self._samples.popleft()
        if self._hold_until is None:
            self._hold_until = self._measured_from = now
            self._hold_until += ALONE_SECONDS if self._ramping else self._hold_seconds
        if self._trial is not None:
            self._judge(self._trial, total, flowing, now)
        else:
            self._steady(total, flowing, now)

    # Measuring --------------------------------------------------------------------------------------------

    @property
    def _glance(self) -> float:
        return min(max(self._answer_seconds, SHORTEST_GLANCE_SECONDS), LONGEST_GLANCE_SECONDS)

    @property
    def _settling(self) -> float:
        return min(max(2 * self._answer_seconds, SHORTEST_SETTLING_SECONDS), LONGEST_SETTLING_SECONDS)

    @property
    def _window(self) -> float:
        return min(max(2 * self._answer_seconds, SHORTEST_WINDOW_SECONDS), LONGEST_WINDOW_SECONDS)

    def _rate(self, seconds: float, now: float) -> float:
        """Bytes a second over the last ``seconds``."""
        newest = oldest = self._samples[-1]
        for sample in reversed(self._samples):
            if sample[0] < now - seconds - 1e-9:
                break
            oldest = sample
        elapsed = newest[0] - oldest[0]
        return (newest[1] - oldest[1]) / elapsed if elapsed > 0 else 0.0

    # Trying -----------------------------------------------------------------------------------------------

    def _try(self, count: int, rate: float, total: int, now: float) -> None:
        self._trial = _Trial(count, self._count, rate, now, total)
        self._count = count

    def _judge(self, trial: _Trial, total: int, flowing: int, now: float) -> None:
        more = trial.count > trial.before
        if trial.full_at is None:
            full = flowing >= trial.count if more else flowing <= trial.count
            if not full and now - trial.began_at < 2 * LONGEST_SETTLING_SECONDS:
                return
            trial.full_at = now
        elapsed = now - trial.full_at
        if elapsed < self._glance:
            return
        glanced = self._rate(self._glance, now)
        if more and self._ramping and glanced >= CLEAR_GAIN * trial.rate_before:
            self._accept(trial, now)
        elif glanced < (COLLAPSE if more else ABANDON_FEWER) * trial.rate_before:
            self._undo(trial, total, now)
            if more:
                self._bar(trial.count, now)
                self._blamed = trial
        elif elapsed >= self._settling + self._window:
            needed = GAIN if more else LOSS_OF_FEWER
            if self._rate(self._window, now) >= needed * trial.rate_before:
                self._accept(trial, now)
            else:
                self._undo(trial, total, now)

    def _accept(self, trial: _Trial, now: float) -> None:
        self._trial = None
        self._hold_seconds = FIRST_HOLD_SECONDS
        self._upwards = trial.count > trial.before
        self._settle_on(trial.count, now, 0.0)
        self._hold_until = now  # whoever gains goes on at once

    def _undo(self, trial: _Trial, total: int, now: float) -> None:
        self._trial = None
        self._ramping = False
        self._upwards = trial.count < trial.before
        self._settle_on(trial.before, now, self._settling)
        regret = 2 * trial.missed_seconds(total, now)  # to open again takes about as long as the trial
        self._hold_until = now + max(self._hold_seconds, PAYBACK * regret)
        self._hold_seconds = min(self._hold_seconds * 2, LONGEST_HOLD_SECONDS)

    def _settle_on(self, count: int, now: float, settling: float) -> None:
        self._count = count
        self._measured_from = now + settling
        self._hold_until = now + self._hold_seconds
        self._best_rate = 0.0
        self._blamed = None

    def _bar(self, count: int, now: float) -> None:
        self._bar_seconds = min(self._bar_seconds * 2, LONGEST_BAR_SECONDS)
        self._barred_count = count
        self._barred_until = now + self._bar_seconds

    def _steady(self, total: int, flowing: int, now: float) -> None:
        window = self._glance if self._ramping else self._window
        if self._hold_until is None or flowing < min(self._count, 2):
            return
        if now < self._measured_from + (0 if self._ramping else window):
            return
        rate = self._rate(window, now)
        if self._blamed is not None:
            if rate < CAME_BACK * self._blamed.rate_before:
                self._barred_count = inf
            self._blamed = None
        if rate < FALLEN * self._best_rate:
            self._best_rate, self._upwards, self._hold_until = rate, True, now
        self._best_rate = max(self._best_rate, rate)
        if now >= self._hold_until:
            self._probe(rate, total, now)

    def _probe(self, rate: float, total: int, now: float) -> None:
        wanted = self._more(now) if self._upwards else max(1, self._count // 2)
        if wanted != self._count:
            self._try(wanted, rate, total, now)
            return
        self._ramping = False
        self._upwards = not self._upwards
        self._hold_until = now + self._hold_seconds

    def _more(self, now: float) -> int:
        wanted = (
            FIRST_STEP if self._count == 1 and self._ramping else ceil(self._count * (RAMP if self._ramping else 2))
        )
        if now >= self._barred_until:
            self._barred_count = inf
        if wanted >= self._barred_count:
            wanted = (self._count + int(self._barred_count)) // 2
        return max(self._count, min(wanted, self._maximum))
