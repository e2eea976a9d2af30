from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.figures import Figures, Run, summarised
from benchmarks.goals import Cost, Delay, Goal, Most, Share, Speed, Sum, describe, judge


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
    ("goal", "outcome", "value"),
    [
        (speed(1.5), "met", "1.50 (against b)"),
        (speed(1.51), "within 5 %", "1.50 (against b)"),
        (speed(1.57), "within 5 %", "1.50 (against b)"),
        (speed(1.58), "not met", "1.50 (against b)"),
        (speed(1.9, "a"), "met", "2.00 (against a)"),
        (speed(2.2, "a"), "not met", "2.00 (against a)"),
        (speed(0.9, "ours_fixed", "a"), "not met", "0.50 (against ours_fixed)"),
    ],
)
def test_speed_is_compared_with_the_fastest_of_those_that_are_meant(goal: Goal, outcome: str, value: str) -> None:
    verdict = judge(goal, figures(ours=2.0, ours_fixed=1.0, a=4.0, b=3.0))
    assert (verdict.outcome, verdict.value) == (outcome, value)


def test_all_peers_means_the_others_and_not_our_own_other_settings() -> None:
    assert judge(speed(1.0), figures(ours=2.0, ours_fixed=1.0, a=2.0)).outcome == "met"


def test_what_only_receives_is_no_peer() -> None:
    given = figures(ours=2.0, a=2.0, receiver=0.5)
    given["receiver"] = replace(given["receiver"], is_floor=True)
    assert judge(speed(1.0), given).value == "1.00 (against a)"


def test_a_peer_that_failed_is_not_beaten_but_left_out() -> None:
    assert judge(speed(1.0), figures(ours=2.0, a=None, b=1.0)).value == "0.50 (against b)"
    assert judge(speed(1.0), figures(ours=2.0, a=None)).outcome == "open"


def test_who_failed_has_not_reached_any_goal() -> None:
    verdict = judge(speed(0.1), figures(ours=None, a=1.0))
    assert (verdict.outcome, verdict.value) == ("not met", "1 of 1 runs failed")


def test_what_was_not_measured_stays_open() -> None:
    assert judge(speed(1.0), figures(a=1.0)).outcome == "open"
    assert judge(Delay(subject="ours", against="a", at_most_seconds=1), figures(ours=1.0)).outcome == "open"


@pytest.mark.parametrize(("limit", "outcome"), [(3.0, "met"), (2.9, "within 5 %"), (2.8, "not met")])
def test_a_delay_is_in_seconds(limit: float, outcome: str) -> None:
    goal = Delay(subject="ours", against="ours_fixed", at_most_seconds=limit)
    verdict = judge(goal, figures(ours=8.0, ours_fixed=5.0))
    assert (verdict.outcome, verdict.value) == (outcome, "+3.00 s")


def test_limits_hold_for_time_memory_and_refusals() -> None:
    given = figures(ours=0.3)
    assert judge(Most(subject="ours", measure="seconds", at_most=0.35), given).outcome == "met"
    assert judge(Most(subject="ours", measure="seconds", at_most=0.25), given).outcome == "not met"
    assert judge(Most(subject="ours", measure="peak_memory_megabytes", at_most=80), given).outcome == "met"
    assert judge(Most(subject="ours", measure="peak_memory_megabytes", at_most=60), given).outcome == "not met"
    assert judge(Most(subject="ours", measure="refusals", at_most=3), given).outcome == "not met"


def test_goals_are_said_in_words() -> None:
    assert describe(speed(1.35, "aria2c")) == "ours at least 1.35 times as fast as aria2c"
    assert describe(speed(1.1)) == "ours at least 1.10 times as fast as the best peer"
    assert describe(speed(0.9, "a", "b")) == "ours at least 0.90 times as fast as the best of a, b"
    assert describe(Most(subject="ours", measure="refusals", at_most=9)) == "ours: at most 9 refusals"


def test_two_places_together_are_held_against_the_sum_of_both_alone() -> None:
    both = Sum(subject="ours", of=("ours_first", "ours_second"), at_least=0.9)
    verdict = judge(both, figures(ours=2.0, ours_first=3.0, ours_second=6.0))
    assert (verdict.outcome, verdict.value) == ("met", "1.00")
    assert judge(both, figures(ours=3.0, ours_first=3.0, ours_second=6.0)).outcome == "not met"
    assert judge(both, figures(ours=3.0, ours_first=3.0, ours_second=None)).outcome == "open"


def test_a_share_is_of_what_the_line_carries() -> None:
    one = {"ours": summarised("ours", [Run(seconds=2.0)], ours=True, payload_bytes=100)}
    share = Share(subject="ours", of_bytes_per_second=62.5, at_least=0.85)
    verdict = judge(share, one)
    assert (verdict.outcome, verdict.value) == ("not met", "0.80")
    assert judge(replace(share, at_least=0.8), one).outcome == "met"


def test_the_cost_of_a_byte_is_compared_with_that_of_a_tool_and_its_checker() -> None:
    ours = Run(seconds=1.0, processor_seconds=4.2)
    theirs = Run(seconds=1.0, processor_seconds=2.0, checking_processor_seconds=2.0)
    given = {
        name: summarised(name, [run], ours=name == "ours", payload_bytes=2_000_000_000)
        for name, run in {"ours": ours, "curl": theirs}.items()
    }
    assert given["curl"].processor_seconds_per_gigabyte == 2.0
    verdict = judge(Cost(subject="ours", against="curl", at_most=1.1), given)
    assert (verdict.outcome, verdict.value) == ("met", "1.05")
    assert judge(Cost(subject="ours", against="curl", at_most=1.02), given).outcome == "within 5 %"
    assert judge(Cost(subject="ours", against="wget", at_most=1.1), given).outcome == "open"
