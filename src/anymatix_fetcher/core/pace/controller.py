"""How many connections at a time: a congestion controller that searches the count with the largest goodput.

No count is right everywhere: a lossy line wants more the longer it lasts, a fast one is filled by four, a server that
punishes falls to a tenth at the fifth. So the count is found by trials, as BBR finds the bandwidth, and each is
judged by the goodput of all connections together, the only figure that the user feels.

Signals: the goodput over a short window (a *glance*) and over a long one, its noise (an exponentially weighted
average of the distance from its level), the time to first byte, refusals, the share of time that the reader is busy,
and the bytes still to come. The clock is passed in, and nothing is random.

States:

* **Startup** (slow start). One connection, then four, then twice as many with each step while a step pays. On a long
  path congestion windows of earlier connections open meanwhile: a step is compared with the goodput at the moment
  when its connections began to flow, and the next step's connections shake hands ahead (:meth:`Pace.foreseen`). It
  ends with the first step that doesn't pay, at the maximum, or with a refusal.
* **Trial of more.** Twice as many are tried. Kept at a glance where the gain is clear, else after the long window
  where it exceeds a threshold that grows with the noise. A trial that costs nothing gets the time in which windows
  open; then it is undone. A collapse is undone at a glance.
* **Trial of fewer.** Half as many are tried, and kept where the goodput stays over the long window: what looked like
  a gain while windows opened may be none, and fewer connections are kinder to the server. So it falls to one. It is
  tried where the rest of the file is long enough to pay for it: sooner after startup and after fewer have paid, since
  that makes it likely.
* **Recovery.** After an undone trial nothing is measured before connections have settled; after a trial of fewer, not
  before the goodput is back, else its return would look like the gain of the next trial. After a trial of more it is
  compared with what the trial had reached: where much less comes, the step is tried again at once.
* **Steady.** The count stays until a direction's backoff has passed. A goodput that falls by itself makes what was
  learned stale, so more are tried at once. The *reserve* of connections beyond the maximum is tried in this state
  only: during startup each step seems to pay, since congestion windows open meanwhile.

Backoff: a trial that paid may be followed by another in its direction at once. One that failed rests until the bytes
that it has missed are a small part of what came since, so that trials cost little on any line (see ``backoff``).
Counts at which the goodput collapsed, or which the server refused, are under a *ceiling* for a time that doubles. A
goodput that doesn't come back after a collapse was undone shows that the line itself had fallen, and lifts it. A
server may count connections for some seconds after they were closed: a refusal below what it has borne, just after
some were closed, is that.

A reader that is busy nearly all the time is the bottleneck: no step goes further than it could read.

The figures are in ``settings``, each with its measurement; ``trial`` judges one trial.
"""

from __future__ import annotations

from math import inf
from typing import assert_never

from anymatix_fetcher.core.pace.backoff import Ceiling, Direction
from anymatix_fetcher.core.pace.goodput import Goodput
from anymatix_fetcher.core.pace.learned import Learned
from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS, PaceSettings
from anymatix_fetcher.core.pace.trial import Path, Trial, Verdict
from anymatix_fetcher.core.pace.workload import most_worthwhile


