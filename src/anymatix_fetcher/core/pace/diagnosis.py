"""What binds a download: from rates measured with 1, 2, 4, ... connections to one sentence with the figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GROWTH = 1.3
"""More connections that bring so much more than one are worth having: a cap on each of them binds."""
STILL_GROWING = 1.2
FULL = 0.95
"""So much of the best rate is as good as it."""
FALL = 0.7
"""A sum that falls to this with more connections is the server's answer to them."""
BORNE = 0.9
BUSY = 0.9
"""Of one core: a Python process can't use much more."""
LOCAL_MARGIN = 0.9
"""The disk and the digest bind where they are this much slower than the network: as measured, they vary."""
FLAT = 1.1


class Cause(Enum):
    """What binds."""

    LINE = "line"
    CAP = "connection cap"
    PATIENCE = "server patience"
    DISK = "disk"
    PROCESSOR = "processor"
    NO_RANGES = "no ranges"


@dataclass(frozen=True, slots=True)
class BenchStep:
    """What one number of connections brought.

    Args:
        connections: How many were wanted.
        borne: How many flowed at one time.
        refusals: How many the server didn't let in.
        bytes_per_second: The sum, once they had opened up.
        processor_share: Of one core, how much this process used meanwhile.
    """

    connections: int
    borne: int
    refusals: int
    bytes_per_second: float
    processor_share: float = 0.0

    @property
    def was_refused(self) -> bool:
        """Whether the server bears fewer than were wanted."""
        return self.refusals > 0 and self.borne < BORNE * self.connections


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine can do, in bytes a second; ``None`` where it wasn't measured."""

    writes: float | None = None
    hashes: float | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What binds, in a sentence; how many connections are worth having, and what to do about it."""

    cause: Cause
    sentence: str
    connections: int
    advice: str


def is_clear(steps: Sequence[BenchStep]) -> bool:
    """Whether more connections would tell nothing more than ``steps`` do: refused, falling, or flat twice."""
    if not steps:
        return False
    last = steps[-1]
    if last.was_refused or last.bytes_per_second < FALL * _best(steps).bytes_per_second:
        return True
    return len(steps) > 2 and max(step.bytes_per_second for step in steps[-2:]) < FLAT * steps[-3].bytes_per_second  # noqa: PLR2004 - two after one


def diagnose(steps: Sequence[BenchStep], machine: Machine, *, ranged: bool = True) -> Diagnosis | None:
    """What binds; ``None`` where nothing was measured.

    Args:
        steps: What was measured, by rising numbers of connections.
        machine: What this machine can do.
        ranged: Whether the server sends parts of a file.
    """
    if not steps:
        return None
    return (
        _by_machine(steps, machine)
        or (None if ranged else _without_ranges(steps[0]))
        or _by_patience(steps)
        or _by_cap(steps)
        or _by_line(steps)
    )


def _best(steps: Sequence[BenchStep]) -> BenchStep:
    """The first that is as good as the best: fewer connections are kinder."""
    most = max(step.bytes_per_second for step in steps)
    return next(step for step in steps if step.bytes_per_second >= FULL * most)


def _grows(steps: Sequence[BenchStep]) -> bool:
    most = max(step.bytes_per_second for step in steps)
    return most > 0 and most >= GROWTH * steps[0].bytes_per_second


def _by_machine(steps: Sequence[BenchStep], machine: Machine) -> Diagnosis | None:
    best = _best(steps)
    rate = best.bytes_per_second
    slowest = min((one for one in (machine.writes, machine.hashes) if one is not None), default=float("inf"))
    enough = next((step.borne for step in steps if step.bytes_per_second >= slowest), best.borne)
    advice = f"{_connections(enough).capitalize()} {'are' if enough > 1 else 'is'} enough here: "
    network = f"the network brings {_rate(rate)} ({_connections(best.borne)})"
    if slowest < LOCAL_MARGIN * rate and slowest == machine.writes:
        sentence = f"The disk binds: it takes {_rate(slowest)}, and {network}."
        return Diagnosis(
            Cause.DISK, sentence, enough, advice + "a faster disk would help (-d DIR), more of them won't."
        )
    if slowest < LOCAL_MARGIN * rate:
        sentence = f"The processor binds: it computes SHA-256 at {_rate(slowest)}, and {network}."
        return Diagnosis(Cause.PROCESSOR, sentence, enough, advice + "more of them would only wait for the digest.")
    if best.processor_share >= BUSY:
        sentence = f"The processor binds: this process is busy {best.processor_share:.0%} of the time at {_rate(rate)}."
        return Diagnosis(Cause.PROCESSOR, sentence, best.borne, f"-c {best.borne} is as fast as it gets.")
    return None


def _without_ranges(step: BenchStep) -> Diagnosis:
    sentence = (
        f"The server sends no parts of a file, so that one connection is all there is: {_rate(step.bytes_per_second)}."
    )
    return Diagnosis(Cause.NO_RANGES, sentence, 1, "Another mirror may be faster.")


def _by_patience(steps: Sequence[BenchStep]) -> Diagnosis | None:
    best = _best(steps)
    refused = next((step for step in steps if step.was_refused), None)
    if refused is not None and (max(step.borne for step in steps) == 1 or _grows(steps)):
        bears = max(1, refused.borne)
        rate = max(step.bytes_per_second for step in steps if step.borne <= bears)
        sentence = (
            f"The server's patience binds: it bears {_connections(bears)} ({_rate(rate)}), "
            f"and refused more when asked for {refused.connections}."
        )
        return Diagnosis(Cause.PATIENCE, sentence, bears, f"auto finds that out; -c {bears} never asks for more.")
    fallen = next(
        (
            step
            for step in steps
            if step.connections > best.connections and step.bytes_per_second < FALL * best.bytes_per_second
        ),
        None,
    )
    if fallen is None:
        return None
    sentence = (
        f"The server's patience binds: {_connections(best.borne)} {'bring' if best.borne > 1 else 'brings'} "
        f"{_rate(best.bytes_per_second)}, but {fallen.connections} only {_rate(fallen.bytes_per_second)}."
    )
    advice = f"auto falls back by itself; -c {best.connections} never asks for more."
    return Diagnosis(Cause.PATIENCE, sentence, best.connections, advice)


def _by_cap(steps: Sequence[BenchStep]) -> Diagnosis | None:
    if not _grows(steps):
        return None
    best, last = _best(steps), steps[-1]
    each = f"A cap per connection binds: each brings about {_rate(steps[0].bytes_per_second / max(1, steps[0].borne))}"
    if best is last and last.bytes_per_second >= STILL_GROWING * steps[-2].bytes_per_second:
        sentence = f"{each}, and {last.borne} together {_rate(last.bytes_per_second)}, still growing."
        advice = f"auto climbs there by itself; -c {last.borne} begins there."
    else:
        sentence = f"{each}, until the line is full at {_rate(best.bytes_per_second)} with {best.borne}."
        advice = f"auto climbs there by itself; -c {best.borne} begins there."
    return Diagnosis(Cause.CAP, sentence, best.borne, advice)


def _by_line(steps: Sequence[BenchStep]) -> Diagnosis:
    first, last = steps[0], steps[-1]
    sentence = f"The line binds, or what the server gives in all: one connection brings {_rate(first.bytes_per_second)}"
    if last is not first:
        sentence += f" already, {last.borne} together {_rate(last.bytes_per_second)}"
    return Diagnosis(Cause.LINE, f"{sentence}.", 1, "auto will do; it stays with few.")


def _connections(count: int) -> str:
    return "one connection" if count == 1 else f"{count} connections"


def _rate(bytes_per_second: float) -> str:
    """Three digits, in powers of 1000."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if bytes_per_second >= 0.9995 * factor:
            return f"{bytes_per_second / factor:.3g} {unit}/s"
    return f"{bytes_per_second:.0f} B/s"
