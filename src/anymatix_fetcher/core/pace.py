"""How many connections at a time: a hill-climb on the *sum* of what arrives, with regret.

Theory of operation
-------------------

No count is right everywhere: a lossy line wants more the longer it lasts, a fast one is filled by four, a server that
punishes falls to a tenth at the fifth. So the count is found by trying, and each try is judged by the sum over all
connections, the only figure that the user feels:

* **The climb.** The first connection is alone for a tenth of a second: on a short path that shows what one can do.
  Then four are tried, and twice as many again and again. Where a glance shows a clear gain the climb goes on; else the
  step is judged when its connections had time to open up, by a margin that grows with the noise.
* **Regret.** A step that didn't pay is undone, and the other direction is tried. Where neither pays, the next trial
  waits until what both have missed, in bytes, is a small part of what has been carried since: so trying costs little
  on any line, and is frequent where it is free. A trial that pays goes on in its direction at once.
* **Fewer.** The right count can grow during a transfer, and what looked like a gain while windows still opened may be
  none. So half is tried too, and kept where the sum stays; that is how it falls to one.
* **Collapse.** More connections that bring less than half are undone at a glance, and so many are barred: for some
  seconds first, for twice as long each time that it happens again. Below the bar the gap is halved. If the sum doesn't
  come back after the step was undone, the line itself had fallen: the step isn't to blame, and the bar is lifted.
* **A sum that falls by itself** is the line's doing, but it makes what was learned stale: more may be tried at once.
* **A refused extra connection** is the server's own word: that many it bears, and more are barred in the same way.
  It isn't halved, for the connections that go on have just been shown to be welcome.

Everything is driven by :meth:`Pace.observe`; the clock is passed in, nothing is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from anymatix_fetcher.core.goodput import LONGEST_WINDOW_SECONDS, Goodput

FIRST_STEP = 4
"""How many are tried after the first one: a server that bears three refuses one."""
ALONE_SECONDS = 0.1

QUICKEST_SECONDS = 0.1
"""Where the climb is clear it goes on after so long."""
LONGEST_GLANCE_SECONDS = 0.4
SHORTEST_SETTLING_SECONDS = 0.2
LONGEST_SETTLING_SECONDS = 1.5
SHORTEST_WINDOW_SECONDS = 0.4
PATIENCE_SECONDS = 3.0
"""A trial whose connections haven't all opened by then is judged as it is."""

GAIN = 0.06
"""What twice as many connections have to bring beyond the noise: with less, fewer are kinder."""
CLEAR_GAIN = 0.4
"""The same, where a glance shall be enough."""
COLLAPSE = 0.5
LOSS_OF_FEWER = 0.94
"""Fewer connections are kept where the sum stays above this part of what it was."""
ABANDON_FEWER = 0.8
CAME_BACK = 0.7
"""The part of what it was that the sum has to reach again for an undone step to be blamed for a collapse."""

