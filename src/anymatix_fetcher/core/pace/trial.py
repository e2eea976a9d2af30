"""A count of connections that is being tried: how long to look, what it has to bring, and when it has failed.

More and fewer are judged differently, for they fail differently. More connections need time to open their windows, and
whatever the sum does meanwhile says little about them: one that costs nothing is therefore given the time, and one that
costs much is ended at a glance. Fewer need no time at all: what is still there is there at once.

Where what comes waits behind lost packets it comes in bursts, and all looks are longer: :class:`Tempo` is stretched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.pace.goodput import Goodput

QUICKEST_SECONDS = 0.1
LONGEST_GLANCE_SECONDS = 0.2
LONG_PATH_SECONDS = 0.1
"""An answer that takes so long, handshakes included, comes over a long path."""
SHORTEST_ALARM_SECONDS = 0.2
"""A shorter look at a sum that has broken down isn't believed: servers that limit rates send in pulses."""
LONGEST_ALARM_SECONDS = 0.32
SHORTEST_SETTLING_SECONDS = 0.175
LONGEST_SETTLING_SECONDS = 0.175
WINDOW_SECONDS = 0.35
OPENING_ANSWERS = 4.2
"""A connection's window is open after so many times what an answer takes: about ten round trips."""
LONGEST_FILLING_SECONDS = 3.0
"""A trial whose connections haven't all opened by then is judged as it is."""

GAIN = 0.057
"""What twice as many connections have to bring beyond the noise: with less, fewer are kinder."""
CLEAR_GAIN = 0.36
"""The same, where a glance shall be enough."""
FIRST_GROWTH = 1.5
"""On a long path the first step isn't judged where the sum has grown so many times during its handshakes."""
LATER_GROWTH = 12.0
"""The same for each later step of the climb, within what an answer takes: what grows so quickly says nothing yet of
where it will end. A step whose connections were opened ahead is over sooner, and has to have grown as quickly only."""
LEAST_GROWTH = 2.0
"""With less it isn't called quick growth, however short the step was."""
LONGEST_GROWTH_ANSWERS = 9.0
"""What is asked doesn't rise any more after so many times what an answer takes: it is out of reach by then."""
CLEAR_ANSWERS = 0.5
"""Nothing is clear before a later step's connections have flowed for so many times what an answer takes on a long path:
those that were opened ahead begin when the others' windows are less open."""
WELCOME_GAIN = 1.1
"""Those of a step that a server let in pay where they bring so many times what came without."""
FREE = 0.955
"""A trial of more costs nothing while the sum stays above this part of what it was."""
NEARLY_FREE = 0.8
"""A step of the climb on a long path that leaves more than this is looked at twice before it is undone: windows that
open together overflow together, and for a moment little comes."""
COLLAPSE = 0.53
LOSS_OF_FEWER = 0.94
"""Fewer connections are kept where the sum stays above this part of what it was."""
ABANDON_FEWER = 0.75
RUIN = 0.47
"""Where less than this part is left after a step was undone, a glance is enough to know that it was needed."""
REOPENED = 0.92
"""The sum is back after a trial that failed when it is above this part of what it was."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How long to look at a line.

    Attributes:
        answer_seconds: How long an answer takes.
        stretch: How many times longer than on a steady line.
    """

    answer_seconds: float
    stretch: float = 1.0

    def stretched(self, stretch: float) -> Tempo:
        """The same for a line that is less steady."""
        return self if stretch == self.stretch else replace(self, stretch=stretch)

    @property
    def window(self) -> float:
        """A rate over so long is believed."""
        return self.stretch * WINDOW_SECONDS

    @property
    def quickest(self) -> float:
        """Where the climb is clear it goes on after so long."""
        return self.stretch * QUICKEST_SECONDS

    @property
    def glance(self) -> float:
        """What is clear shows within this."""
        return self.stretch * _between(QUICKEST_SECONDS, self.answer_seconds, LONGEST_GLANCE_SECONDS)

    @property
    def alarm(self) -> float:
        """What has broken down shows within this, and what has merely stumbled is up again."""
        return self.stretch * _between(SHORTEST_ALARM_SECONDS, self.answer_seconds, LONGEST_ALARM_SECONDS)

    @property
    def settling(self) -> float:
        """New connections have begun to matter after this."""
        return _between(SHORTEST_SETTLING_SECONDS, 2 * self.answer_seconds, LONGEST_SETTLING_SECONDS)

    @property
    def opening(self) -> float:
        """New connections have opened their windows after this."""
        return OPENING_ANSWERS * self.answer_seconds

    @property
    def is_slow(self) -> bool:
        """Whether windows go on opening while a step waits for its handshakes."""
        return self.answer_seconds >= LONG_PATH_SECONDS

    @property
    def cost_of_fewer(self) -> float:
        """Seconds' worth of bytes that a trial of half as many costs where all are needed, and their reopening."""
        return (self.glance + 3 * self.answer_seconds) / 2


