"""What is to be reached, and whether it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, assert_never

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.figures import Figures

Measure = Literal["seconds", "processor_seconds", "peak_memory_megabytes", "refusals"]
Outcome = Literal["met", "within 5 %", "not met", "open"]
_NEARLY = 0.05
"""By how much a goal may be missed and still be close: about what one run differs from the next one."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """``subject`` brings at least ``at_least`` of a line that carries ``of_bytes_per_second``."""

    subject: str
    of_bytes_per_second: float
    at_least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """``subject`` takes at most ``at_most`` times the processor time a byte of ``against`` with its checker."""

    subject: str
    against: str
    at_most: float


Goal = Speed | Delay | Most | Sum | Share | Cost


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a goal.

    Attributes:
        goal: What was to be reached, in words.
        value: What was reached, in words.
        outcome: Whether that is enough; "open" where there is nothing to compare with.
    """

    goal: str
    value: str
    outcome: Outcome


def _at_least(value: float, wanted: float) -> Outcome:
    if value >= wanted:
        return "met"
    return "within 5 %" if value >= wanted * (1 - _NEARLY) else "not met"


def _at_most(value: float, wanted: float) -> Outcome:
    if value <= wanted:
        return "met"
    return "within 5 %" if value <= wanted * (1 + _NEARLY) else "not met"


def judge(goal: Goal, figures: Mapping[str, Figures]) -> Verdict:
    """Whether ``goal`` is reached by the figures, which are by contenders' names.

    A subject of which one run failed hasn't reached it. A peer's failed runs are left out of its median, which is to
    its advantage.
    """
    words = describe(goal)
    subject = figures.get(goal.subject)
    if subject is None:
        return Verdict(words, "not measured", "open")
    if subject.failures or subject.seconds is None:
        return Verdict(words, f"{len(subject.failures)} of {subject.runs} runs failed", "not met")
    match goal:
        case Speed():
            return _judge_speed(words, goal, subject.seconds, figures)
        case Delay():
            return _judge_delay(words, goal, subject.seconds, figures)
        case Most():
            value = subject.measured(goal.measure)
            if value is None:
                return Verdict(words, "not measured", "open")
            return Verdict(words, f"{value:.3g}", _at_most(value, goal.at_most))
        case Sum():
            return _judge_sum(words, goal, subject.seconds, figures)
        case Share():
            share = (subject.bytes_per_second or 0.0) / goal.of_bytes_per_second
            return Verdict(words, f"{share:.2f}", _at_least(share, goal.at_least))
        case Cost():
            return _judge_cost(words, goal, subject, figures)
        case _:
            assert_never(goal)


def _judge_delay(words: str, goal: Delay, seconds: float, figures: Mapping[str, Figures]) -> Verdict:
    other = figures.get(goal.against)
    if other is None or other.seconds is None:
        return Verdict(words, f"{goal.against} has no time", "open")
    delay = seconds - other.seconds
    return Verdict(words, f"{delay:+.2f} s", _at_most(delay, goal.at_most_seconds))


def _judge_speed(words: str, goal: Speed, seconds: float, figures: Mapping[str, Figures]) -> Verdict:
    times = {
        name: one.seconds
        for name, one in figures.items()
        if one.seconds is not None
        and (not (one.ours or one.is_floor) if goal.against is None else name in goal.against)
    }
    if not times:
        return Verdict(words, "none of the others has a time", "open")
    best = min(times, key=times.__getitem__)
    ratio = times[best] / seconds
    return Verdict(words, f"{ratio:.2f} (against {best})", _at_least(ratio, goal.at_least))


def _judge_sum(words: str, goal: Sum, seconds: float, figures: Mapping[str, Figures]) -> Verdict:
    times = [figures[name].seconds if name in figures else None for name in goal.of]
    known = [one for one in times if one]
    if len(known) < len(times):
        return Verdict(words, "one of the others has no time", "open")
    ratio = 1 / seconds / sum(1 / one for one in known)
    return Verdict(words, f"{ratio:.2f}", _at_least(ratio, goal.at_least))


def _judge_cost(words: str, goal: Cost, subject: Figures, figures: Mapping[str, Figures]) -> Verdict:
    other = figures.get(goal.against)
    own, theirs = subject.processor_seconds_per_gigabyte, other and other.processor_seconds_per_gigabyte
    if not own or not theirs:
        return Verdict(words, f"{goal.against} has no processor time", "open")
    return Verdict(words, f"{own / theirs:.2f}", _at_most(own / theirs, goal.at_most))


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
        case Share(subject=subject):
            return f"{subject} at least {goal.at_least:.2f} of the line's {goal.of_bytes_per_second / 1e6:g} MB/s"
        case Cost(subject=subject):
            return f"{subject} at most {goal.at_most:.2f} times the processor time of {goal.against} and its checker"
        case _:
            assert_never(goal)


_UNITS: Mapping[Measure, str] = {
    "seconds": "at most {:.3g} s",
    "processor_seconds": "at most {:g} s of processor time",
    "peak_memory_megabytes": "at most {:g} MB of memory",
    "refusals": "at most {:g} refusals",
}
