"""How many connections at a time: a hill-climb on the *sum* of what arrives, with regret.

Theory of operation
-------------------

No count is right everywhere: a lossy line wants more the longer it lasts, a fast one is filled by four, a server that
punishes falls to a tenth at the fifth. So the count is found by trying, and each try is judged by the sum over all
connections, the only figure that the user feels:

* **The climb.** On a short path the first connection is alone for a tenth of a second: that shows what one can do. On
  a long one that would show nothing, and the first steps aren't judged either. Four are tried, and twice as many again
  and again; on a long path the next step's connections are opened ahead. Where a glance shows a clear gain the climb
  goes on; else the step is judged when its connections had time to open up, by a margin that grows with the noise.
* **Doubt.** On a long path all windows open while the climb goes on, and hide a step that doesn't pay. So at its end,
  where little has come since the last step's connections had just begun, fewer are tried at once where the rest is
  long enough to earn it, else later.
* **Regret.** A step that didn't pay is undone, and the other direction may be tried. Each direction waits by itself
  until what its trials have missed, in bytes, is a small part of what has been carried since: so trying costs little
  on any line, and is frequent where it is free. A trial that pays goes on in its direction at once.
* **Fewer.** The right count can grow during a transfer, and what looked like a gain while windows still opened may be
  none. So half is tried too, and kept where the sum stays; that is how it falls to one. Not where the end is so near
  that the trial couldn't earn what it costs; there a last step that costs nothing is left, too.
* **Second thoughts.** What comes after a step was undone is looked at, too. Where it is less than the step had brought,
  the count before can't do any more what it did, and more are tried again at once; where it is more, the step had cost
  something that only shows now. After a trial of fewer nothing is measured before the sum is back: what opens again
  would look like a gain of whatever is tried meanwhile.
* **Collapse.** More connections that bring less than half are undone at a glance, and so many are barred: for some
  seconds first, for twice as long each time that it happens again; likewise where half as many bring twice as much.
  If the sum doesn't come back after the step was undone, the line itself had fallen, and the bar is lifted.
* **A busy reader**, who hardly ever waits for bytes, is what binds: more connections would only make it busier. So no
  step goes further than it could read, as far as the time shows that it has left.
* **A sum that falls by itself** is the line's doing, but it makes what was learned stale: more may be tried at once.
* **A refused extra connection** is the server's own word: that many it bears, and more are barred in the same way.
  But what a server has borne it bears: it may count connections for some seconds after they were given up.

See ``trial`` for how one trial is judged, ``direction`` for how long a direction rests.
Everything is driven by :meth:`Pace.observe`; the clock is passed in, nothing is random.
"""

from __future__ import annotations

from math import inf
from typing import assert_never

from anymatix_fetcher.core.pace.bar import Bar
from anymatix_fetcher.core.pace.direction import PAYBACK, Direction
from anymatix_fetcher.core.pace.goodput import Goodput
from anymatix_fetcher.core.pace.learned import Learned
from anymatix_fetcher.core.pace.trial import COLLAPSE, LONGEST_FILLING_SECONDS, REOPENED, Tempo, Trial, Verdict
from anymatix_fetcher.core.pace.workload import FULL, most_worthwhile

FIRST_STEP = 4
"""How many are tried after the first one: a server that bears three refuses one."""
ALONE_SECONDS = 0.1
LONG_ANSWER_SECONDS = 0.05
UNKNOWN_ANSWER_SECONDS = 0.4
"""What an answer is taken to last at most, until one was quicker."""

FIRST_WAIT_SECONDS = 2.0
LONGEST_HOLD_UPWARDS_SECONDS = 2.0
LONGEST_HOLD_DOWNWARDS_SECONDS = 8.0
WELCOME_SECONDS = 3.4
"""After a refusal those that were let in go on for so long: they are welcome."""
WORTHWHILE = 45.0
"""Fewer are tried where the rest lasts so many times what the trial may cost."""
LIKELY_WORTHWHILE = 6.6
"""The same, where a step of more has just been seen to cost something."""
WORTH_DOUBTING = 16.0
"""The same for what a climb leaves in doubt: windows that opened meanwhile mostly hide a gain."""
BEYOND_DOUBT = 1.15
"""The climb's last step has paid where so many times as much comes as when its connections had just begun."""
TELLING = 1.4
"""So many times what a step had brought, after it was undone, tells that fewer are likely to be better still."""
NEAR_END_SECONDS = 5.0
"""A step that costs nothing isn't undone for the sake of a rest that is shorter."""
SECOND_THOUGHT = 0.09
"""The part of what a step had brought that has to be missing after it was undone, for it to be tried again."""
LINGERING_SECONDS = 3.0
"""A server may count a connection for so long after it was given up here."""
PUNISHING_SECONDS = 1.0
"""So long after a step was kept a collapse is still its doing."""
DEAR_SECONDS = 16.0
"""Where it does, the count stays as it is for so long."""


