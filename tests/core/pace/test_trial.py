"""How a single trial is judged, on sums that a test makes up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.pace.goodput import Goodput
from anymatix_fetcher.core.pace.trial import Tempo, Trial, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 0.05
SHORT = Tempo(0.02)
LONG = Tempo(0.3)
BEFORE = 1e6


def outcome(
    trial: Trial, rate: Callable[[float], float], tempo: Tempo = SHORT, *, filled_at: float = 0.0, noise: float = 0.0
) -> tuple[Verdict, float]:
    """What a trial that begins at 0 comes to, and when; the sum was ``BEFORE`` until then."""
    goodput, total = Goodput(), 0.0
    goodput.noise = noise
    for tick in range(-20, 200):
        now = tick * STEP
        total += (BEFORE if tick <= 0 else rate(now)) * STEP
        goodput.add(round(total), now)
        if tick > 0:
            verdict = trial.judge(goodput, tempo, now, filled=now >= filled_at)
            if verdict is not Verdict.WAIT:
                return verdict, now
    return Verdict.WAIT, now


def trial(count: int, before: int, *, climbing: bool = False) -> Trial:
    return Trial(count, before, BEFORE, 0.0, round(20 * STEP * BEFORE), climbing=climbing)


def test_twice_as_much_is_clear_at_a_glance() -> None:
    verdict, now = outcome(trial(8, 4), lambda _now: 2 * BEFORE)

    assert verdict is Verdict.KEEP
    assert now <= 0.3


def test_a_tenth_more_takes_longer_and_is_kept() -> None:
    verdict, now = outcome(trial(8, 4), lambda _now: 1.1 * BEFORE)

    assert verdict is Verdict.KEEP
    assert now > SHORT.settling


def test_a_tenth_more_isn_t_believed_where_that_is_noise() -> None:
    assert outcome(trial(8, 4), lambda _now: 1.1 * BEFORE, noise=0.1)[0] is Verdict.IDLE


def test_more_that_bring_nothing_and_cost_nothing_are_idle() -> None:
    assert outcome(trial(8, 4), lambda _now: BEFORE)[0] is Verdict.IDLE


def test_more_that_cost_something_are_undone() -> None:
    assert outcome(trial(8, 4), lambda _now: 0.8 * BEFORE)[0] is Verdict.UNDO


def test_those_that_were_let_in_when_another_was_refused_pay_by_any_gain() -> None:
    survivors = trial(8, 4)
    survivors.survive_refusal(7)

    assert outcome(survivors, lambda _now: 1.15 * BEFORE, noise=0.1)[0] is Verdict.KEEP


def test_the_first_step_on_a_long_path_isn_t_judged_while_windows_open() -> None:
    first = Trial(4, 1, 0.0, 0.0, 0, climbing=True)

    verdict, now = outcome(first, lambda _now: BEFORE, LONG, filled_at=0.3)

    assert verdict is Verdict.KEEP
    assert now == pytest.approx(0.3)


def test_bursts_are_looked_at_for_longer() -> None:
    def stalls(now: float) -> float:
        # For four tenths of a second hardly anything comes, then all of it.
        return (0.1 if now % 0.6 < 0.4 else 2.8) * BEFORE

    assert outcome(trial(8, 4), stalls)[0] is Verdict.COLLAPSED
    assert outcome(trial(8, 4), stalls, SHORT.stretched(3.0))[0] is not Verdict.COLLAPSED


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


@pytest.mark.parametrize(("low", "kept"), [(0.85, True), (0.7, False)])
def test_a_step_of_a_climb_on_a_long_path_that_stumbles_is_looked_at_twice(*, low: float, kept: bool) -> None:
    # Windows that have opened together overflow together: for half a second a little less comes, then much more.
    stumble = LONG.settling + LONG.window + 2 * STEP
    verdict, now = outcome(
        trial(32, 16, climbing=True), lambda now: (low if now < stumble else 2.2) * BEFORE, LONG, filled_at=STEP
    )

    assert (verdict is Verdict.KEEP) is kept
    assert kept or now < stumble + STEP


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


@pytest.mark.parametrize(("growth", "filled_at", "goes_on"), [(4.5, 0.15, True), (4.5, 0.3, False), (1.9, 0.1, False)])
def test_a_step_that_was_opened_ahead_has_to_grow_as_quickly_only(
    *, growth: float, filled_at: float, goes_on: bool
) -> None:
    verdict, now = outcome(trial(16, 8, climbing=True), lambda _now: growth * BEFORE, LONG, filled_at=filled_at)

    assert (verdict is Verdict.KEEP and now == pytest.approx(filled_at)) is goes_on


def test_on_a_long_path_a_climb_goes_on_at_once_while_the_sum_grows_manifold_during_handshakes() -> None:
    verdict, now = outcome(trial(16, 8, climbing=True), lambda _now: 14 * BEFORE, LONG, filled_at=0.4)

    assert verdict is Verdict.KEEP
    assert now == pytest.approx(0.4)


@pytest.mark.parametrize(("climbing", "growth", "tempo"), [(True, 10, LONG), (False, 14, LONG), (True, 14, SHORT)])
def test_and_is_judged_where_it_grows_less_or_the_climb_is_over_or_the_path_is_short(
    climbing: bool,  # noqa: FBT001
    growth: int,
    tempo: Tempo,
) -> None:
    assert outcome(trial(16, 8, climbing=climbing), lambda _now: growth * BEFORE, tempo, filled_at=0.4)[1] > 0.45
