"""How the controller does on simulated lines: as a picture, or what each of its rules brings.

``python benchmarks/pace_lines.py --seeds 1000 --out pace.png`` draws the distribution of its goodput, and how it went
on the worst lines (needs matplotlib). ``python benchmarks/pace_lines.py --ablate --seeds 1000`` prints the mean and the
5th and 1st percentile with all rules, and how each changes where one rule is off.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from anymatix_fetcher.core.pace.controller import Pace
from benchmarks.pace_rules import WITHOUT
from tests.simulation.lines import Comparison, Line, Transfer, compared, finished
from tests.simulation.named_lines import NAMED_LINES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from anymatix_fetcher.core.pace.settings import PaceSettings

WORST = 5
COLUMNS = 4
BOUND = 0.85


def _trace(line: Line, size: float) -> tuple[list[float], list[float], list[int]]:
    pace = Pace()
    moments: list[float] = []
    totals: list[float] = []
    counts: list[int] = []

    def watch(transfer: Transfer) -> None:
        moments.append(transfer.now)
        totals.append(transfer.total)
        counts.append(pace.connections)

    finished(line, pace, size, watch)
    # The rate is shown over half a second, for one step's is all noise.
    rates = [
        (total - totals[max(0, at - 10)]) / max(moments[at] - moments[max(0, at - 10)], 0.05)
        for at, total in enumerate(totals)
    ]
    return moments, rates, counts


def _draw_distribution(axes: Axes, ratios: list[float]) -> None:
    shares = [(at + 1) / len(ratios) * 100 for at in range(len(ratios))]
    axes.step(ratios, shares, where="post")
    axes.axvline(BOUND, color="tab:red", linestyle="--", label=f"{BOUND}")
    axes.axhline(1, color="grey", linestyle=":", label="1 % of the lines")
    axes.set_yscale("log")
    axes.set_xlim(0.4, 1.2)  # a few beat every fixed count by far, since the line changed on its way
    axes.set_xlabel("goodput, as a part of the best fixed count's")
    axes.set_ylabel("% of the lines that do worse")
    axes.set_title(f"{len(ratios)} lines: 1 % {ratios[len(ratios) // 100]:.2f}, median {ratios[len(ratios) // 2]:.2f}")
    axes.legend()


def _draw_trace(axes: Axes, title: str, line: Line, comparison: Comparison) -> None:
    moments, rates, counts = _trace(line, comparison.size)
    axes.plot(moments, [rate / 1e6 for rate in rates], color="tab:blue", linewidth=0.8)
    axes.axhline(comparison.size / line.seconds / 1e6, color="tab:blue", linestyle=":")
    axes.set_ylabel("MB/s", color="tab:blue")
    beside = axes.twinx()
    beside.step(moments, counts, color="tab:orange", where="post", linewidth=0.9)
    beside.set_ylim(0, 34)
    axes.set_title(
        f"{title}: {comparison.ratio:.2f} of {comparison.best_count}, {line.round_trip * 1000:.0f} ms", size=8
    )


def _figures(ratios: list[float]) -> tuple[float, float, float]:
    """The mean, and the 5th and the 1st percentile."""
    ranked = sorted(ratios)
    return fmean(ranked), ranked[len(ranked) * 5 // 100], ranked[len(ranked) // 100]


def _ablate(lines: list[Line]) -> None:
    """Prints what is lost without each rule."""
    found = [(line, compared(line)) for line in lines]
    whole = _figures([comparison.ratio for _, comparison in found])
    print(f"{'rule off':12} {'mean':>8} {'p5':>8} {'p1':>8}   of {len(lines)} lines")
    print(f"{'none':12} " + " ".join(f"{value:8.4f}" for value in whole), flush=True)
    for rule, settings in WITHOUT.items():
        changed = _figures([_ratio(line, comparison.size, settings) for line, comparison in found])
        print(f"{rule:12} " + " ".join(f"{a - b:+8.4f}" for a, b in zip(changed, whole, strict=True)), flush=True)


def _ratio(line: Line, size: float, settings: PaceSettings) -> float:
    return line.seconds / finished(line, Pace(settings=settings), size).now


def _report(drawn: dict[int, Line], out: Path) -> None:
    """Prints the figures, and draws the distribution and the traces of the worst and the named lines."""
    found = sorted(((compared(line), seed) for seed, line in drawn.items()), key=lambda pair: pair[0].ratio)
    ratios = [comparison.ratio for comparison, _ in found]
    named = {name: compared(line) for name, line in NAMED_LINES.items()}
    print(f"mean  {fmean(ratios):.4f}")
    for percent in (0, 1, 5, 50):
        print(f"{percent:3} %  {ratios[len(ratios) * percent // 100]:.4f}")
    for name, comparison in named.items():
        print(f"{name:24} {comparison.ratio:.3f} of {comparison.best_count}", flush=True)
    _draw(drawn, found, named, out)


def _draw(drawn: dict[int, Line], found: list[tuple[Comparison, int]], named: dict[str, Comparison], out: Path) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - the figures have been printed if it is missing

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - as above

    rows = -(-(1 + WORST + len(named)) // COLUMNS)
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(20, 3.75 * rows), layout="constrained")
    axes = list(grid.flat)
    _draw_distribution(axes[0], [comparison.ratio for comparison, _ in found])
    for at, (comparison, seed) in enumerate(found[:WORST], start=1):
        _draw_trace(axes[at], f"seed {seed}", drawn[seed], comparison)
    for at, (name, comparison) in enumerate(named.items(), start=WORST + 1):
        _draw_trace(axes[at], name, NAMED_LINES[name], comparison)
    figure.suptitle("blue: the sum, dotted what the best fixed count brings on average; orange: connections")
    figure.savefig(out, dpi=80)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the lines, and draws a picture or prints what each rule brings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many lines (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first one's seed (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("pace_lines.png"), help="the picture (%(default)s)")
    parser.add_argument("--ablate", action="store_true", help="print what each rule brings, and draw nothing")
    options = parser.parse_args(arguments)
    drawn = {seed: Line.drawn(seed) for seed in range(options.first, options.first + options.seeds)}
    if options.ablate:
        _ablate(list(drawn.values()))
    else:
        _report(drawn, options.out)


if __name__ == "__main__":
    main()
