"""How many connections at a time: a hill-climb on the *sum* of what arrives, with regret.

Theory of operation
-------------------

No count is right everywhere: a lossy line wants more the longer it lasts, a fast one is filled by four, a server that
punishes falls to a tenth at the fifth. So the count is found by trying, and each try is judged by the sum over all
connections, the only figure that the user feels:

* **The climb.** The first connection is alone for a tenth of a second: on a short path that shows what one can do.
  Then four are tried, and twice as many again and again. Where a glance shows a clear gain the climb goes on; else the
  step is judged when its connections had time to open up, by a margin that grows with the noise.
* **Doubt.** On a long path all windows open while the climb goes on, and hide a step that doesn't pay. So at its end
  the sum is compared with what it was when the last step's connections had just begun: where nothing has come since,
  fewer are tried at once, else much later.
* **Regret.** A step that didn't pay is undone, and the other direction is tried. Where neither pays, the next trial
  waits until what both have missed, in bytes, is a small part of what has been carried since: so trying costs little
  on any line, and is frequent where it is free. A trial that pays goes on in its direction at once.
* **Fewer.** The right count can grow during a transfer, and what looked like a gain while windows still opened may be
  none. So half is tried too, and kept where the sum stays; that is how it falls to one. Not where the end is so near
  that the trial couldn't earn what it costs.
* **Second thoughts.** What comes after a step was undone is looked at, too. Where it is less than the step had brought,
  the count before can't do any more what it did, and more are tried again at once. After a trial of fewer nothing is
  measured before the sum is back: what opens again would look like a gain of whatever is tried meanwhile.
* **Collapse.** More connections that bring less than half are undone at a glance, and so many are barred: for some
  seconds first, for twice as long each time that it happens again; likewise where half as many bring twice as much.
  Below the bar the gap is halved. If the sum doesn't come back after the step was undone, the line itself had fallen:
  the step isn't to blame, and the bar is lifted.
* **A sum that falls by itself** is the line's doing, but it makes what was learned stale: more may be tried at once.
* **A refused extra connection** is the server's own word: that many it bears, and more are barred in the same way.
  It isn't halved soon, for the connections that go on have just been shown to be welcome. But what a server has borne
  it bears: for some seconds after connections were given up it may count them still, and its refusals mean those.

How a single trial is judged is in :mod:`~anymatix_fetcher.core.trial`. Everything is driven by :meth:`Pace.observe`;
the clock is passed in, nothing is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import assert_never

from anymatix_fetcher.core.goodput import Goodput
from anymatix_fetcher.core.trial import (
    CLEAR_GAIN,
    COLLAPSE,
    LONGEST_FILLING_SECONDS,
    REOPENED,
    WINDOW_SECONDS,
    Tempo,
    Trial,
    Verdict,
)

FIRST_STEP = 4
"""How many are tried after the first one: a server that bears three refuses one."""
ALONE_SECONDS = 0.1
UNKNOWN_ANSWER_SECONDS = 0.4
"""What an answer is taken to last at most, until one was quicker."""

FIRST_HOLD_SECONDS = 2.0
LONGEST_HOLD_SECONDS = 8.0
PAYBACK = 10.0
"""A second's worth of bytes missed by trying is made up for by so many seconds without."""
SECOND_THOUGHT = 0.1
"""The part of what a step had brought that has to be missing after it was undone, for it to be tried again."""
FIRST_BAR_SECONDS = 15.0
LONGEST_BAR_SECONDS = 240.0
LINGERING_SECONDS = 3.0
"""A server may count a connection for so long after it was given up here."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a transfer has shown about a host, for the next one.

    Args:
        connections: The count that was good.
        limit: How many it bears, where it has refused or punished more; else ``None``.
    """

    connections: int
    limit: int | None


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
        self._tempo = Tempo(UNKNOWN_ANSWER_SECONDS)
        self._rest = inf
        self._trial: Trial | None = None
        self._undone: Trial | None = None
        """The last trial, while what comes after it has still to be looked at."""
        self._ramping = start is None
        self._upwards = True
        self._goes_on = False
        self._rate_in_doubt = 0.0
        self._hold_seconds = FIRST_HOLD_SECONDS
        self._hold_until = inf
        self._measured_from = inf
        self._failures = 0
        self._regret = 0.0
        self._borne = 1
        self._lowered_at = -inf
        self._barred_count = ceiling + 1 if ceiling else inf
        self._barred_until = inf
        self._bar_seconds = FIRST_BAR_SECONDS

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
            self._tempo = Tempo(min(self._tempo.answer_seconds, seconds))

    def refused(self, others: int, now: float) -> None:
        """The server refused one more connection while ``others`` went on: that many it bears."""
        bearable = max(1, others)
        if bearable >= self._count:
            return
        if bearable < self._borne and now < self._lowered_at + LINGERING_SECONDS:
            # It still counts those that were given up a moment ago, so to give some up is dear here.
            self._hold_seconds = LONGEST_HOLD_SECONDS
            self._hold_until = max(self._hold_until, now + 2 * LONGEST_HOLD_SECONDS)
            return
        self._borne = bearable
        self._bar(bearable + 1, now)
        if self._trial is not None and bearable > self._trial.before:
            self._count = bearable  # those that were let in still have to pay
            self._trial.survive_refusal(bearable)
            return
        self._trial = None
        self._settle_on(bearable, now, self._tempo.settling)
        self._stay(now)

    def observe(self, total: int, flowing: int, now: float, *, rest: float = inf) -> None:
        """Takes what arrives, and decides.

        Call it many times a second while there is more to ask for than is being asked for: a count that can't be
        filled can't be judged.

        Args:
            total: How many bytes have arrived so far.
            flowing: How many bodies are under way.
            now: The time.
            rest: How many bytes are still to come, as far as it is known.
        """
        if self._fixed:
            return
        self._goodput.add(total, now)
        self._borne = max(self._borne, flowing)
        self._rest = rest
        if self._measured_from == inf:
            self._hold_until = self._measured_from = now
            self._hold_until += ALONE_SECONDS if self._ramping else self._hold_seconds
            self._barred_until = now + FIRST_BAR_SECONDS
        if self._trial is not None:
            self._judge(self._trial, flowing, now)
        else:
            self._steady(flowing, now)

    def _filled_by(self, flowing: int) -> bool:
        """Whether nearly all flow that may: some are always between two segments."""
        return flowing >= self._count - self._count // 8

    # Trying -----------------------------------------------------------------------------------------------

    def _try(self, count: int, rate: float, now: float) -> None:
        self._trial = Trial(count, self._count, rate, now, self._goodput.total, climbing=self._ramping)
        self._lower_or_raise(count, now)

    def _judge(self, trial: Trial, flowing: int, now: float) -> None:
        filled = self._filled_by(flowing) if trial.more else flowing <= trial.count
        match trial.judge(self._goodput, self._tempo, now, filled=filled):
            case Verdict.KEEP:
                self._keep(trial, now)
            case Verdict.UNDO:
                self._undo(trial, now)
            case Verdict.COLLAPSED:
                self._undo(trial, now)
                self._bar(trial.count, now)
            case Verdict.WAIT:
                pass
            case unreachable:
                assert_never(unreachable)

    def _keep(self, trial: Trial, now: float) -> None:
        self._trial = None
        self._hold_seconds = FIRST_HOLD_SECONDS
        self._failures = 0
        self._upwards = trial.more
        if not trial.more and self._goodput.rate(self._tempo.glance) > trial.rate_before / COLLAPSE:
            self._bar(trial.before, now)
        self._rate_in_doubt = trial.rate_when_full if trial.climbing else 0.0
        self._settle_on(trial.count, now, 0.0)
        self._hold_until = now  # whoever gains goes on at once
        self._goes_on = True
        if trial.refused:
            self._stay(now)

    def _undo(self, trial: Trial, now: float) -> None:
        self._trial = None
        self._ramping = self._goes_on = False
        self._rate_in_doubt = 0.0
        self._failures += 1
        self._upwards = not trial.more
        # Those that were closed have to open again before anything can be measured.
        self._lower_or_raise(trial.before, now)
        self._settle_on(trial.before, now, self._tempo.settling * (1 if trial.more else 2))
        trial.end(self._goodput, now)
        self._undone = trial
        # Until all is as before takes about as long again as the trial.
        self._regret += 2 * max(0.0, trial.missed_seconds(self._goodput.total, now))
        if self._failures == 1:
            self._hold_until = now
            return
        self._hold_until = now + max(self._hold_seconds, PAYBACK * self._regret)
        self._regret = 0.0
        self._failures = 0
        self._hold_seconds = min(self._hold_seconds * 2, LONGEST_HOLD_SECONDS)

    def _stay(self, now: float) -> None:
        """The server has said how many it bears: fewer aren't tried soon."""
        self._ramping = self._upwards = self._goes_on = False
        self._rate_in_doubt = 0.0
        self._hold_until = now + LONGEST_HOLD_SECONDS

    def _settle_on(self, count: int, now: float, settling: float) -> None:
        self._count = count
        self._measured_from = now + settling
        self._hold_until = now + self._hold_seconds
        self._goodput.forget_level()
        self._undone = None

    def _lower_or_raise(self, count: int, now: float) -> None:
        if count < self._count:
            self._lowered_at = now
        self._count = count

    def _bar(self, count: int, now: float) -> None:
        if now > self._barred_until:  # several refusals at once are one
            self._bar_seconds = min(self._bar_seconds * 2, LONGEST_BAR_SECONDS)
        self._barred_count = count
        self._barred_until = now + self._bar_seconds

    # Between trials ---------------------------------------------------------------------------------------

    def _steady(self, flowing: int, now: float) -> None:
        window = self._tempo.glance if self._ramping else WINDOW_SECONDS
        if not self._ramping and not self._filled_by(flowing):
            self._measured_from = max(self._measured_from, now + self._tempo.settling)
        if not self._ramping and now < self._measured_from + window:
            return
        rate = self._goodput.rate(window)
        if not rate or (self._undone is not None and not self._is_over(self._undone, rate, now)):
            return
        if not self._ramping and self._goodput.has_fallen(rate):
            self._upwards, self._hold_until = True, now
        if now >= self._hold_until:
            self._probe(rate, now)

    def _is_over(self, trial: Trial, rate: float, now: float) -> bool:
        """Whether all is as before an undone trial, or won't be; then it is thought about a second time."""
        is_back = rate >= REOPENED * trial.rate_before
        if not trial.more and not is_back and now < trial.ended_at + LONGEST_FILLING_SECONDS:
            return False
        self._undone = None
        if trial.more and rate < (1 - SECOND_THOUGHT - self._goodput.noise) * trial.rate_reached:
            self._upwards, self._hold_until = True, now
            self._failures = 0
        if trial.more and not is_back and trial.count == self._barred_count:
            self._barred_count = inf  # the line itself had fallen
        return True

    def _probe(self, rate: float, now: float) -> None:
        if self._rate_in_doubt and not self._ramping:
            paid = rate >= (1 + CLEAR_GAIN) * self._rate_in_doubt
            self._rate_in_doubt = 0.0
            if paid:
                self._hold_until = now + max(self._hold_seconds, PAYBACK * self._tempo.cost_of_fewer)
                return
        if not self._ramping and self._rest < self._worthwhile_seconds * rate:
            return
        wanted = self._more(now) if self._upwards else max(1, self._count // 2)
        if wanted != self._count:
            self._try(wanted, rate, now)
            return
        self._turn(now)

    @property
    def _worthwhile_seconds(self) -> float:
        """How long the rest has to last for a trial to earn what it costs."""
        if self._upwards:
            return self._tempo.opening + 2 * WINDOW_SECONDS
        return 0.0 if self._goes_on else PAYBACK * self._tempo.cost_of_fewer

    def _turn(self, now: float) -> None:
        """There is nothing further to try in this direction."""
        if self._upwards and self._ramping:
            # Each step has paid, or windows that opened meanwhile have: that shows when the last ones are open.
            self._settle_on(self._count, now, self._tempo.settling)
            self._hold_until = now
            self._failures = 1
        else:
            self._hold_until = now + self._hold_seconds
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