class Verdict(Enum):
    """What is to become of a trial."""

    WAIT = auto()
    KEEP = auto()
    IDLE = auto()
    """It brings nothing, and costs nothing."""
    UNDO = auto()
    COLLAPSED = auto()
    """To be undone, and the count barred."""


@dataclass(slots=True)
class Trial:
    """A count that is being tried, against what was measured before.

    Attributes:
        count: What is tried.
        before: What it is tried instead of.
        rate_before: What the sum was, in bytes a second.
        began_at: When it began.
        total_before: What had arrived by then.
        climbing: Whether it is a step of the first climb.
        refused: Whether some of its connections were refused.
        rate_when_full: What the sum was when all of its connections flowed; 0.0 until then.
        rate_reached: What it was when the trial ended; 0.0 until then.
        ended_at: When that was.
    """

    count: int
    before: int
    rate_before: float
    began_at: float
    total_before: int
    climbing: bool = False
    refused: bool = False
    rate_when_full: float = 0.0
    rate_reached: float = 0.0
    ended_at: float = 0.0
    _full_at: float | None = None
    _rate_to_beat: float = 0.0
    _settled: bool = False

    @property
    def more(self) -> bool:
        """Whether more are tried, or fewer."""
        return self.count > self.before

    def climbs_slowly(self, tempo: Tempo) -> bool:
        """Whether it is a step of the first climb on a long path."""
        return self.climbing and self.more and tempo.is_slow

    def survive_refusal(self, count: int) -> None:
        """The server let so many in: these are tried, from when they flow."""
        self.count = count
        self.refused = True
        self._full_at = None

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.ended_at - self.began_at

    def end(self, goodput: Goodput, tempo: Tempo, now: float) -> None:
        """It is undone: remembers what it had reached."""
        self.rate_reached = goodput.rate(tempo.window)
        self.ended_at = now

    def missed_seconds(self, total: int, now: float) -> float:
        """How many seconds' worth of bytes haven't come, compared with the count before."""
        return now - self.began_at - (total - self.total_before) / max(self.rate_before, 1.0)

    def judge(self, goodput: Goodput, tempo: Tempo, now: float, *, filled: bool) -> Verdict:
        """What the sum says of it now.

        Args:
            goodput: The sum.
            tempo: How long to look.
            now: The time.
            filled: Whether as many flow as are tried.
        """
        late = now - self.began_at >= LONGEST_FILLING_SECONDS
        if self._full_at is None:
            if not filled and not late:
                return Verdict.WAIT
            self._fill(goodput, tempo, now)
        elapsed = now - (self._full_at or 0.0)
        if self._is_too_early(goodput, tempo, elapsed, now) or self._is_clear(goodput, tempo, elapsed):
            return Verdict.KEEP
        if self.more:
            return self._judge_more(goodput, tempo, elapsed, may_wait=not filled and not late)
        return self._judge_fewer(goodput, tempo, elapsed)

    def _fill(self, goodput: Goodput, tempo: Tempo, now: float) -> None:
        self._full_at = now
        self.rate_when_full = goodput.rate(tempo.glance)
        # On a long path the windows from before have gone on opening while the new ones shook hands: what has come by
        # that isn't this step's gain.
        rebased = max(self.rate_before, self.rate_when_full)
        self._rate_to_beat = rebased if self.climbs_slowly(tempo) else self.rate_before

    def _is_too_early(self, goodput: Goodput, tempo: Tempo, elapsed: float, now: float) -> bool:
        """Whether windows are so little open on a long path that nothing can be told, and the climb just goes on."""
        if not self.climbs_slowly(tempo):
            return False
        growth = FIRST_GROWTH
        if self.before > 1:
            opening = min(now - elapsed - self.began_at, tempo.answer_seconds)  # who answered late wasn't opening
            answers = (opening + elapsed) / tempo.answer_seconds
            growth = max(LEAST_GROWTH, LATER_GROWTH ** min(answers, LONGEST_GROWTH_ANSWERS))
        return goodput.rate(tempo.glance) >= growth * self.rate_before

    def _is_clear(self, goodput: Goodput, tempo: Tempo, elapsed: float) -> bool:
        """Whether a glance is enough to see that it pays."""
        glance = tempo.quickest if self.climbing else tempo.glance
        if self.climbs_slowly(tempo) and self.before > 1 and elapsed < CLEAR_ANSWERS * tempo.answer_seconds:
            return False
        needed = 1 + CLEAR_GAIN * self._growth + 2 * goodput.noise
        return elapsed >= glance and goodput.rate(glance) >= needed * self._rate_to_beat

    @property
    def _growth(self) -> float:
        return self.count / self.before - 1 if self.more else 1.0

    def has_collapsed(self, goodput: Goodput, tempo: Tempo, elapsed: float) -> bool:
        """Whether less than half is left of what came before, ``elapsed`` seconds after all flowed."""
        bearable = (COLLAPSE - goodput.margin / 2) * self.rate_before
        return elapsed >= tempo.alarm and goodput.rate(tempo.alarm) < bearable

    def is_missed(self, goodput: Goodput, tempo: Tempo, now: float) -> bool:
        """Whether a glance shows that nothing is as it was before this step up, which has been undone."""
        if not self.more or now - self.ended_at < tempo.settling + tempo.alarm:
            return False
        return goodput.rate(tempo.alarm) < RUIN * min(self.rate_reached, self.rate_before)

    def _judge_more(self, goodput: Goodput, tempo: Tempo, elapsed: float, *, may_wait: bool) -> Verdict:
        if self.has_collapsed(goodput, tempo, elapsed) and not self.refused:  # who was let in wasn't punished
            return Verdict.COLLAPSED
        if elapsed < tempo.settling + tempo.window:
            return Verdict.WAIT
        if may_wait:
            self._full_at = None
            return Verdict.WAIT
        rate = goodput.rate(tempo.window)
        needed = WELCOME_GAIN if self.refused else 1 + GAIN * self._growth + goodput.noise
        pays = rate >= needed * self._rate_to_beat
        first_look, self._settled = not self._settled, True
        if pays and first_look:
            return Verdict.KEEP
        # Looked at again and again, noise would pay for it at some time: so only twice, when they may have opened
        # and when they have.
        is_free = rate > (FREE - goodput.margin) * self._rate_to_beat
        if is_free and elapsed < tempo.opening + tempo.window:
            return Verdict.WAIT
        is_nearly_free = self.climbs_slowly(tempo) and rate > NEARLY_FREE * self._rate_to_beat
        if is_nearly_free and elapsed < tempo.settling + 2 * tempo.window:
            return Verdict.WAIT
        if pays:
            return Verdict.KEEP
        return Verdict.IDLE if is_free else Verdict.UNDO

    def _judge_fewer(self, goodput: Goodput, tempo: Tempo, elapsed: float) -> Verdict:
        glance = tempo.glance
        if elapsed >= glance and goodput.rate(glance) < (ABANDON_FEWER - goodput.noise) * self.rate_before:
            return Verdict.UNDO
        if elapsed < 0.75 * glance + tempo.window:
            return Verdict.WAIT
        stays = goodput.rate(tempo.window) >= (LOSS_OF_FEWER - goodput.margin) * self.rate_before
        return Verdict.KEEP if stays else Verdict.UNDO


def _between(least: float, wanted: float, most: float) -> float:
    return min(max(wanted, least), most)
