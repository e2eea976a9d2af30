"""What the pace does where the reader is busy, on sums that a test makes up."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS
from tests.core.pace.sums import MEGABYTE, Sums, each


def test_no_step_goes_further_than_the_reader_can_read() -> None:
    counts = Sums(Pace(), each, busy=lambda count, _now: min(1.0, count * 0.45)).run(1)

    assert counts[-1] == 3


@pytest.mark.parametrize("alone", [0.9, 1.0])
def test_a_busy_reader_gets_two_connections_since_one_sender_may_be_as_busy(alone: float) -> None:
    counts = Sums(Pace(), each, busy=lambda count, _now: alone if count == 1 else 1.0).run(1)

    assert set(counts[4:]) == {2}


def test_the_climb_goes_on_when_the_reader_has_time_again() -> None:
    sums = Sums(Pace(), each, busy=lambda _count, now: 1.0 if now < 3 else 0.1)

    assert max(sums.run(2.9)) == 2
    assert max(sums.run(8)) == 32


def test_a_step_of_the_climb_that_brings_nothing_stays_where_the_reader_binds() -> None:
    def level(_count: int, _now: float) -> float:
        return 4 * MEGABYTE

    counts = Sums(Pace(), level, busy=lambda count, _now: 0.2 if count == 1 else 1.0).run(1)
    assert counts[-1] == DEFAULT_SETTINGS.first_step
    assert Sums(Pace(), level, busy=lambda _count, _now: 0.2).run(1)[-1] == 1
