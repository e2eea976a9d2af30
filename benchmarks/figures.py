"""Many runs of one contender, in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from benchmarks.counters import Sample, peak_connections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.goals import Measure

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One contender's one attempt.

    Attributes:
        seconds: From the command's start until its files were proved.
        checking_seconds: Of those, what the checker took that was added.
        peak_memory_bytes: The most physical memory of the command's process.
        processor_seconds: Of the command, the checker not counted.
        checking_processor_seconds: Of the checker that was added.
        refusals: How often the server said 429 or 503; ``None`` where it keeps no log.
        engine: What carried it, from our own report; empty for others.
        failure: What went wrong; empty where nothing did.
        samples: The line while the command ran.
    """

    seconds: float
    checking_seconds: float = 0.0
    peak_memory_bytes: int = 0
    processor_seconds: float = 0.0
    checking_processor_seconds: float = 0.0
    refusals: int | None = None
    engine: str = ""
    failure: str = ""
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the runs of one contender come to; all numbers but the counts are of runs that succeeded.

    Attributes:
        name: The contender.
        ours: Whether it is ours.
        is_floor: Whether it is no tool, but what a part of the work costs.
        runs: How many there were.
        failures: What went wrong, for each run that failed.
        seconds: The median time; ``None`` where no run succeeded.
        fastest: The shortest one.
        slowest: The longest one.
        bytes_per_second: The payload by the median time.
        peak_memory_megabytes: The most of all runs; ``None`` where they were over too soon to be seen.
        processor_seconds: The median, the added checker not counted.
        processor_seconds_per_gigabyte: The median with the added checker, for each 10^9 bytes of the payload.
        connections: As the memory.
        refusals: The most of all runs; ``None`` where they aren't counted.
        floor_seconds: What no tool could be faster than; ``None`` where that isn't known.
    """

    name: str
    ours: bool
    is_floor: bool
    runs: int
    failures: tuple[str, ...]
    seconds: float | None
    fastest: float | None
    slowest: float | None
    bytes_per_second: float | None
    peak_memory_megabytes: float | None
    processor_seconds: float | None
    processor_seconds_per_gigabyte: float | None
    connections: int | None
    refusals: int | None
    floor_seconds: float | None = None

    def measured(self, measure: Measure) -> float | None:
        """The number by its name."""
        value: float | None = getattr(self, measure)
        return value


def summarised(name: str, runs: Sequence[Run], *, ours: bool, payload_bytes: int, is_floor: bool = False) -> Figures:
    """The figures of ``runs``, each of which brought ``payload_bytes`` if it succeeded."""
    good = [run for run in runs if not run.failure]
    times = [run.seconds for run in good]
    processor = [run.processor_seconds + run.checking_processor_seconds for run in good]
    counted = [run.refusals for run in runs if run.refusals is not None]
    return Figures(
        name=name,
        ours=ours,
        is_floor=is_floor,
        runs=len(runs),
        failures=tuple(run.failure for run in runs if run.failure),
        seconds=median(times) if times else None,
        fastest=min(times, default=None),
        slowest=max(times, default=None),
        bytes_per_second=payload_bytes / median(times) if times else None,
        # A run that was over before it was looked at has no peak, rather than one of zero.
        peak_memory_megabytes=max((run.peak_memory_bytes / 1e6 for run in good if run.peak_memory_bytes), default=None),
        processor_seconds=median(run.processor_seconds for run in good) if good else None,
        processor_seconds_per_gigabyte=median(processor) / payload_bytes * 1e9 if good else None,
        connections=max((peak_connections(run.samples) for run in good), default=None) or None,
        # Of failed runs too: that may be why they failed.
        refusals=max(counted, default=None),
    )


def typical(runs: Sequence[Run]) -> Run | None:
    """The run whose time is the median, or just under it; where none succeeded, the first one."""
    good = sorted((run for run in runs if not run.failure), key=lambda run: run.seconds)
    if good:
        return good[(len(good) - 1) // 2]
    return runs[0] if runs else None


def rotated(items: Sequence[Item], by: int) -> list[Item]:
    """``items`` begun at another one, so that in each round another contender goes first."""
    start = by % len(items) if items else 0
    return [*items[start:], *items[:start]]
