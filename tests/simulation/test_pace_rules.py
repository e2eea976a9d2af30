"""Each rule of the controller earns its place: without it, some forty lines bring less."""

from __future__ import annotations

from statistics import fmean

import pytest

from anymatix_fetcher.core.pace.controller import Pace
from benchmarks.pace_rules import WITHOUT, settings_without
from tests.simulation.lines import Line, compared, finished

LINES = 40
LEAST_LOSS = 0.003
FIRST_LINES = {
    "fewer": 640,
    "suspicion": 800,
    "confirmation": 760,
    "abandon": 640,
    "glance": 640,
    "gain": 560,
    "collapse": 560,
    "ceiling": 560,
    "release": 800,
    "long-path": 400,
    "opening": 120,
    "retry": 520,
    "fall": 880,
    "hold": 920,
    "payback": 760,
    "noise": 880,
}
"""The rules by their names, each with the first seed of lines that show what it brings."""
NOT_OF_LINES = {"solo", "reader"}
"""They are about the reader, whom the lines don't model: see ``tests/core/pace/test_pace_of_a_busy_reader.py``."""


def test_each_rule_is_measured_here_or_elsewhere() -> None:
    assert FIRST_LINES.keys() | NOT_OF_LINES == WITHOUT.keys()


@pytest.mark.parametrize("rule", FIRST_LINES)
def test_without_this_rule_lines_bring_less(rule: str) -> None:
    lines = [Line.drawn(seed) for seed in range(FIRST_LINES[rule], FIRST_LINES[rule] + LINES)]
    whole = [compared(line) for line in lines]
    without = [
        line.seconds / finished(line, Pace(settings=settings_without(rule)), comparison.size).now
        for line, comparison in zip(lines, whole, strict=True)
    ]

    assert fmean(without) < fmean(comparison.ratio for comparison in whole) - LEAST_LOSS
