"""Directions rest after their trials; counts that were punished are ruled out, for longer each time."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.pace.backoff import Ceiling, Direction
from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS, PaceSettings

HOLD = DEFAULT_SETTINGS.hold_seconds
FIRST = DEFAULT_SETTINGS.ceiling_seconds


def test_a_direction_is_closed_before_it_was_opened() -> None:
    assert Direction(DEFAULT_SETTINGS).opens_at == float("inf")


def test_a_trial_that_cost_nothing_is_followed_by_a_short_rest() -> None:
    direction = Direction(DEFAULT_SETTINGS)
    direction.failed(-0.1, 100.0)

    assert direction.opens_at == pytest.approx(100.0 + HOLD)


@pytest.mark.parametrize("payback", [10.0, 60.0])
def test_what_a_trial_missed_is_paid_back(payback: float) -> None:
    direction = Direction(PaceSettings(payback=payback))
    direction.failed(0.5, 100.0)

    assert direction.opens_at == pytest.approx(100.0 + 0.5 * payback)


def test_a_direction_is_never_deferred_to_an_earlier_time() -> None:
    direction = Direction(DEFAULT_SETTINGS)
    direction.open(50.0)
    direction.defer(20.0)
    assert direction.opens_at == 50.0

    direction.defer(60.0)
    assert direction.opens_at == 60.0


def under_ceiling(count: int, *, at: float = 0.0) -> Ceiling:
    ceiling = Ceiling(DEFAULT_SETTINGS)
    ceiling.put(count, at)
    return ceiling


def test_there_is_no_ceiling_at_first() -> None:
    ceiling = Ceiling(DEFAULT_SETTINGS)

    assert ceiling.limit is None
    assert ceiling.below(1000, 1, 0.0) == 1000


def test_below_the_ceiling_is_the_limit() -> None:
    assert under_ceiling(4).limit == 3
    assert under_ceiling(4).below(3, 2, 1.0) == 3


@pytest.mark.parametrize(("wanted", "count", "expected"), [(16, 8, 12), (12, 8, 12), (32, 15, 15), (9, 8, 9)])
def test_below_the_ceiling_the_gap_is_halved(wanted: int, count: int, expected: int) -> None:
    assert under_ceiling(16).below(wanted, count, 1.0) == expected


def test_a_ceiling_ends() -> None:
    ceiling = under_ceiling(4)

    assert ceiling.below(8, 2, FIRST) == 8
    assert ceiling.limit is None


def test_a_ceiling_lasts_twice_as_long_each_time() -> None:
    ceiling, now, lasted = under_ceiling(4), 0.0, []
    for _ in range(5):
        begun = now
        while ceiling.below(8, 3, now) != 8:
            now += 1
        lasted.append(now - begun)
        now += 1
        ceiling.put(4, now)

    assert lasted == pytest.approx([FIRST * 2**times for times in range(5)], abs=1)


def test_several_refusals_at_once_are_one() -> None:
    ceiling = under_ceiling(4)
    for _ in range(5):
        ceiling.put(4, 0.1)

    assert ceiling.below(8, 3, 0.1 + FIRST) == 8


def test_a_ceiling_that_was_put_for_nothing_is_lifted() -> None:
    ceiling = under_ceiling(8)
    ceiling.lift(16)
    assert ceiling.limit == 7

    ceiling.lift(8)
    assert ceiling.limit is None
