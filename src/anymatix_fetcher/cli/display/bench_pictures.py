"""The rates of a benchmark as a bar chart in text, and as a plot if matplotlib is installed."""

from __future__ import annotations

import textwrap
from importlib.util import find_spec
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anymatix_fetcher.core.pace.diagnosis import BenchStep
    from anymatix_fetcher.engine.bench import Measured

FORMATS = (".png", ".svg", ".pdf")

_EIGHTHS = " \u258f\u258e\u258d\u258c\u258b\u258a\u2589"
_FULL_BLOCK = "\u2588"
_HEADING = "connections"
_SHORTEST_BAR = 8
_MEGABYTE = 1e6
_NEAR = 1.5
"""Disk and digest are plotted only within this factor of the best rate, so as not to flatten the curve."""


def bars(steps: Sequence[BenchStep], width: int, *, ascii_only: bool) -> list[str]:
    """One line per step, at most ``width`` columns: connections, a bar, the sum of rates, and refusals."""
    most = max((step.bytes_per_second for step in steps), default=0.0)
    tails = [_tail(step) for step in steps]
    room = max(_SHORTEST_BAR, width - len(_HEADING) - 4 - max(map(len, tails), default=0))
    lines = []
    for step, tail in zip(steps, tails, strict=True):
        share = step.bytes_per_second / most if most > 0 else 0.0
        lines.append(
            f"{step.connections:>{len(_HEADING)}}  {_bar(share, room, ascii_only=ascii_only)}  {tail}".rstrip()
        )
    return [_HEADING, *lines] if lines else []


def _tail(step: BenchStep) -> str:
    refused = f"  {step.refusals} refused" if step.was_refused else ""
    return f"{format.rate(step.bytes_per_second):>9}{refused}"


def _bar(share: float, room: int, *, ascii_only: bool) -> str:
    if ascii_only:
        return ("#" * round(share * room)).ljust(room)
    full, rest = divmod(round(share * room * 8), 8)
    return (_FULL_BLOCK * full + (_EIGHTHS[rest] if rest else "")).ljust(room)


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    try:
        return find_spec("matplotlib") is not None
    except ValueError:  # find_spec raises it for a module that was made unimportable
        return False


def draw(path: Path, measured: Measured, sentence: str) -> None:
    """Writes the plot to ``path``. There must be at least one step.

    Raises:
        OSError: ``path`` can't be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - only those who want pictures have it

    counts = [step.connections for step in measured.steps]
    rates = [step.bytes_per_second / _MEGABYTE for step in measured.steps]
    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(counts, rates, marker="o", linewidth=2, label="in sum")
    many = [counts[0] * 1.1**power for power in range(60) if 1.1**power <= counts[-1]]
    axes.plot(many, [rates[0] * count for count in many], ":", color="grey", label="multiples of one connection")
    refused = [(step.connections, rate) for step, rate in zip(measured.steps, rates, strict=True) if step.was_refused]
    if refused:
        axes.plot(*zip(*refused, strict=True), "x", color="red", markersize=14, mew=3, label="some were refused")
    highest = max(rates)
    for rate, name, style in ((measured.machine.writes, "the disk", "--"), (measured.machine.hashes, "SHA-256", "-.")):
        if rate is not None and rate / _MEGABYTE <= _NEAR * max(rates):
            axes.axhline(rate / _MEGABYTE, linestyle=style, color="darkorange", label=name)
            highest = max(highest, rate / _MEGABYTE)
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, labels=[str(count) for count in counts])
    axes.set_ylim(0, 1.15 * highest or 1.0)
    axes.set_xlabel("connections")
    axes.set_ylabel("MB/s")
    axes.set_title("\n".join(textwrap.wrap(sentence, 90)), fontsize="medium")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=5, fontsize="small")
    figure.savefig(path, dpi=120)
