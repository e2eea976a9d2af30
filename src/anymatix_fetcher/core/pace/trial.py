"""One trial of another count: how long to measure, what it has to bring, and when it has failed.

More and fewer connections fail differently. More need time to open their congestion windows, and what the sum does
meanwhile says little of them: a trial of more that costs nothing gets that time, and one that costs much ends at a
glance. Fewer need no time: their windows are open already.

Each verdict compares a rate with the rate before the trial. A glance (a short window) decides what is clear, the long
window all else. The noise, an exponentially weighted average, widens each margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.pace.goodput import Goodput
    from anymatix_fetcher.core.pace.settings import PaceSettings


@dataclass(frozen=True, slots=True)
class Path:
    """What is known of the way to the server.

    Attributes:
        settings: The controller's figures.
        answer_seconds: The shortest time to first byte, the handshakes of a new connection included.
    """

    settings: PaceSettings
    answer_seconds: float

    @property
    def opening_seconds(self) -> float:
        """New connections have opened their congestion windows after this."""
        return self.settings.opening_answers * self.answer_seconds

    @property
    def is_long(self) -> bool:
        """Whether congestion windows go on opening while a step waits for its handshakes."""
        return self.answer_seconds >= self.settings.long_path_seconds

    @property
    def cost_of_fewer(self) -> float:
        """Seconds' worth of bytes that a trial of half as many costs where all are needed, and their reopening."""
        return (self.settings.glance_seconds + 3 * self.answer_seconds) / 2


class Verdict(Enum):
    """What is to become of a trial."""

    WAIT = auto()
    KEEP = auto()
    IDLE = auto()
    """It brings nothing, and costs nothing."""
    UNDO = auto()
    COLLAPSED = auto()
    """To be undone, and the count ruled out for a while."""


@dataclass(slots=True)
class Trial:
    """A count that is being tried, against what was measured before.

    Attributes:
        settings: The controller's figures.
        count: What is tried.
        before: What it is tried instead of.
        rate_before: What the sum was, in bytes a second.
        began_at: When it began.
        total_before: What had arrived by then.
        climbing: Whether it is a step of the first climb.
        refused: Whether some of its connections were refused.
        rate_when_full: What the sum was when all of its connections had just begun to flow; 0.0 until then.
        rate_reached: What it was when the trial ended; 0.0 until then.
        ended_at: When that was.
    """

    settings: PaceSettings
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
    _looked: bool = False

    @property
    def more(self) -> bool:
        """Whether more are tried, or fewer."""
        return self.count > self.before

    def climbs_slowly(self, path: Path) -> bool:
        """Whether it is a step of the first climb on a long path."""
        return self.climbing and self.more and path.is_long

    def survive_refusal(self, count: int) -> None:
        """The server let so many in: these are tried, from when they flow."""
        self.count = count
        self.refused = True
        self._full_at = None

    def end(self, goodput: Goodput, now: float) -> None:
        """It is undone: remembers what it had reached."""
        self.rate_reached = goodput.rate(self.settings.window_seconds)
        self.ended_at = now

    def missed_seconds(self, total: int, now: float) -> float:
        """How many seconds' worth of bytes haven't come, compared with the count before."""
        return now - self.began_at - (total - self.total_before) / max(self.rate_before, 1.0)

    def judge(self, goodput: Goodput, path: Path, now: float, *, filled: bool) -> Verdict:
        """What the sum says of it now.

        Args:
            goodput: The sum.
            path: The way to the server.
            now: The time.
            filled: Whether as many flow as are tried.
        """
        late = now - self.began_at >= self.settings.filling_seconds
        if self._full_at is None:
            if not filled and not late:
                return Verdict.WAIT
            self._fill(goodput, path, now)
        elapsed = now - (self._full_at or 0.0)
        if self.more:
            return self._judge_more(goodput, path, elapsed, may_wait=not filled and not late)
        return self._judge_fewer(goodput, elapsed)

    def _fill(self, goodput: Goodput, path: Path, now: float) -> None:
        self._full_at = now
        self.rate_when_full = goodput.rate(self.settings.glance_seconds)
        self._rate_to_beat = self.rate_before
        if self.climbs_slowly(path):
            # Windows from before went on opening while the new connections shook hands: that isn't this step's gain.
            self._rate_to_beat = max(self.rate_before, self.rate_when_full)

    @property
    def _growth(self) -> float:
        """How much a trial of more adds to one: 1.0 for twice as many."""
        return self.count / self.before - 1

    def _is_clear(self, goodput: Goodput, elapsed: float) -> bool:
        """Whether a glance is enough to see that it pays."""
        settings = self.settings
        needed = 1 + settings.clear_gain * self._growth + 2 * goodput.noise
        return (
            elapsed >= settings.glance_seconds and goodput.rate(settings.glance_seconds) >= needed * self._rate_to_beat
        )

    def _has_collapsed(self, goodput: Goodput, elapsed: float) -> bool:
        """Whether much less is left than came before, ``elapsed`` seconds after all flowed."""
        settings = self.settings
        least = (settings.collapse - goodput.margin / 2) * self.rate_before
        return elapsed >= settings.alarm_seconds and goodput.rate(settings.alarm_seconds) < least

    def _judge_more(self, goodput: Goodput, path: Path, elapsed: float, *, may_wait: bool) -> Verdict:
        settings = self.settings
        if self._is_clear(goodput, elapsed):
            return Verdict.KEEP
        if self._has_collapsed(goodput, elapsed) and not self.refused:  # those that were let in weren't punished
            return Verdict.COLLAPSED
        if elapsed < settings.settling_seconds + settings.window_seconds:
            return Verdict.WAIT
        if may_wait:
            self._full_at = None
            return Verdict.WAIT
        rate = goodput.rate(settings.window_seconds)
        pays = rate >= (1 + settings.gain * self._growth + goodput.noise) * self._rate_to_beat
        is_first_look, self._looked = not self._looked, True
        if pays and is_first_look:
            return Verdict.KEEP
        # With many looks noise would pass for a gain at some time. So there are two: when the windows may be open, and
        # when they are.
        is_free = rate > (settings.tolerance - goodput.margin) * self._rate_to_beat
        if is_free and elapsed < path.opening_seconds + settings.window_seconds:
            return Verdict.WAIT
        if pays:
            return Verdict.KEEP
        return Verdict.IDLE if is_free else Verdict.UNDO

    def _judge_fewer(self, goodput: Goodput, elapsed: float) -> Verdict:
        settings = self.settings
        least = (settings.abandoned - goodput.noise) * self.rate_before
        if elapsed >= settings.glance_seconds and goodput.rate(settings.glance_seconds) < least:
            return Verdict.UNDO
        if elapsed < settings.glance_seconds + settings.window_seconds:
            return Verdict.WAIT
        stays = goodput.rate(settings.window_seconds) >= (settings.tolerance - goodput.margin) * self.rate_before
        return Verdict.KEEP if stays else Verdict.UNDO
