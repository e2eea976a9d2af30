"""Pictures of a scenario: what the line carried, and over how many connections, while each command ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from benchmarks.counters import rates
from benchmarks.figures import typical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.figures import Figures, Run

Value = TypeVar("Value")

_SIZE_INCHES = (10, 4.2)
_DOTS_PER_INCH = 110
_POINTS = 80
"""About so many points a curve: with more one would see the sampling, and not the line."""
_SHOWN_TIMES_FASTEST = 4.0
"""Curves are cut after so many times the fastest one's time, or one slow tool would squeeze all others together."""


def draw(name: str, figures: Sequence[Figures], runs: Mapping[str, Sequence[Run]], folder: Path) -> tuple[str, ...]:
    """Draws each contender's typical run; returns the pictures' file names.

    Raises:
        ImportError: There is no matplotlib.
    """
    shown = [(one, run) for one in figures if (run := typical(runs[one.name])) is not None and len(run.samples) > 2]
    end = shown_seconds([run.samples[-1].seconds for _, run in shown])
    looks = {one.name: tuple(look for look in run.samples if look.seconds <= end) for one, run in shown}
    carried = {name: [(at, rate / 1e6) for at, rate in rates(thinned(some))] for name, some in looks.items()}
    open_then = {name: [(look.seconds, float(look.connections)) for look in some] for name, some in looks.items()}
    files = (f"{name}-throughput.png", f"{name}-connections.png")
    _picture(f"{name}: MB/s on the line, headers and repetitions included", shown, carried, end, folder / files[0])
    _picture(f"{name}: connections", shown, open_then, end, folder / files[1], drawn="steps-post")
    return files


def thinned(items: Sequence[Value]) -> tuple[Value, ...]:
    """About 80 of ``items`` where there are more, evenly spread, the first and the last one among them."""
    step = max(1, len(items) // _POINTS)
    first = (len(items) - 1) % step
    return (*items[: min(first, 1)], *items[first::step])


def shown_seconds(durations: Sequence[float]) -> float:
    """How much time a picture of runs with these durations shows; the shortest one is always whole."""
    return min(max(durations), _SHOWN_TIMES_FASTEST * min(durations)) if durations else 0.0


def _picture(
    title: str,
    shown: Sequence[tuple[Figures, Run]],
    curves: Mapping[str, Sequence[tuple[float, float]]],
    end_seconds: float,
    file: Path,
    *,
    drawn: Literal["default", "steps-post"] = "default",
) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - only those who want pictures need it

    # Without pyplot, which would look for a display and keep every figure in memory.
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    for index, (one, run) in enumerate(shown):
        failed = " (failed)" if run.failure else ""
        points = curves[one.name]
        axes.plot(
            [seconds for seconds, _ in points],
            [value for _, value in points],
            # Ours lie thick over the others', so that they are found in a crowd.
            color=f"C{index % 10}", linewidth=2.6 if one.ours else 1.1, linestyle="-" if one.ours else "--",
            zorder=3 if one.ours else 2, drawstyle=drawn, label=f"{one.name}{failed}",
        )  # fmt: skip
    axes.set_title(title, loc="left")
    axes.set_xlabel("seconds since the command was started; checking by other tools isn't shown")
    if shown:
        axes.set_xlim(0, end_seconds)
        figure.legend(loc="outside right upper", frameon=False)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=_DOTS_PER_INCH)
