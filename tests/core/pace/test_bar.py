"""Counts that were punished are barred, for longer each time."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.pace.bar import FIRST_BAR_SECONDS, LONGEST_BAR_SECONDS, Bar


def barred(count: int, *, at: float = 0.0) -> Bar:
    bar = Bar()
    bar.put(count, at)
    return bar


def test_nothing_is_barred_at_first() -> None:
    bar = Bar()

    assert bar.limit is None
    assert not bar.bars(1000)
    assert bar.below(1000, 1, 0.0) == 1000


def test_below_what_is_barred_is_the_limit() -> None:
    bar = barred(4)

    assert bar.limit == 3
    assert bar.bars(4)
    assert not bar.bars(3)


@pytest.mark.parametrize(("wanted", "count", "expected"), [(16, 8, 12), (12, 8, 12), (32, 15, 15), (9, 8, 9)])
def test_below_the_bar_the_gap_is_halved(wanted: int, count: int, expected: int) -> None:
    assert barred(16).below(wanted, count, 1.0) == expected


def test_it_ends() -> None:
    assert barred(4).below(8, 2, FIRST_BAR_SECONDS) == 8


def test_it_lasts_twice_as_long_each_time() -> None:
    bar, now, lasted = barred(4), 0.0, []
    for _ in range(8):
        begun = now
        while bar.below(8, 3, now) != 8:
            now += 1
        lasted.append(now - begun)
        now += 1
        bar.put(4, now)

    assert lasted[1] == pytest.approx(2 * lasted[0], abs=2)
    assert lasted[-1] == pytest.approx(LONGEST_BAR_SECONDS, abs=2)


def test_several_refusals_at_once_are_one() -> None:
    bar = barred(4)
    for _ in range(5):
        bar.put(4, 0.1)

    assert bar.below(8, 3, 0.1 + FIRST_BAR_SECONDS) == 8


def test_a_bar_that_was_put_for_nothing_is_lifted() -> None:
    bar = barred(8)
    bar.lift(16)
    assert bar.limit == 7

    bar.lift(8)
    assert bar.limit is None