FIRST_HOLD_SECONDS = 2.0
LONGEST_HOLD_SECONDS = 8.0
PAYBACK = 10.0
"""A second's worth of bytes missed by trying is made up for by so many seconds without."""
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
        self._goodput = Goodput()
        self._trial: _Trial | None = None
        self._blamed: _Trial | None = None
        self._ramping = start is None
        self._upwards = True
        self._hold_seconds = FIRST_HOLD_SECONDS
        self._hold_until = inf
        self._measured_from = inf
        self._undone = 0
        self._regret = 0.0
        self._barred_count = ceiling + 1 if ceiling else inf
        self._barred_until = inf
        self._bar_seconds = FIRST_BAR_SECONDS
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
        if self._ramping:  # later ones come on connections that are open already, and say nothing about new ones
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
        self._goodput.add(total, now)
        if self._measured_from == inf:
            self._hold_until = self._measured_from = now
            self._hold_until += ALONE_SECONDS if self._ramping else self._hold_seconds
            self._barred_until = now + FIRST_BAR_SECONDS
        if self._trial is not None:
            self._judge(self._trial, flowing, now)
        else:
            self._steady(flowing, now)

    # Measuring --------------------------------------------------------------------------------------------

    def _filled_by(self, flowing: int) -> bool:
        """Whether nearly all flow that may: some are always between two segments."""
        return flowing >= self._count - self._count // 8

    @property
    def _glance(self) -> float:
        return _between(QUICKEST_SECONDS, self._answer_seconds, LONGEST_GLANCE_SECONDS)

    @property
    def _settling(self) -> float:
        return _between(SHORTEST_SETTLING_SECONDS, 2 * self._answer_seconds, LONGEST_SETTLING_SECONDS)

    @property
    def _window(self) -> float:
        return _between(SHORTEST_WINDOW_SECONDS, 2 * self._answer_seconds, LONGEST_WINDOW_SECONDS)

    # Trying -----------------------------------------------------------------------------------------------

    def _try(self, count: int, rate: float, now: float) -> None:
        self._trial = _Trial(count, self._count, rate, now, self._goodput.total)
        self._count = count

    def _judge(self, trial: _Trial, flowing: int, now: float) -> None:
        more = trial.count > trial.before
        if trial.full_at is None:
            full = self._filled_by(flowing) if more else flowing <= trial.count
            if not full and now - trial.began_at < PATIENCE_SECONDS:
                return
            trial.full_at = now
        elapsed = now - trial.full_at
        growth = trial.count / trial.before - 1 if more else 1.0
        if self._is_clear(trial, growth, elapsed):
            self._accept(trial, now)
        elif self._is_ruinous(trial, elapsed):
            self._undo(trial, now)
            if more:
                self._bar(trial.count, now)
                self._blamed = trial
        elif elapsed >= self._settling + self._window:
            needed = 1 + GAIN * growth + self._goodput.noise if more else LOSS_OF_FEWER - self._goodput.noise / 2
            if self._goodput.rate(self._window) >= needed * trial.rate_before:
                self._accept(trial, now)
            else:
                self._undo(trial, now)

    def _is_clear(self, trial: _Trial, growth: float, elapsed: float) -> bool:
        """Whether a glance is enough to see that the trial pays."""
        glance = QUICKEST_SECONDS if self._ramping else self._glance
        needed = 1 + CLEAR_GAIN * growth + 2 * self._goodput.noise
        return elapsed >= glance and self._goodput.rate(glance) >= needed * trial.rate_before

    def _is_ruinous(self, trial: _Trial, elapsed: float) -> bool:
        """Whether a glance is enough to see that the trial doesn't pay."""
        least = COLLAPSE if trial.count > trial.before else ABANDON_FEWER - self._goodput.noise
        return elapsed >= self._glance and self._goodput.rate(self._glance) < least * trial.rate_before

    def _accept(self, trial: _Trial, now: float) -> None:
        self._trial = None
        self._hold_seconds = FIRST_HOLD_SECONDS
        self._undone = 0
        self._upwards = trial.count > trial.before
        self._settle_on(trial.count, now, 0.0)
        self._hold_until = now  # whoever gains goes on at once

    def _undo(self, trial: _Trial, now: float) -> None:
        self._trial = None
        self._ramping = False
        self._undone += 1
        self._upwards = trial.count < trial.before
        # Those that were closed have to open again before anything can be measured.
        self._settle_on(trial.before, now, self._settling * (2 if self._upwards else 1))
        # Until all is as before takes about as long again as the trial.
        self._regret += 2 * max(0.0, trial.missed_seconds(self._goodput.total, now))
        if self._undone == 1:
            self._hold_until = now
            return
        self._hold_until = now + max(self._hold_seconds, PAYBACK * self._regret)
        self._regret = 0.0
        self._undone = 0
        self._hold_seconds = min(self._hold_seconds * 2, LONGEST_HOLD_SECONDS)

    def _settle_on(self, count: int, now: float, settling: float) -> None:
        self._count = count
        self._measured_from = now + settling
        self._hold_until = now + self._hold_seconds
        self._goodput.forget_level()
        self._blamed = None

    def _bar(self, count: int, now: float) -> None:
        if now > self._barred_until:  # several refusals at once are one
            self._bar_seconds = min(self._bar_seconds * 2, LONGEST_BAR_SECONDS)
        self._barred_count = count
        self._barred_until = now + self._bar_seconds

    # Between trials ---------------------------------------------------------------------------------------

    def _steady(self, flowing: int, now: float) -> None:
        window = self._glance if self._ramping else self._window
        if not self._ramping and not self._filled_by(flowing):
            self._measured_from = max(self._measured_from, now + self._settling)
        if not self._ramping and now < self._measured_from + window:
            return
        rate = self._goodput.rate(window)
        if not rate:
            return
        if self._blamed is not None and rate < CAME_BACK * self._blamed.rate_before:
            self._barred_count = inf
        self._blamed = None
        if not self._ramping and self._goodput.has_fallen(rate):
            self._upwards, self._hold_until = True, now
        if now >= self._hold_until:
            self._probe(rate, now)

    def _probe(self, rate: float, now: float) -> None:
        wanted = self._more(now) if self._upwards else max(1, self._count // 2)
        if wanted != self._count:
            self._try(wanted, rate, now)
            return
        self._hold_until = now + self._hold_seconds
        if self._upwards and self._ramping:
            # Each step of the climb has paid, so to try fewer will probably cost half of the sum until it is undone.
            self._undone = 1
            self._hold_until = now + max(self._hold_seconds, PAYBACK * (self._glance + 3 * self._answer_seconds) / 2)
        self._ramping = False
        self._upwards = not self._upwards

    def _more(self, now: float) -> int:
        """The next count upwards; the same where there is none."""
        wanted = FIRST_STEP if self._count == 1 and self._ramping else 2 * self._count
        if now >= self._barred_until:
            self._barred_count = inf
        if wanted >= self._barred_count:
            wanted = (self._count + int(self._barred_count)) // 2
        return max(self._count, min(wanted, self._maximum))


def _between(least: float, wanted: float, most: float) -> float:
    return min(max(wanted, least), most)