class Pace:
    """The number of exchanges that may be under way together.

    Args:
        maximum: How far it may climb.
        fixed: The one and only count, where the user wants it so; only refusals lower it.
        start: The count that was good for this host earlier: it is begun with.
        settled: Whether that count needs no climb at first. It does where the server refused or punished more then:
            that may have been a bad minute, and to find out costs less than to believe it for long.
    """

    def __init__(
        self, maximum: int = 32, *, fixed: int | None = None, start: int | None = None, settled: bool = True
    ) -> None:
        self._maximum = max(1, fixed or maximum)
        self._fixed = fixed is not None
        self._count = self._maximum if self._fixed else max(1, min(start or 1, self._maximum))
        self._goodput = Goodput()
        self._tempo = Tempo(UNKNOWN_ANSWER_SECONDS)
        self._rest, self._busy = inf, 0.0
        self._trial: Trial | None = None
        self._undone: Trial | None = None
        """The last trial, while what comes after it has still to be looked at."""
        self._kept: Trial | None = None
        """The last trial of more that paid, while it may still turn out that the server punishes it."""
        self._ramping = start is None or not settled
        self._more = Direction(LONGEST_HOLD_UPWARDS_SECONDS)
        self._fewer = Direction(LONGEST_HOLD_DOWNWARDS_SECONDS)
        self._upwards = True
        self._goes_on = self._fewer_are_likely = False
        self._rate_in_doubt = 0.0
        self._measured_from = inf
        self._borne = 1
        self._lowered_at = -inf
        self._bar = Bar()

    @property
    def connections(self) -> int:
        """How many exchanges may be under way now; at least one."""
        return self._count

    def foreseen(self, now: float) -> int:
        """The count that is likely to be tried next, while a climb on a long path goes on; else the present one."""
        climbs = self._trial is not None and self._trial.climbs_slowly(self._tempo)
        return self._next_higher(now) if climbs else self._count

    @property
    def learned(self) -> Learned:
        """What the next transfer from this host may begin with: never a count that is only being tried."""
        return Learned(self._trial.before if self._trial else self._count, self._bar.limit)

    def answered(self, seconds: float) -> None:
        """A head came ``seconds`` after its request: the shortest of these is about a round trip."""
        # Later ones come on connections that are open already, or were opened ahead, and say nothing about new ones.
        if self._ramping and (self._count <= FIRST_STEP or not self._tempo.is_slow):
            self._tempo = Tempo(min(self._tempo.answer_seconds, seconds), self._tempo.stretch)

    def refused(self, others: int, now: float) -> None:
        """The server refused one more connection while ``others`` went on: that many it bears."""
        bearable = max(1, others)
        if bearable >= self._count:
            return
        if bearable < self._borne and now < self._lowered_at + LINGERING_SECONDS:
            # It still counts those that were given up a moment ago, so to give some up is dear here.
            for direction in (self._more, self._fewer):
                direction.wait_long()
                direction.wait(now + DEAR_SECONDS)
            return
        self._borne = bearable
        self._bar.put(bearable + 1, now)
        if self._trial is not None and bearable > self._trial.before:
            self._count = bearable
            self._trial.survive_refusal(bearable)
            return
        self._trial = None
        self._settle_on(bearable, now, self._tempo.settling)
        self._stay(now)

    def observe(self, total: int, flowing: int, now: float, *, rest: float = inf, busy: float = 0.0) -> None:
        """Records the received bytes, and decides.

        Call it many times a second while more could be requested than is in flight: a count that isn't reached can't be
        judged.

        Args:
            total: The bytes received so far.
            flowing: The number of bodies in transfer.
            now: The time.
            rest: The bytes still to come, as far as known.
            busy: The share of time that the reader is busy; at 1.0 the processor is the bottleneck, not the network.
        """
        if self._fixed:
            return
        self._goodput.add(total, now)
        self._tempo = self._tempo.stretched(self._goodput.stretch)
        self._borne = max(self._borne, flowing)
        self._rest, self._busy = rest, busy
        if self._measured_from == inf:
            self._begin(now)
        if self._trial is not None:
            self._judge(self._trial, flowing, now)
        if self._kept is not None:
            self._watch(self._kept, now)
        if self._trial is None:
            self._steady(flowing, now)

    def _begin(self, now: float) -> None:
        alone = 0.0 if self._tempo.answer_seconds >= LONG_ANSWER_SECONDS else ALONE_SECONDS
        self._more.open(now + (alone if self._ramping else FIRST_WAIT_SECONDS))
        self._fewer.open(now + FIRST_WAIT_SECONDS)
        self._measured_from = now

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
            case Verdict.IDLE if trial.climbing and (self._busy >= FULL or self._ends_within(NEAR_END_SECONDS)):
                self._leave(trial, now)
            case Verdict.IDLE | Verdict.UNDO:
                self._undo(trial, now)
            case Verdict.COLLAPSED:
                self._undo(trial, now)
                self._bar.put(trial.count, now)
            case Verdict.WAIT:
                pass
            case unreachable:
                assert_never(unreachable)

    def _watch(self, kept: Trial, now: float) -> None:
        """What new connections find in buffers may hide for a moment that a server punishes them."""
        if now - kept.ended_at > PUNISHING_SECONDS:
            self._kept = None
        elif self._trial is None and kept.has_collapsed(self._goodput, self._tempo, now - kept.ended_at):
            self._undo(kept, now)
            self._bar.put(kept.count, now)

    def _keep(self, trial: Trial, now: float) -> None:
        self._trial = None
        self._upwards = trial.more
        self._goes_on, self._fewer_are_likely = True, False
        if not trial.more and self._goodput.rate(self._tempo.glance) > trial.rate_before / COLLAPSE:
            self._bar.put(trial.before, now)
        self._rate_in_doubt = trial.rate_when_full if trial.climbing else 0.0
        self._settle_on(trial.count, now, 0.0)
        trial.end(self._goodput, self._tempo, now)
        self._kept = trial if trial.more else None
        paid, other = (self._more, self._fewer) if trial.more else (self._fewer, self._more)
        paid.paid(now)
        other.rest(now)
        if trial.refused:
            self._stay(now)

    def _leave(self, trial: Trial, now: float) -> None:
        """It has brought nothing and costs nothing: near the end, or where the reader binds, it may as well stay."""
        self._trial = None
        self._ramping = self._goes_on = False
        self._settle_on(trial.count, now, 0.0)
        self._more.rest(now)
        self._fewer.rest(now)

    def _undo(self, trial: Trial, now: float) -> None:
        self._trial = None
        self._ramping = self._goes_on = self._fewer_are_likely = False
        self._rate_in_doubt = 0.0
        self._upwards = not trial.more
        # Those that were closed have to open again before anything can be measured.
        self._lower_or_raise(trial.before, now)
        self._settle_on(trial.before, now, self._tempo.settling * (1 if trial.more else 2))
        trial.end(self._goodput, self._tempo, now)
        self._undone = trial
        # Until all is as before takes about as long again as the trial.
        missed = 2 * max(0.0, trial.missed_seconds(self._goodput.total, now))
        (self._more if trial.more else self._fewer).failed(missed, now)

    def _stay(self, now: float) -> None:
        """The server has said how many it bears: fewer aren't tried soon."""
        self._ramping = self._upwards = self._goes_on = False
        self._rate_in_doubt = 0.0
        for direction in (self._more, self._fewer):
            direction.wait(now + WELCOME_SECONDS)

    def _settle_on(self, count: int, now: float, settling: float) -> None:
        self._kept = None
        self._count = count
        self._measured_from = now + settling
        self._goodput.forget_level()
        self._undone = None

    def _lower_or_raise(self, count: int, now: float) -> None:
        if count < self._count:
            self._lowered_at = now
        self._count = count

    # Between trials ---------------------------------------------------------------------------------------

    def _steady(self, flowing: int, now: float) -> None:
        goodput = self._goodput
        if self._ramping:
            rate = goodput.rate(self._tempo.glance)
            if rate or self._tempo.answer_seconds >= LONG_ANSWER_SECONDS:
                self._probe(rate, now)
            return
        if not self._filled_by(flowing):
            self._measured_from = max(self._measured_from, now + self._tempo.settling)
        undone = self._undone
        if undone is not None and not self._bar.bars(undone.count) and undone.is_missed(goodput, self._tempo, now):
            self._undone, self._upwards = None, True
            self._try(undone.count, goodput.rate(self._tempo.alarm), now)
            return
        window = self._tempo.window
        if self._rate_in_doubt and self._tempo.is_slow:
            window *= 2  # where all windows have opened together they overflow together, and for a moment little comes
        if now < self._measured_from + window:
            return
        rate = goodput.rate(window)
        if not rate or (self._undone is not None and not self._is_over(self._undone, rate, now)):
            return
        if goodput.has_fallen(rate):
            self._upwards = True
            self._more.open(now)
        self._probe(rate, now)

    def _is_over(self, trial: Trial, rate: float, now: float) -> bool:
        """Whether all is as before an undone trial, or won't be; then it is thought about a second time."""
        is_back = rate >= REOPENED * trial.rate_before
        if not trial.more and not is_back and now < trial.ended_at + LONGEST_FILLING_SECONDS:
            return False
        self._undone = None
        if trial.more:
            self._think_again(trial, rate, now)
            if not is_back:
                self._bar.lift(trial.count)  # the line itself had fallen
        return True

    def _think_again(self, trial: Trial, rate: float, now: float) -> None:
        """More were tried and given up, and ``rate`` is what comes without them."""
        if rate > trial.rate_reached:
            missed = trial.seconds * (1 - trial.rate_reached / rate)
            self._more.wait(trial.ended_at + PAYBACK * missed)
            self._fewer_are_likely |= rate > TELLING * trial.rate_reached
        if rate < (1 - SECOND_THOUGHT - self._goodput.noise) * trial.rate_reached:
            self._upwards = True
            self._more.open(now)

    def _is_beyond_doubt(self, rate: float, now: float) -> bool:
        """Whether the climb's last step has paid, so that fewer needn't be tried soon."""
        if self._ramping or self._upwards or not self._rate_in_doubt or now < self._fewer.may_be_tried_at:
            return False
        paid = rate >= BEYOND_DOUBT * self._rate_in_doubt
        self._rate_in_doubt = 0.0
        if paid:
            self._goes_on = False
            self._fewer.rest(now)
            self._fewer.wait(now + LIKELY_WORTHWHILE * self._tempo.cost_of_fewer)
        return paid

    def _probe(self, rate: float, now: float) -> None:
        if self._is_beyond_doubt(rate, now):
            return
        for upwards in (self._upwards, not self._upwards):
            direction = self._more if upwards else self._fewer
            if now < direction.may_be_tried_at:
                continue
            self._upwards = upwards
            if not self._ramping and self._ends_within(self._worthwhile_seconds, rate):
                continue
            wanted = self._next_higher(now) if upwards else max(1, self._count // 2)
            if wanted != self._count:
                self._try(wanted, rate, now)
                return
            if self._ramping:
                self._end_climb(now)
                return
            direction.rest(now)
            self._upwards = not upwards

    def _ends_within(self, seconds: float, rate: float | None = None) -> bool:
        """Whether the rest is done in so many seconds."""
        return self._rest < seconds * (self._goodput.rate(self._tempo.window) if rate is None else rate)

    @property
    def _worthwhile_seconds(self) -> float:
        """How long the rest has to last for a trial to earn what it costs."""
        if self._upwards:
            return self._tempo.opening + 2 * self._tempo.window
        if self._goes_on:
            return WORTH_DOUBTING * self._tempo.cost_of_fewer
        return (LIKELY_WORTHWHILE if self._fewer_are_likely else WORTHWHILE) * self._tempo.cost_of_fewer

    def _end_climb(self, now: float) -> None:
        """Each step has paid, or windows that opened meanwhile have: that shows when the last ones are open."""
        self._ramping = self._upwards = False
        self._settle_on(self._count, now, self._tempo.settling)
        self._more.rest(now)
        self._fewer.open(now)

    def _next_higher(self, now: float) -> int:
        """The next count upwards; the same where there is none."""
        wanted = FIRST_STEP if self._count == 1 and self._ramping else 2 * self._count
        wanted = min(self._bar.below(wanted, self._count, now), self._maximum)
        return max(self._count, int(min(wanted, most_worthwhile(self._count, self._busy))))
