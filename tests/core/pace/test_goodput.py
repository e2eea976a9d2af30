"""The sum's rate, and how much of what it does is noise or bursts."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.pace.goodput import LONGEST_STRETCH, Goodput

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 0.05
MEGABYTE = 1_000_000


def fed(rate: Callable[[float], float], seconds: float) -> Goodput:
    """A goodput that has seen ``rate``, in megabytes a second, for so long."""
    goodput, total = Goodput(), 0.0
    for tick in range(round(seconds / STEP)):
        total += rate(tick * STEP) * MEGABYTE * STEP
        goodput.add(round(total), tick * STEP)
    return goodput


def bursts(now: float) -> float:
    """A fifth of it comes as it should; the rest waits behind lost packets, and comes each half second."""
    return 0.2 if now % 0.6 < 0.4 else 2.6


def test_a_rate_is_what_came_over_the_time_that_is_asked_for() -> None:
    goodput = fed(lambda now: 10.0 if now < 1 else 20.0, 2.0)

    assert goodput.rate(0.5) == pytest.approx(20 * MEGABYTE)
    assert goodput.rate(1.8) < 18 * MEGABYTE


def test_a_rate_is_never_over_less_than_was_asked_for() -> None:
    # One that is asked for a tenth of a second mustn't be a pulse of half of that.
    goodput = Goodput()
    for now, total in ((0.0, 0), (0.95, 38 * MEGABYTE), (1.004, 39 * MEGABYTE), (1.054, 42 * MEGABYTE)):
        goodput.add(total, now)

    assert goodput.rate(0.1) == pytest.approx(4 * MEGABYTE / 0.104)


def test_what_is_steady_isn_t_bursty() -> None:
    goodput = fed(lambda _now: 1.0, 10)

    assert goodput.burstiness < 0.01
    assert goodput.stretch == 1


def test_bursts_make_one_look_for_longer() -> None:
    goodput = fed(bursts, 3)

    assert goodput.burstiness > 0.15
    assert 1.5 < fed(bursts, 10).stretch <= LONGEST_STRETCH


def test_growth_isn_t_bursty() -> None:
    assert fed(lambda now: 2 ** (10 * min(now, 1)), 2).burstiness < 0.01


def test_a_single_collapse_isn_t_bursty() -> None:
    assert fed(lambda now: 1.0 if now < 5 else 0.05, 5.5).stretch == 1


def test_noise_isn_t_bursty() -> None:
    random, value = Random(1), [0.0]

    def noisy(_now: float) -> float:
        value[0] = 0.9 * value[0] + random.gauss(0, 0.07)  # a sixth, forgotten after half a second
        return 1 + value[0]

    assert fed(noisy, 30).stretch == 1


def test_a_burstier_line_has_a_wider_margin() -> None:
    assert fed(bursts, 10).margin > fed(lambda _now: 1.0, 10).margin
