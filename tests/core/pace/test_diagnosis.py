from __future__ import annotations

import pytest

from anymatix_fetcher.core.pace.diagnosis import BenchStep, Cause, Diagnosis, Machine, diagnose, is_clear

FAST = Machine(writes=2e9, hashes=2e9)
LINE = "The line binds, or what the server gives in all: one connection brings "
COUNTS = (1, 2, 4, 8, 16, 32)


def steps(*megabytes: float, borne: dict[int, int] | None = None, busy: float = 0.1) -> list[BenchStep]:
    """The counts with these rates; ``borne`` says of how many the server bore fewer."""
    bears = borne or {}
    return [
        BenchStep(count, bears.get(count, count), count - bears.get(count, count), rate * 1e6, busy)
        for count, rate in zip(COUNTS, megabytes, strict=False)
    ]


def told(measured: list[BenchStep], machine: Machine = FAST, *, ranged: bool = True) -> Diagnosis:
    diagnosis = diagnose(measured, machine, ranged=ranged)
    assert diagnosis is not None
    return diagnosis


TABLE = {
    "growing to the end": (
        steps(10, 20, 40, 80, 160, 320),
        FAST,
        (
            Cause.CAP,
            32,
            "A cap per connection binds: each brings about 10 MB/s, and 32 together 320 MB/s, still growing.",
        ),
    ),
    "growing until the line is full": (
        steps(10, 20, 40, 79, 80, 80.5),
        FAST,
        (
            Cause.CAP,
            8,
            "A cap per connection binds: each brings about 10 MB/s, until the line is full at 79 MB/s with 8.",
        ),
    ),
    "flat from the first": (
        steps(48, 48.6, 48.5),
        FAST,
        (
            Cause.LINE,
            1,
            LINE + "48 MB/s already, 4 together 48.5 MB/s.",
        ),
    ),
    "one step alone": (
        steps(0.0482),
        FAST,
        (Cause.LINE, 1, LINE + "48.2 kB/s."),
    ),
    "falling": (
        steps(12.5, 25, 50, 10),
        FAST,
        (Cause.PATIENCE, 4, "The server's patience binds: 4 connections bring 50 MB/s, but 8 only 10 MB/s."),
    ),
    "falling from the first": (
        steps(50, 10),
        FAST,
        (Cause.PATIENCE, 1, "The server's patience binds: one connection brings 50 MB/s, but 2 only 10 MB/s."),
    ),
    "refused above six": (
        steps(5, 10, 20, 30, borne={8: 6}),
        FAST,
        (
            Cause.PATIENCE,
            6,
            "The server's patience binds: it bears 6 connections (30 MB/s), and refused more when asked for 8.",
        ),
    ),
    "refused above one": (
        steps(5, 5, borne={2: 1}),
        FAST,
        (
            Cause.PATIENCE,
            1,
            "The server's patience binds: it bears one connection (5 MB/s), and refused more when asked for 2.",
        ),
    ),
    "refused, and flat before": (
        steps(50, 50, 50, 50, borne={8: 6}),
        FAST,
        (
            Cause.LINE,
            1,
            LINE + "50 MB/s already, 6 together 50 MB/s.",
        ),
    ),
    "one of many refused": (
        steps(10, 20, 40, 80, 160, 320, borne={32: 31}),
        FAST,
        (
            Cause.CAP,
            31,
            "A cap per connection binds: each brings about 10 MB/s, and 31 together 320 MB/s, still growing.",
        ),
    ),
    "faster than the disk": (
        steps(100, 200, 400, 410),
        Machine(writes=150e6, hashes=2e9),
        (Cause.DISK, 2, "The disk binds: it takes 150 MB/s, and the network brings 400 MB/s (4 connections)."),
    ),
    "as fast as the disk": (
        steps(100, 101, 100),
        Machine(writes=95e6, hashes=None),
        (
            Cause.LINE,
            1,
            LINE + "100 MB/s already, 4 together 100 MB/s.",
        ),
    ),
    "faster than the digest": (
        steps(800, 1000, 1000),
        Machine(writes=None, hashes=500e6),
        (
            Cause.PROCESSOR,
            1,
            "The processor binds: it computes SHA-256 at 500 MB/s, and the network brings 1 GB/s (2 connections).",
        ),
    ),
    "busy": (
        steps(800, 1000, 1000, busy=0.98),
        FAST,
        (Cause.PROCESSOR, 2, "The processor binds: this process is busy 98% of the time at 1 GB/s."),
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_what_binds_is_said_with_the_figures(case: str) -> None:
    measured, machine, (cause, connections, sentence) = TABLE[case]
    diagnosis = told(measured, machine)
    assert (diagnosis.cause, diagnosis.connections, diagnosis.sentence) == (cause, connections, sentence)
    assert diagnosis.advice.endswith(".")


def test_a_server_without_ranges_is_told_as_such() -> None:
    diagnosis = told(steps(12), ranged=False)
    assert (diagnosis.cause, diagnosis.connections) == (Cause.NO_RANGES, 1)
    assert diagnosis.sentence == (
        "The server sends no parts of a file, so that one connection is all there is: 12 MB/s."
    )


def test_what_brought_nothing_is_told_too() -> None:
    assert told(steps(0.0, 0.0)).sentence.endswith("one connection brings 0 B/s already, 2 together 0 B/s.")
    assert told([BenchStep(1, 0, 0, 0.0), BenchStep(2, 2, 0, 10e6)]).cause is Cause.CAP


def test_nothing_measured_is_nothing_told() -> None:
    assert diagnose([], FAST) is None
    assert not is_clear([])


@pytest.mark.parametrize(
    ("measured", "clear"),
    [
        (steps(10), False),
        (steps(10, 20), False),
        (steps(10, 10), False),
        (steps(10, 10, 10), True),
        (steps(10, 20, 21), False),
        (steps(10, 20, 21, 21), True),
        (steps(10, 20, 40, 80), False),
        (steps(10, 20, 10), True),
        (steps(10, 20, 30, borne={4: 3}), True),
        (steps(10, 20, 40, 80, 160, borne={16: 15}), False),
    ],
)
def test_measuring_ends_where_more_would_tell_nothing(measured: list[BenchStep], *, clear: bool) -> None:
    assert is_clear(measured) is clear