class Pace:
    """The number of exchanges that may be under way together.

    Args:
        maximum: How far it may climb.
        reserve: How far it may go beyond ``maximum`` after the climb, where that pays.
        fixed: The one and only count, where the user wants it so; only refusals lower it.
        start: The count that was good for this host earlier: it is begun with.
        settled: Whether that count needs no climb at first. It does where the server refused or punished more then:
            that may have been a bad minute, and to find out costs less than to believe it for long.
        settings: The figures.
    """

    def __init__(
        self,
        maximum: int = 32,
        *,
        reserve: int = 0,
        fixed: int | None = None,
        start: int | None = None,
        settled: bool = True,
        settings: PaceSettings = DEFAULT_SETTINGS,
    ) -> None:
        self._settings = settings
        self._usual = max(1, fixed or maximum)
        self._maximum = self._utmost = self._usual if fixed else max(self._usual, reserve)
        self.is_fixed = fixed is not None
        self._count = self._maximum if self.is_fixed else max(1, min(start or 1, self._maximum))
        self._goodput = Goodput(settings)
        self._path = Path(settings, settings.initial_answer_seconds)
        self._rest, self._busy = inf, 0.0
        self._climbing = start is None or not settled
        self._trial: Trial | None = None
        self._undone: Trial | None = None
        """The last trial, while the goodput recovers from it."""
        self._more = Direction(settings)
        self._fewer = Direction(settings)
        self._upwards = True
        """Which direction is looked at first."""
        self._fewer_suspected = True
        """Whether fewer are likely to be better."""
        self._unconfirmed_rate = 0.0
        """The goodput when the connections of the climb's last step had just begun to flow, until it is compared."""
        self._measured_from = inf
        self._borne = 1
        self._lowered_at = -inf
        self._ceiling = Ceiling(settings)

    @property
    def connections(self) -> int:
        """How many exchanges may be under way now; at least one."""
        return self._count

    def foreseen(self, now: float) -> int:
        """The count that is likely to be tried next, while a climb on a long path goes on; else the present one."""
        climbs = self._trial is not None and self._trial.climbs_slowly(self._path)
        return self._next_higher(now) if climbs else self._count

    @property
    def learned(self) -> Learned:
        """What the next transfer from this host may begin with: never a count that is only being tried."""
        return Learned(self._trial.before if self._trial else self._count, self._ceiling.limit)

    def reach(self, most: int, now: float) -> None:
        """No step goes further than ``most`` from now on, nor than the user allows: other places have the rest."""
        self._maximum = min(most, self._utmost)
        if self._count > self._maximum and not self.is_fixed:
            self._settle_on(self._maximum, now, self._settings.settling_seconds)

    def answered(self, seconds: float) -> None:
        """A head came ``seconds`` after its request: the shortest of these is about a round trip."""
        # Later ones come on connections that are open already, or were opened ahead, and say nothing about new ones.
        if self._climbing and (self._count <= self._settings.first_step or not self._path.is_long):
            self._path = Path(self._settings, min(self._path.answer_seconds, seconds))

    def refused(self, others: int, now: float) -> None:
        """The server refused one more connection while ``others`` went on: that many it bears."""
        bearable = max(1, others)
        if bearable >= self._count:
            return
        if bearable < self._borne and now < self._lowered_at + self._settings.release_seconds:
            # It still counts those that were closed a moment ago, so to close some is dear here.
            self._defer(now + self._settings.ceiling_seconds)
            return
        self._borne = bearable
        self._ceiling.put(bearable + 1, now)
        if self._trial is not None and bearable > self._trial.before:
            self._count = bearable
            self._trial.survive_refusal(bearable)
            return
        self._settle_on(bearable, now, self._settings.settling_seconds)
        self._end_with_refusal(now)

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
        if self.is_fixed:
            return
        self._goodput.add(total, now)
        self._borne = max(self._borne, flowing)
        self._rest, self._busy = rest, busy
        if self._measured_from == inf:
            self._begin(now)
        if self._trial is not None:
            self._judge(self._trial, flowing, now)
        if self._trial is not None:
            return
        if self._climbing:
            self._climb(now)
        else:
            self._steady(flowing, now)

    def _begin(self, now: float) -> None:
        settings = self._settings
        solo = 0.0 if self._path.is_long else settings.solo_seconds
        self._more.open(now + (solo if self._climbing else settings.hold_seconds))
        self._fewer.rest(now)
        self._measured_from = now

    def _filled_by(self, flowing: int) -> bool:
        """Whether nearly all flow that may: some are always between two segments."""
        return flowing >= self._count - self._count // 8

    # Trials -----------------------------------------------------------------------------------------------

    def _try(self, count: int, rate: float, now: float) -> None:
        total = self._goodput.total
        self._trial = Trial(self._settings, count, self._count, rate, now, total, climbing=self._climbing)
        self._change(count, now)

    def _judge(self, trial: Trial, flowing: int, now: float) -> None:
        filled = self._filled_by(flowing) if trial.more else flowing <= trial.count
        match trial.judge(self._goodput, self._path, now, filled=filled):
            case Verdict.KEEP:
                self._keep(trial, now)
            case Verdict.IDLE if trial.climbing and self._busy >= self._settings.full_reader:
                self._leave(trial, now)
            case Verdict.IDLE | Verdict.UNDO:
                self._undo(trial, now)
            case Verdict.COLLAPSED:
                self._undo(trial, now)
                self._ceiling.put(trial.count, now)
            case Verdict.WAIT:
                pass
            case unreachable:
                assert_never(unreachable)

    def _keep(self, trial: Trial, now: float) -> None:
        self._upwards = trial.more
        self._unconfirmed_rate = trial.rate_when_full if trial.climbing else 0.0
        if not trial.more:
            self._fewer_suspected = True
            if self._settings.collapse * self._goodput.rate(self._settings.glance_seconds) > trial.rate_before:
                self._ceiling.put(trial.before, now)
        self._settle_on(trial.count, now, 0.0)
        paid, other = (self._more, self._fewer) if trial.more else (self._fewer, self._more)
        paid.open(now)
        other.rest(now)
        if trial.refused:
            self._end_with_refusal(now)

    def _leave(self, trial: Trial, now: float) -> None:
        """It has brought nothing and costs nothing: where the reader binds, it may as well stay."""
        self._climbing = False
        self._settle_on(trial.count, now, 0.0)
        self._more.rest(now)
        self._fewer.rest(now)

    def _undo(self, trial: Trial, now: float) -> None:
        self._climbing = False
        self._upwards = not trial.more
        self._fewer_suspected &= trial.more
        self._unconfirmed_rate = 0.0
        self._change(trial.before, now)
        # Those that were closed have to open again before anything can be measured.
        self._settle_on(trial.before, now, self._settings.settling_seconds * (1 if trial.more else 2))
        trial.end(self._goodput, now)
        self._undone = trial
        missed = trial.missed_seconds(self._goodput.total, now)
        (self._more if trial.more else self._fewer).failed(missed, now)

    def _end_with_refusal(self, now: float) -> None:
        """The server has said how many it bears: neither more nor fewer are tried soon."""
        self._climbing = self._upwards = False
        self._defer(now + self._settings.hold_seconds)

    def _defer(self, until: float) -> None:
        self._more.defer(until)
        self._fewer.defer(until)

    def _settle_on(self, count: int, now: float, settling_seconds: float) -> None:
        self._trial = self._undone = None
        self._count = count
        self._measured_from = now + settling_seconds
        self._goodput.forget_level()

    def _change(self, count: int, now: float) -> None:
        if count < self._count:
            self._lowered_at = now
        self._count = count

    # Between trials ---------------------------------------------------------------------------------------

    def _climb(self, now: float) -> None:
        rate = self._goodput.rate(self._settings.glance_seconds)
        if rate or self._path.is_long:
            self._probe(rate, now)

    def _steady(self, flowing: int, now: float) -> None:
        settings = self._settings
        if not self._filled_by(flowing):
            self._measured_from = max(self._measured_from, now + settings.settling_seconds)
        if now < self._measured_from + settings.window_seconds:
            return
        rate = self._goodput.rate(settings.window_seconds)
        if not rate or (self._undone is not None and not self._has_recovered(self._undone, rate, now)):
            return
        if self._goodput.has_fallen(rate):
            self._open_upwards(now)
        self._probe(rate, now)

    def _has_recovered(self, undone: Trial, rate: float, now: float) -> bool:
        """Whether the goodput is as before ``undone``, or won't be."""
        settings = self._settings
        is_back = rate >= settings.reopened * undone.rate_before
        if not undone.more and not is_back and now < undone.ended_at + settings.filling_seconds:
            return False
        self._undone = None
        if undone.more:
            self._compare(undone, rate, now)
            if not is_back:
                self._ceiling.lift(undone.count)  # the line itself had fallen
        return True

    def _compare(self, undone: Trial, rate: float, now: float) -> None:
        """More were tried and given up, and ``rate`` is what comes without them."""
        settings = self._settings
        if rate > undone.rate_reached:
            missed = (undone.ended_at - undone.began_at) * (1 - undone.rate_reached / rate)
            self._more.defer(undone.ended_at + settings.payback / 2 * missed)
        if rate < (1 - settings.retry_loss - self._goodput.noise) * undone.rate_reached:
            self._open_upwards(now)

    def _open_upwards(self, now: float) -> None:
        self._upwards = True
        self._more.open(now)

    def _probe(self, rate: float, now: float) -> None:
        """Begins the next trial, where one may be."""
        for upwards in (self._upwards, not self._upwards):
            direction = self._more if upwards else self._fewer
            if now < direction.opens_at:
                continue
            self._upwards = upwards
            if not upwards:
                self._confirm(rate)
            if not self._climbing and self._rest < self._worthwhile_seconds * rate:
                continue
            wanted = self._next_higher(now) if upwards else max(1, self._count // 2)
            if wanted != self._count:
                self._try(wanted, rate, now)
                return
            if self._climbing:
                if self._maximum >= self._usual:  # else other places have the rest for now
                    self._end_climb(now)
                return
            direction.rest(now)
            self._upwards = not upwards

    def _confirm(self, rate: float) -> None:
        """Fewer aren't suspected where much more comes than when the climb's last step had just begun."""
        if self._unconfirmed_rate:
            self._fewer_suspected = rate < self._settings.confirmed_gain * self._unconfirmed_rate
            self._unconfirmed_rate = 0.0

    @property
    def _worthwhile_seconds(self) -> float:
        """How long the rest has to last for a trial to earn what it costs."""
        settings = self._settings
        if self._upwards:
            return self._path.opening_seconds + 2 * settings.window_seconds
        payoff = settings.payoff_suspected if self._fewer_suspected else settings.payoff
        return payoff * self._path.cost_of_fewer

    def _end_climb(self, now: float) -> None:
        """Each step has paid, or windows that opened meanwhile have: that shows when the last ones are open."""
        self._climbing = self._upwards = False
        self._settle_on(self._count, now, self._settings.settling_seconds)
        self._more.rest(now)
        self._fewer.rest(now)

    def _next_higher(self, now: float) -> int:
        """The next count upwards; the same where there is none."""
        settings = self._settings
        wanted = settings.first_step if self._count == 1 and self._climbing else 2 * self._count
        most = min(self._maximum, self._usual) if self._climbing else self._maximum
        wanted = min(self._ceiling.below(wanted, self._count, now), most)
        return max(self._count, int(min(wanted, most_worthwhile(self._count, self._busy, settings.full_reader))))
