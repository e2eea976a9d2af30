from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.counters import Sample
from benchmarks.figures import Run, summarised
from benchmarks.goals import Verdict
from benchmarks.report import Results, page, summary, table, write

if TYPE_CHECKING:
    from pathlib import Path

RUNS = {
    "anyfetch": [Run(seconds=2.0, refusals=0, samples=(Sample(0, 0, 0), Sample(1, 3000, 4)))],
    "slow": [Run(seconds=4.0, refusals=7)],
    "broken": [Run(seconds=0.1, refusals=0, failure="exit code 8: a | b")],
}
FIGURES = [summarised(name, runs, ours=name == "anyfetch", payload_bytes=8_000_000) for name, runs in RUNS.items()]
RESULTS = Results(
    scenario="clean",
    summary="a line without loss",
    line="500 Mbit/s",
    payload="8 MB",
    floor="SHA-256 0.01 s",
    rounds=1,
    size_factor=1.0,
    date="2026-01-01T00:00:00+00:00",
    checker="hashlib",
    machine={"cores": "2"},
    versions={"curl": "8.0"},
    figures=FIGURES,
    verdicts=[
        Verdict("as fast as curl", "0.90", "not met"),
        Verdict("small", "7", "met"),
        Verdict("cheap", "1.12", "within 5 %"),
    ],
)


def test_the_fastest_comes_first_and_failures_come_last_with_their_reason() -> None:
    rows = table(reversed(FIGURES))
    assert rows[2].startswith("| **anyfetch** | 2.00 s |  | 4.0 |  | 4 |")
    assert rows[3].startswith("| slow | 4.00 s |  | 2.0 |")
    assert rows[4].startswith("| broken |  |")
    assert rows[4].endswith("| 1 of 1: exit code 8: a \\| b |")


def test_times_are_held_against_the_floor_and_processor_time_against_the_bytes() -> None:
    run = Run(seconds=3.0, processor_seconds=1.0, checking_processor_seconds=0.5)
    one = summarised("receiver", [run], ours=False, payload_bytes=500_000_000, is_floor=True)
    assert table([replace(one, floor_seconds=2.0)])[2].startswith(
        "| *receiver* | 3.00 s |  | 166.7 | 1.50 x |  |  | 1.00 s | 3.00 s |"
    )


def test_all_rows_have_as_many_cells_as_the_header() -> None:
    widths = {row.replace("\\|", "").count("|") for row in table(FIGURES)}
    assert len(widths) == 1


def test_refusals_are_shown_only_where_there_were_some() -> None:
    assert "refusals" in table(FIGURES)[0]
    assert "refusals" not in table(FIGURES[:1])[0]


def test_a_page_says_what_was_tried_where_and_whether_it_was_enough() -> None:
    text = page(RESULTS)
    assert text.startswith("# clean\n\nA line without loss. 8 MB; 500 Mbit/s; 1 round.\n")
    assert "| as fast as curl | 0.90 | **not met** |" in text
    assert "| small | 7 | met |" in text
    assert "| cheap | 1.12 | within 5 % |" in text
    assert "faster than: SHA-256 0.01 s." in text
    assert "cores 2" in text
    assert "curl 8.0" in text


def test_a_quick_look_says_that_it_is_one() -> None:
    assert "quick look" not in page(RESULTS)
    assert "quick look, with sizes times 0.05" in page(replace(RESULTS, size_factor=0.05))


def test_the_summary_is_made_from_what_was_written(tmp_path: Path) -> None:
    write(RESULTS, RUNS, tmp_path)
    read = json.loads((tmp_path / "clean.json").read_text())
    assert read["runs"]["broken"][0]["failure"] == "exit code 8: a | b"
    assert read["runs"]["anyfetch"][0]["samples"] == [[0, 0, 0], [1, 3000, 4]]
    text = summary([read])
    assert "| [clean](clean.md) | as fast as curl | 0.90 | **not met** |" in text
    assert "quick looks" not in text
    assert "quick looks" in summary([read, {**read, "size_factor": 0.1}])
