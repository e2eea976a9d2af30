"""Each rule of the pace's theory of operation, on sums that a test makes up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.learned import Learned
from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS
from tests.core.pace.sums import MEGABYTE, ROUND_TRIP, STEP, Sums, each

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.pace.settings import PaceSettings


FIRST_STEP = DEFAULT_SETTINGS.first_step
HOLD_SECONDS = DEFAULT_SETTINGS.hold_seconds
CEILING_SECONDS = DEFAULT_SETTINGS.ceiling_seconds


def _collapsing(above: int) -> Callable[[int, float], float]:
    return lambda count, _now: count * MEGABYTE if count <= above else MEGABYTE / 4


def _decaying(after: float) -> Callable[[int, float], float]:
    """Eight connections fill the line for a while; then what each brings shrinks by 4 % a second."""

    def rate(count: int, now: float) -> float:
        return min(8.0, count * (1 - 0.04 * max(0.0, now - after))) * MEGABYTE

    return rate


def test_it_begins_with_one_and_then_tries_four() -> None:
    counts = Sums(Pace(), each).run(1)

    assert counts[0] == 1
    assert next(count for count in counts if count > 1) == FIRST_STEP


@pytest.mark.parametrize("maximum", [1, 2, 5, 32, 64])
def test_it_climbs_to_the_maximum_and_no_further_while_each_connection_adds(maximum: int) -> None:
    assert max(Sums(Pace(maximum), each).run(5)) == maximum


def test_the_reserve_beyond_the_maximum_is_for_after_the_climb_where_each_connection_adds() -> None:
    counts = Sums(Pace(8, reserve=16), each).run(20)

    assert max(counts[: round(HOLD_SECONDS / STEP)]) == 8
    assert counts[-1] == 16


def test_the_reserve_serves_where_the_maximum_no_longer_fills_the_line() -> None:
    sums = Sums(Pace(8, reserve=16), _decaying(after=6))
    sums.run(6)
    assert sums.pace.connections == 8

    assert 16 in sums.run(4)


def test_the_climb_to_thirty_two_takes_less_than_two_seconds_where_the_gain_is_clear() -> None:
    assert 32 in Sums(Pace(), each).run(2)


def test_a_step_that_brings_nothing_is_undone() -> None:
    sums = Sums(Pace(), lambda count, _now: min(count, 4) * MEGABYTE)

    counts = sums.run(20)

    assert max(counts) == 8
    assert counts.count(4) > len(counts) / 2


def test_it_falls_to_one_where_fewer_bring_more() -> None:
    counts = Sums(Pace(start=8), lambda count, _now: MEGABYTE / count).run(10)

    assert counts[-1] == 1


def test_it_falls_to_one_where_more_bring_nothing() -> None:
    assert Sums(Pace(start=16), lambda _count, _now: MEGABYTE).run(15)[-1] <= 2


def test_a_collapse_is_undone_at_a_glance() -> None:
    counts = Sums(Pace(), _collapsing(above=4)).run(CEILING_SECONDS)

    first = counts.index(8)
    assert counts[first:].index(4) * STEP <= 0.4


def test_a_count_that_collapsed_isn_t_tried_again_while_it_is_barred() -> None:
    counts = Sums(Pace(), _collapsing(above=4)).run(CEILING_SECONDS)

    first = counts.index(8)
    undone = first + counts[first:].index(4)
    assert 8 not in counts[undone:]


def test_a_collapse_that_comes_again_is_barred_for_longer_each_time() -> None:
    sums = Sums(Pace(), _collapsing(above=4))

    early = sum(count > 4 for count in sums.run(60))
    sums.run(60)
    late = sum(count > 4 for count in sums.run(240))

    assert late / 240 < early / 60 / 2


def test_no_step_is_blamed_for_a_line_that_falls_and_stays_low() -> None:
    # The line falls to a fifth in the moment in which eight are tried, for four seconds: eight aren't barred for it.
    pace = Pace()
    fallen_at: list[float] = []

    def rule(count: int, now: float) -> float:
        if count == 8 and not fallen_at:
            fallen_at.append(now)
        fell = bool(fallen_at) and now - fallen_at[0] < 4
        return count * MEGABYTE * (0.2 if fell else 1.0)

    counts = Sums(pace, rule).run(CEILING_SECONDS - 2)

    assert pace.learned.limit is None
    assert max(counts) == 32


def _seconds_to_more_after_a_fall(settings: PaceSettings) -> float:
    """As on a lossy line: four filled it, and more cost something, until each of their windows had shrunk."""
    fallen_at = 51.5

    def rule(count: int, now: float) -> float:
        if now >= fallen_at:
            return count * MEGABYTE / 2
        return min(count, 4) * MEGABYTE * (0.7 if count > 4 else 1.0)

    sums = Sums(Pace(settings=settings), rule)
    assert sums.run(fallen_at)[-1] == 4
    while sums.pace.connections <= 4:
        sums.run(STEP)
    return sums.now - fallen_at


def test_more_are_tried_soon_after_the_sum_has_fallen_by_itself() -> None:
    assert _seconds_to_more_after_a_fall(DEFAULT_SETTINGS) < 0.5
    assert _seconds_to_more_after_a_fall(replace(DEFAULT_SETTINGS, fall=1.0)) > 2


@pytest.mark.parametrize("others", [1, 3, 7])
def test_a_refusal_lowers_to_what_goes_on(others: int) -> None:
    pace = Pace(start=12)

    pace.refused(others, 0.0)

    assert pace.connections == others
    assert pace.learned == Learned(others, others)


def test_a_refusal_leaves_one() -> None:
    pace = Pace(start=4)

    pace.refused(0, 0.0)

    assert pace.connections == 1


def test_a_late_refusal_of_a_connection_that_was_given_up_already_changes_nothing() -> None:
    pace = Pace(start=4)

    pace.refused(9, 0.0)

    assert pace.connections == 4
    assert pace.learned.limit is None


def test_a_count_that_was_borne_outlives_a_refusal_that_counts_those_just_given_up() -> None:
    # Three flow; a trial of fewer is undone, and the server, which counts the dropped ones still, lets none in.
    sums = Sums(Pace(3, start=3), each)
    while sums.pace.connections == 3:
        sums.run(STEP)
    while sums.pace.connections < 3:
        sums.run(STEP)
    sums.pace.refused(1, sums.now)

    assert sums.pace.connections == 3
    assert sums.pace.learned.limit is None


def test_a_refusal_long_after_connections_were_given_up_is_believed() -> None:
    sums = Sums(Pace(start=3), each)
    sums.run(1)
    sums.pace.refused(1, sums.now)

    assert sums.pace.connections == 1


def test_those_that_were_let_in_when_another_was_refused_stay_for_a_while() -> None:
    sums = Sums(Pace(), lambda count, _now: min(count, 3) * MEGABYTE)
    while sums.pace.connections != FIRST_STEP:
        sums.run(STEP)
    sums.pace.refused(3, sums.now)

    assert set(sums.run(HOLD_SECONDS)) == {3}


def test_a_step_is_taken_again_when_the_count_before_it_can_t_do_any_more_what_it_did() -> None:
    # One fills the line with its first burst, so that four bring nothing; then it decays, as on a lossy line.
    sums = Sums(Pace(), lambda count, now: min(count * (4 if now < 0.7 else 1), 4) * MEGABYTE)
    counts = sums.run(3)

    undone = counts.index(1, counts.index(FIRST_STEP))
    assert max(counts[undone : undone + round(1.5 / STEP)]) > 1


def test_fewer_are_not_tried_when_the_end_is_near() -> None:
    near, far = Pace(8, start=8), Pace(8, start=8)
    for pace, seconds_left in ((near, 0.2), (far, 60.0)):
        pace.answered(ROUND_TRIP)
        for tick in range(round(6 / STEP)):
            total = round(tick * STEP * MEGABYTE)
            pace.observe(total, pace.connections, tick * STEP, rest=seconds_left * MEGABYTE)

    assert near.connections == 8
    assert far.connections < 8


def test_more_are_tried_often_although_fewer_cost_much() -> None:
    # Four are needed, and more bring nothing until the line becomes wider: only a trial can show that.
    sums = Sums(Pace(), lambda count, now: min(count, 4 if now < 100 else 16) * MEGABYTE)
    sums.run(100)

    assert 16 in sums.run(5)


def test_fewer_are_tried_soon_where_the_climb_s_end_has_brought_nothing() -> None:
    # Each step comes while the windows of those before it still open, and more than eight collapse.
    def rule(count: int, now: float) -> float:
        return min(2 ** (14 * now), 1000) * MEGABYTE / (1 if count <= 8 else 8)

    counts = Sums(Pace(), rule).run(4)

    assert max(counts) > 8
    assert counts[-1] <= 8


def test_what_was_refused_isn_t_asked_for_again_while_it_is_barred() -> None:
    sums = Sums(Pace(start=4), each)
    sums.run(1)
    sums.pace.refused(3, sums.now)

    assert max(sums.run(CEILING_SECONDS - 1)) == 3
    assert max(sums.run(CEILING_SECONDS)) > 3


def test_refusals_that_come_together_bar_for_no_longer_than_one() -> None:
    sums = Sums(Pace(start=12), each)
    sums.run(1)
    for others in range(11, 2, -1):
        sums.pace.refused(others, sums.now)

    assert sums.pace.connections == 3
    assert max(sums.run(2 * CEILING_SECONDS)) > 3


def test_a_fixed_count_never_moves_of_itself() -> None:
    assert set(Sums(Pace(fixed=6), _collapsing(above=4)).run(30)) == {6}


def test_a_fixed_count_may_be_above_the_maximum_since_the_user_said_so() -> None:
    assert Pace(8, fixed=40).connections == 40


def test_a_fixed_count_is_lowered_by_refusals() -> None:
    sums = Sums(Pace(fixed=6), each)
    sums.pace.refused(2, 0.0)

    assert set(sums.run(30)) == {2}


def test_what_was_learned_earlier_is_begun_with() -> None:
    sums = Sums(Pace(start=12), each)

    assert sums.pace.connections == 12
    assert max(sums.run(HOLD_SECONDS - 0.1)) == 12


@pytest.mark.parametrize("start", [1, 2, 4])
def test_what_a_server_refused_in_a_bad_minute_is_tried_again_within_a_second(start: int) -> None:
    sums = Sums(Pace(start=start, settled=False), each)

    assert sums.pace.connections == start
    assert max(sums.run(1.0)) >= 8


def test_where_it_still_refuses_them_it_is_asked_for_few() -> None:
    sums = Sums(Pace(start=3, settled=False), each)
    sums.run(0.3)
    sums.pace.refused(3, sums.now)

    assert max(sums.run(CEILING_SECONDS - 1)) == 3


def test_a_count_that_is_only_being_tried_isn_t_learned() -> None:
    sums = Sums(Pace(), _collapsing(above=4))
    while sums.pace.connections != 8:
        sums.run(STEP)

    assert sums.pace.learned == Learned(FIRST_STEP, None)


def _on_a_long_path(pace: Pace, *, seconds: float = 2.0) -> list[tuple[int, int]]:
    """Each count of the climb with what was foreseen then; answers to connections opened ahead take half as long."""
    sums = Sums(pace, lambda count, now: count * 4**now * MEGABYTE, answer=0.2)
    seen: list[tuple[int, int]] = []
    for _ in range(round(seconds / STEP)):
        sums.run(STEP)
        if not seen or seen[-1][0] != pace.connections:
            seen.append((pace.connections, pace.foreseen(sums.now)))
            if pace.connections > FIRST_STEP:
                pace.answered(0.1)
    return seen


def test_the_next_step_of_a_climb_on_a_long_path_is_foreseen_up_to_the_maximum() -> None:
    assert _on_a_long_path(Pace(24)) == [(4, 8), (8, 16), (16, 24), (24, 24)]


def test_nothing_is_foreseen_before_the_first_answer_nor_after_the_climb() -> None:
    pace = Pace()
    assert pace.foreseen(0.0) == 1

    _on_a_long_path(pace)
    pace.refused(3, 2.0)

    assert pace.foreseen(2.0) == pace.connections == 3


@pytest.mark.parametrize("pace", [Pace(fixed=4), Pace(start=4)])
def test_nothing_is_foreseen_without_a_climb(pace: Pace) -> None:
    assert all(count == foreseen for count, foreseen in _on_a_long_path(pace))


def test_nothing_is_foreseen_on_a_short_path() -> None:
    sums = Sums(Pace(), each)
    for _ in range(40):
        sums.run(STEP)
        assert sums.pace.foreseen(sums.now) == sums.pace.connections


def test_silence_changes_nothing() -> None:
    assert set(Sums(Pace(start=4), lambda _count, _now: 0.0).run(30)) == {4}
