"""How a single trial is judged, on sums that a test makes up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.pace.goodput import Goodput
from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS
from anymatix_fetcher.core.pace.trial import Path, Trial, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 0.05
SHORT = Path(DEFAULT_SETTINGS, 0.02)
LONG = Path(DEFAULT_SETTINGS, 0.3)
BEFORE = 1e6


def outcome(
    trial: Trial, rate: Callable[[float], float], path: Path = SHORT, *, filled_at: float = 0.0, noise: float = 0.0
) -> tuple[Verdict, float]:
    """What a trial that begins at 0 comes to, and when; the sum was ``BEFORE`` until then."""
    goodput, total = Goodput(DEFAULT_SETTINGS), 0.0
    goodput.noise = noise
    for tick in range(-20, 200):
        now = tick * STEP
        total += (BEFORE if tick <= 0 else rate(now)) * STEP
        goodput.add(round(total), now)
        if tick > 0:
            verdict = trial.judge(goodput, path, now, filled=now >= filled_at)
            if verdict is not Verdict.WAIT:
                return verdict, now
    return Verdict.WAIT, now


def trial(count: int, before: int, *, climbing: bool = False) -> Trial:
    return Trial(DEFAULT_SETTINGS, count, before, BEFORE, 0.0, round(20 * STEP * BEFORE), climbing=climbing)


def test_twice_as_much_is_clear_at_a_glance() -> None:
    verdict, now = outcome(trial(8, 4), lambda _now: 2 * BEFORE)

    assert verdict is Verdict.KEEP
    assert now <= 0.3


def test_a_tenth_more_takes_longer_and_is_kept() -> None:
    verdict, now = outcome(trial(8, 4), lambda _now: 1.1 * BEFORE)

    assert verdict is Verdict.KEEP
    assert now > DEFAULT_SETTINGS.window_seconds


def test_a_tenth_more_isn_t_believed_where_that_is_noise() -> None:
    assert outcome(trial(8, 4), lambda _now: 1.1 * BEFORE, noise=0.1)[0] is Verdict.IDLE


def test_more_that_bring_nothing_and_cost_nothing_are_idle() -> None:
    assert outcome(trial(8, 4), lambda _now: BEFORE)[0] is Verdict.IDLE


def test_more_that_cost_something_are_undone() -> None:
    assert outcome(trial(8, 4), lambda _now: 0.8 * BEFORE)[0] is Verdict.UNDO


def test_a_collapse_shows_soon() -> None:
    verdict, now = outcome(trial(8, 4), lambda _now: BEFORE / 4)

    assert verdict is Verdict.COLLAPSED
    assert now <= 0.4


def test_a_stumble_that_is_over_soon_is_no_collapse() -> None:
    assert outcome(trial(8, 4), lambda now: (0.2 if now < 0.12 else 2.0) * BEFORE)[0] is Verdict.KEEP


def test_those_that_were_let_in_beside_refused_ones_aren_t_taken_for_a_collapse() -> None:
    let_in = trial(8, 4)
    let_in.survive_refusal(6)

    assert outcome(let_in, lambda _now: BEFORE / 4)[0] is Verdict.UNDO


def test_more_that_cost_nothing_have_the_time_to_open_on_a_long_path() -> None:
    verdict, now = outcome(trial(2, 1), lambda now: (1.0 if now < 1.0 else 1.3) * BEFORE, LONG)

    assert verdict is Verdict.KEEP
    assert now > 1.0


def test_more_that_cost_something_don_t_have_that_time() -> None:
    verdict, now = outcome(trial(2, 1), lambda _now: 0.8 * BEFORE, LONG)

    assert verdict is Verdict.UNDO
    assert now < 1.0


def test_a_step_of_a_climb_on_a_long_path_that_goes_on_to_cost_something_is_undone() -> None:
    verdict, now = outcome(trial(32, 16, climbing=True), lambda _now: 0.85 * BEFORE, LONG)

    assert verdict is Verdict.UNDO
    assert now < 1.2


@pytest.mark.parametrize(("climbing", "kept"), [(True, False), (False, True)])
def test_what_came_while_a_step_of_the_climb_shook_hands_isn_t_its_gain(climbing: bool, kept: bool) -> None:  # noqa: FBT001 - a parameter of the test
    verdict, _ = outcome(trial(8, 4, climbing=climbing), lambda _now: 2 * BEFORE, LONG, filled_at=0.6)

    assert (verdict is Verdict.KEEP) is kept


def test_it_waits_until_all_flow_but_not_for_ever() -> None:
    assert outcome(trial(8, 4), lambda _now: 2 * BEFORE, filled_at=1.0)[1] >= 1.0
    assert outcome(trial(8, 4), lambda _now: 2 * BEFORE, filled_at=1e9)[1] <= 3.5


def test_fewer_are_kept_where_the_sum_stays() -> None:
    assert outcome(trial(4, 8), lambda _now: BEFORE)[0] is Verdict.KEEP


def test_fewer_that_bring_half_are_given_up_at_a_glance() -> None:
    verdict, now = outcome(trial(4, 8), lambda _now: BEFORE / 2)

    assert verdict is Verdict.UNDO
    assert now <= 0.25


def test_fewer_that_bring_a_little_less_are_given_up() -> None:
    assert outcome(trial(4, 8), lambda _now: 0.93 * BEFORE)[0] is Verdict.UNDO


def test_what_was_missed_is_counted_in_seconds_of_what_there_was() -> None:
    tried = trial(8, 4)

    assert tried.missed_seconds(tried.total_before + round(BEFORE), 3.0) == pytest.approx(2.0)
