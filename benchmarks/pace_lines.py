"""Draws how the pace does on simulated lines: the distribution of its goodput, and how it went on the worst ones.

``python benchmarks/pace_lines.py --seeds 1000 --out pace.png`` (needs matplotlib; run from the checkout's root)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from anymatix_fetcher.core.pace.controller import Pace
from tests.simulation.lines import Comparison, Line, Transfer, compared, finished
from tests.simulation.named_lines import NAMED_LINES

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORST = 5
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


def main() -> None:
    """Runs the lines and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("pace_lines.png"))
    options = parser.parse_args()
    drawn = {seed: Line.drawn(seed) for seed in range(options.first, options.first + options.seeds)}
    found = sorted(((compared(line), seed) for seed, line in drawn.items()), key=lambda pair: pair[0].ratio)
    ratios = [comparison.ratio for comparison, _ in found]
    named = {name: compared(line) for name, line in NAMED_LINES.items()}

    figure, grid = plt.subplots(4, 4, figsize=(20, 15), layout="constrained")
    axes = list(grid.flat)
    _draw_distribution(axes[0], ratios)
    for at, (comparison, seed) in enumerate(found[:WORST], start=1):
        _draw_trace(axes[at], f"seed {seed}", drawn[seed], comparison)
    for at, (name, comparison) in enumerate(named.items(), start=WORST + 1):
        _draw_trace(axes[at], name, NAMED_LINES[name], comparison)
    figure.suptitle("blue: the sum, dotted what the best fixed count brings on average; orange: connections")
    figure.savefig(options.out, dpi=80)
    for percent in (0, 1, 5, 50):
        print(f"{percent:3} %  {ratios[len(ratios) * percent // 100]:.3f}")
    for name, comparison in named.items():
        print(f"{name:24} {comparison.ratio:.3f} of {comparison.best_count}")


if __name__ == "__main__":
    main()
