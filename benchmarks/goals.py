"""What is to be reached, and whether it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, assert_never

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.figures import Figures

Measure = Literal["seconds", "peak_memory_megabytes", "refusals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """``subject`` is at least ``at_least`` times as fast as the fastest of ``against``; ``None``: of all peers."""

    subject: str
    against: tuple[str, ...] | None
    at_least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """``subject`` takes at most ``at_most_seconds`` longer than ``against``."""

    subject: str
    against: str
    at_most_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """``subject``'s ``measure`` is never more than ``at_most``: the median of times, the worst of all else."""

    subject: str
    measure: Measure
    at_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """``subject`` brings at least ``at_least`` times what all of ``of`` bring together, in bytes a second."""

    subject: str
    of: tuple[str, ...]
    at_least: float


Goal = Speed | Delay | Most | Sum


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a goal.

    Attributes:
        goal: What was to be reached, in words.
        value: What was reached, in words.
        reached: Whether that is enough; ``None`` where there is nothing to compare with.
    """

    goal: str
    value: str
    reached: bool | None


def judge(goal: Goal, figures: Mapping[str, Figures]) -> Verdict:
    """Whether ``goal`` is reached by the figures, which are by contenders' names.

    A subject of which one run failed hasn't reached it. A peer's failed runs are left out of its median, which is to
    its advantage.
    """
    words = describe(goal)
    subject = figures.get(goal.subject)
    if subject is None:
        return Verdict(words, "not measured", None)
    if subject.failures or subject.seconds is None:
        return Verdict(words, f"{len(subject.failures)} of {subject.runs} runs failed", reached=False)
    match goal:
        case Speed():
            return _judge_speed(words, goal, subject.seconds, figures)
        case Delay():
            other = figures.get(goal.against)
            if other is None or other.seconds is None:
                return Verdict(words, f"{goal.against} has no time", None)
            delay = subject.seconds - other.seconds
            return Verdict(words, f"{delay:+.2f} s", delay <= goal.at_most_seconds)
        case Most():
            value = subject.measured(goal.measure)
            if value is None:
                return Verdict(words, "not measured", None)
            return Verdict(words, f"{value:.3g}", value <= goal.at_most)
        case Sum():
            return _judge_sum(words, goal, subject.seconds, figures)
        case _:
            assert_never(goal)


def _judge_speed(words: str, goal: Speed, seconds: float, figures: Mapping[str, Figures]) -> Verdict:
    times = {
        name: one.seconds
        for name, one in figures.items()
        if one.seconds is not None and (not one.ours if goal.against is None else name in goal.against)
    }
    if not times:
        return Verdict(words, "none of the others has a time", None)
    best = min(times, key=times.__getitem__)
    ratio = times[best] / seconds
    return Verdict(words, f"{ratio:.2f} (against {best})", ratio >= goal.at_least)


def _judge_sum(words: str, goal: Sum, seconds: float, figures: Mapping[str, Figures]) -> Verdict:
    times = [figures[name].seconds if name in figures else None for name in goal.of]
    known = [one for one in times if one]
    if len(known) < len(times):
        return Verdict(words, "one of the others has no time", None)
    ratio = 1 / seconds / sum(1 / one for one in known)
    return Verdict(words, f"{ratio:.2f}", ratio >= goal.at_least)


def describe(goal: Goal) -> str:
    """The goal in words."""
    match goal:
        case Speed(subject=subject, against=against):
            others = "the best peer" if against is None else against[0]
            if against is not None and len(against) > 1:
                others = f"the best of {', '.join(against)}"
            return f"{subject} at least {goal.at_least:.2f} times as fast as {others}"
        case Delay(subject=subject):
            return f"{subject} at most {goal.at_most_seconds:g} s later than {goal.against}"
        case Most(subject=subject):
            return f"{subject}: {_UNITS[goal.measure].format(goal.at_most)}"
        case Sum(subject=subject):
            return f"{subject} at least {goal.at_least:.2f} of the sum of {', '.join(goal.of)}"
        case _:
            assert_never(goal)


_UNITS: Mapping[Measure, str] = {
    "seconds": "at most {:g} s",
    "peak_memory_megabytes": "at most {:g} MB of memory",
    "refusals": "at most {:g} refusals",
}
