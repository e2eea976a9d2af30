from __future__ import annotations

import pytest

from benchmarks.figures import Figures, Run, summarised
from benchmarks.goals import Delay, Goal, Most, Speed, Sum, describe, judge


def figures(**seconds: float | None) -> dict[str, Figures]:
    """By name; ``None`` is a contender that failed, and names with "ours" in them are ours."""
    return {
        name: summarised(
            name,
            [Run(seconds=one or 0.0, failure="" if one else "exit code 1", peak_memory_bytes=70_000_000, refusals=4)],
            ours="ours" in name,
            payload_bytes=1,
        )
        for name, one in seconds.items()
    }


def speed(at_least: float, *against: str) -> Speed:
    return Speed(subject="ours", against=against or None, at_least=at_least)


@pytest.mark.parametrize(
    ("goal", "reached", "value"),
    [
        (speed(1.5), True, "1.50 (against b)"),
        (speed(1.51), False, "1.50 (against b)"),
        (speed(1.9, "a"), True, "2.00 (against a)"),
        (speed(2.1, "a"), False, "2.00 (against a)"),
        (speed(0.9, "ours_fixed", "a"), False, "0.50 (against ours_fixed)"),
    ],
)
def test_speed_is_compared_with_the_fastest_of_those_that_are_meant(goal: Goal, reached: object, value: str) -> None:
    verdict = judge(goal, figures(ours=2.0, ours_fixed=1.0, a=4.0, b=3.0))
    assert (verdict.reached, verdict.value) == (reached, value)


def test_all_peers_means_the_others_and_not_our_own_other_settings() -> None:
    assert judge(speed(1.0), figures(ours=2.0, ours_fixed=1.0, a=2.0)).reached is True


def test_a_peer_that_failed_is_not_beaten_but_left_out() -> None:
    assert judge(speed(1.0), figures(ours=2.0, a=None, b=1.0)).value == "0.50 (against b)"
    assert judge(speed(1.0), figures(ours=2.0, a=None)).reached is None


def test_who_failed_has_not_reached_any_goal() -> None:
    verdict = judge(speed(0.1), figures(ours=None, a=1.0))
    assert (verdict.reached, verdict.value) == (False, "1 of 1 runs failed")


def test_what_was_not_measured_stays_open() -> None:
    assert judge(speed(1.0), figures(a=1.0)).reached is None
    assert judge(Delay(subject="ours", against="a", at_most_seconds=1), figures(ours=1.0)).reached is None


@pytest.mark.parametrize(("limit", "reached"), [(3.0, True), (2.9, False)])
def test_a_delay_is_in_seconds(limit: float, reached: object) -> None:
    goal = Delay(subject="ours", against="ours_fixed", at_most_seconds=limit)
    verdict = judge(goal, figures(ours=8.0, ours_fixed=5.0))
    assert (verdict.reached, verdict.value) == (reached, "+3.00 s")


def test_limits_hold_for_time_memory_and_refusals() -> None:
    given = figures(ours=0.3)
    assert judge(Most(subject="ours", measure="seconds", at_most=0.35), given).reached is True
    assert judge(Most(subject="ours", measure="seconds", at_most=0.25), given).reached is False
    assert judge(Most(subject="ours", measure="peak_memory_megabytes", at_most=80), given).reached is True
    assert judge(Most(subject="ours", measure="peak_memory_megabytes", at_most=60), given).reached is False
    assert judge(Most(subject="ours", measure="refusals", at_most=3), given).reached is False


def test_goals_are_said_in_words() -> None:
    assert describe(speed(1.35, "aria2c")) == "ours at least 1.35 times as fast as aria2c"
    assert describe(speed(1.1)) == "ours at least 1.10 times as fast as the best peer"
    assert describe(speed(0.9, "a", "b")) == "ours at least 0.90 times as fast as the best of a, b"
    assert describe(Most(subject="ours", measure="refusals", at_most=9)) == "ours: at most 9 refusals"


def test_two_places_together_are_held_against_the_sum_of_both_alone() -> None:
    both = Sum(subject="ours", of=("ours_first", "ours_second"), at_least=0.9)
    verdict = judge(both, figures(ours=2.0, ours_first=3.0, ours_second=6.0))
    assert (verdict.reached, verdict.value) == (True, "1.00")
    assert judge(both, figures(ours=3.0, ours_first=3.0, ours_second=6.0)).reached is False
    assert judge(both, figures(ours=3.0, ours_first=3.0, ours_second=None)).reached is None
