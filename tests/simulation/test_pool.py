"""Several places of one file in virtual time: right bytes always, and nearly the sum of what each brings alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.lines import Line
from tests.simulation.places import Fate, SimulatedPlace, SimulatedPool, differing
from tests.simulation.pool import PoolRun, ideal_seconds, main

MIB = 1 << 20
LINE = Line(round_trip=0.002, capacity=4e7, seconds=12, cap=8e6)
FOUR = SimulatedPlace(replace(LINE, limit=4))
ONE = SimulatedPlace(replace(LINE, limit=1))
SLOW = SimulatedPlace(replace(LINE, limit=4, cap=8e5))
LIAR = SimulatedPlace(replace(LINE, limit=4), Fate.SPOILS, spoils_one_in=20)
SEEDS = 8


def run_of(*places: SimulatedPlace, maximum: int = 32, fixed: int | None = None, length: int = 400 * MIB) -> PoolRun:
    run = PoolRun(SimulatedPool(places, length, maximum=maximum, fixed=fixed)).run()
    assert run.error is None
    assert run.verified == "sha256"
    return run


def ratio_of(run: PoolRun) -> float:
    """The time that the sum of the places needs, as a part of what the run took."""
    return ideal_seconds(run.pool) / run.now


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_becomes_of_the_places_the_bytes_are_right(seed: int) -> None:
    run = PoolRun(SimulatedPool.drawn(seed)).run()

    assert run.error is None, f"see: python -m tests.simulation.pool {seed}"
    assert run.verified == "sha256"
    assert run.peak <= 32


@pytest.mark.parametrize("seed", range(SEEDS))
def test_without_a_digest_bytes_of_two_representations_are_never_combined(seed: int) -> None:
    run = PoolRun(differing(seed)).run()

    assert run.error is not None or run.verified == "length", f"see: python -m tests.simulation.pool --differing {seed}"


@pytest.mark.parametrize("places", [(FOUR, FOUR), (ONE, FOUR), (FOUR, ONE)])
def test_two_places_bring_nearly_their_sum(places: tuple[SimulatedPlace, ...]) -> None:
    assert ratio_of(run_of(*places)) >= 0.9


def test_three_places_bring_nearly_their_sum() -> None:
    # Each mirror is checked, at the cost of a twenty-fifth of the file: less finds fewer liars, which costs more.
    assert ratio_of(run_of(FOUR, FOUR, FOUR)) >= 0.88


def test_a_slow_first_place_costs_a_good_mirror_little() -> None:
    run = run_of(SLOW, FOUR)

    assert run.now <= 1.3 * ideal_seconds(replace(run.pool, places=(FOUR,)))


@pytest.mark.parametrize("dying", [0, 1])
@pytest.mark.parametrize("fate", [Fate.DIES, Fate.FALLS_SILENT])
def test_what_a_place_has_begun_the_other_one_ends(dying: int, fate: Fate) -> None:
    places = [FOUR, FOUR]
    places[dying] = replace(FOUR, fate=fate, ends_at=3.0)

    assert ratio_of(run_of(*places)) >= 0.9


def test_beside_a_silent_first_place_the_quick_mirror_takes_over_what_the_slow_one_has_begun() -> None:
    silent, slow = replace(FOUR, fate=Fate.FALLS_SILENT, ends_at=1.0), SimulatedPlace(replace(LINE, cap=2e5))

    assert ratio_of(run_of(silent, FOUR, slow, length=200 * MIB)) >= 0.5


def test_a_mirror_that_spoils_one_block_in_twenty_is_dropped_soon() -> None:
    run = run_of(FOUR, LIAR)

    assert 0 < run.filled[1] <= 32 * MIB
    assert ratio_of(run) >= 0.9


def test_what_a_lying_first_place_has_brought_is_compared_with_the_other_places_blocks_at_once() -> None:
    run = run_of(replace(LIAR, spoils_one_in=50), FOUR)

    assert ratio_of(run) >= 0.9
    assert sum(run.filled.values()) <= 1.03 * run.pool.length, "only wrong blocks come again"


@pytest.mark.parametrize(("spoils_one_in", "ratio"), [(20, 0.45), (1, 0.43)])
def test_a_first_place_that_the_mirror_has_contradicted_soon_costs_its_own_time_only(
    spoils_one_in: int, ratio: float
) -> None:
    # Which of two places lies, only the digest of the whole tells: the first one's part comes before that.
    run = run_of(replace(LIAR, spoils_one_in=spoils_one_in), FOUR)

    assert ratio_of(run) >= ratio


@pytest.mark.parametrize("status", [404, 403, 429, 503])
def test_a_first_place_that_refuses_doesnt_keep_a_mirror_waiting(status: int) -> None:
    run = run_of(replace(FOUR, fate=Fate.REFUSES, status=status), FOUR)

    assert run.now <= 1.2 * ideal_seconds(run.pool) + 1.0


def test_a_limit_that_is_told_by_403_costs_a_mirror_only_what_is_above_it() -> None:
    run = run_of(FOUR, replace(FOUR, status=403))

    assert run.peaks[1] == 4
    assert ratio_of(run) >= 0.9


@pytest.mark.parametrize(("maximum", "fixed"), [(8, None), (32, 4), (32, 2), (32, 1), (1, None)])
def test_what_the_user_allows_is_the_sum_over_all_places(maximum: int, fixed: int | None) -> None:
    wide = SimulatedPlace(LINE)

    run = run_of(wide, wide, wide, maximum=maximum, fixed=fixed)

    assert run.peak == (fixed or maximum)


def test_few_connections_go_where_one_brings_most() -> None:
    slow, quick = SimulatedPlace(replace(LINE, cap=1e6)), SimulatedPlace(replace(LINE, capacity=1e9))

    run = run_of(slow, quick, fixed=4)

    assert run.filled[1] > 6 * run.filled[0]


def test_many_seeds_are_drawn_without_a_digest_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    alike = [seed for seed in range(SEEDS) if differing(seed) == SimulatedPool.drawn(seed)]

    assert not alike
    assert main(["--seeds", "0:2"]) == main(["--seeds", "0:2", "--differing"]) == 0
    with_a_digest, without = capsys.readouterr().out.split("p1 ")[1:]
    assert with_a_digest.splitlines()[:2] != without.splitlines()[:2]
