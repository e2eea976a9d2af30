"""The sum's rate, its level, and how noisy it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.pace.goodput import Goodput
from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 0.05
MEGABYTE = 1_000_000


def fed(rate: Callable[[float], float], seconds: float) -> Goodput:
    """A goodput that has seen ``rate``, in megabytes a second, for so long."""
    goodput, total = Goodput(DEFAULT_SETTINGS), 0.0
    for tick in range(round(seconds / STEP)):
        total += rate(tick * STEP) * MEGABYTE * STEP
        goodput.add(round(total), tick * STEP)
    return goodput


def test_a_rate_is_what_came_over_the_time_that_is_asked_for() -> None:
    goodput = fed(lambda now: 10.0 if now < 1 else 20.0, 2.0)

    assert goodput.rate(0.5) == pytest.approx(20 * MEGABYTE)
    assert fed(lambda now: 10.0 if now < 1.7 else 20.0, 2.0).rate(0.6) < 18 * MEGABYTE


def test_a_rate_is_never_over_less_than_was_asked_for() -> None:
    # One that is asked for a tenth of a second mustn't be a pulse of half of that.
    goodput = Goodput(DEFAULT_SETTINGS)
    for now, total in ((0.0, 0), (0.95, 38 * MEGABYTE), (1.004, 39 * MEGABYTE), (1.054, 42 * MEGABYTE)):
        goodput.add(total, now)

    assert goodput.rate(0.1) == pytest.approx(4 * MEGABYTE / 0.104)


def asked(goodput: Goodput, *rates: float) -> list[bool]:
    """Whether each of these rates, in megabytes a second, was a fall."""
    return [goodput.has_fallen(rate * MEGABYTE) for rate in rates]


def test_a_steady_rate_has_no_noise_and_never_falls() -> None:
    goodput = Goodput(DEFAULT_SETTINGS)

    assert not any(asked(goodput, *[10.0] * 100))
    assert goodput.noise == 0.0


def test_noise_is_the_average_distance_from_the_level() -> None:
    goodput = Goodput(DEFAULT_SETTINGS)
    asked(goodput, *[9.0, 11.0] * 500)

    assert goodput.noise == pytest.approx(0.1, abs=0.01)
    assert goodput.margin == goodput.noise / 2


def test_a_fall_is_told_once_and_is_the_new_level() -> None:
    falls = asked(Goodput(DEFAULT_SETTINGS), *[10.0] * 50, *[8.0] * 50)

    assert falls.index(True) == 50
    assert sum(falls) == 1


def test_what_noise_explains_is_no_fall() -> None:
    goodput = Goodput(DEFAULT_SETTINGS)
    asked(goodput, *[8.5, 11.5] * 200)

    assert not any(asked(goodput, 8.0))


def test_after_a_change_of_the_count_the_next_rate_is_the_level() -> None:
    goodput = Goodput(DEFAULT_SETTINGS)
    asked(goodput, *[10.0] * 50)
    goodput.forget_level()

    assert not any(asked(goodput, 5.0))
