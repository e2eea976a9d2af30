from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.pace.meter import WINDOW_SECONDS, Meter

additions = st.lists(st.tuples(st.integers(0, 1_000_000), st.floats(0, 2)), max_size=40)


@pytest.mark.parametrize("pieces", [1, 7, 100, 1000])
def test_a_steady_stream_is_measured_as_what_it_is_however_small_its_pieces(pieces: int) -> None:
    meter = Meter(50.0)
    for second in range(10):
        for piece in range(pieces):
            meter.add(1_000_000 // pieces, 50.0 + second + (piece + 1) / pieces)
    assert meter.rate(60.0) == pytest.approx(1_000_000, rel=0.05)
    assert meter.total == pieces * (1_000_000 // pieces) * 10


def test_what_lies_before_the_window_is_forgotten() -> None:
    meter = Meter(0.0)
    meter.add(1000, 1.0)
    assert meter.rate(2.0) == 500
    assert meter.rate(1.0 + WINDOW_SECONDS) == 0
    assert meter.total == 1000


def test_before_any_time_has_passed_there_is_no_rate() -> None:
    meter = Meter(5.0)
    meter.add(1000, 5.0)
    assert meter.rate(5.0) == 0.0


def test_a_gap_in_which_nobody_looked_counts_for_nothing() -> None:
    watched, asleep = Meter(0.0), Meter(0.0)
    for meter in (watched, asleep):
        meter.add(1000, 1.0)
        meter.add(1000, 2.0)
    asleep.skip(3600.0)
    assert asleep.rate(3602.0) == watched.rate(2.0) == 1000


@given(additions)
def test_the_rate_is_never_more_than_what_came_nor_negative(pieces: list[tuple[int, float]]) -> None:
    meter, now = Meter(0.0), 0.0
    for count, seconds in pieces:
        now += seconds
        meter.add(count, now)
        rate = meter.rate(now)
        assert rate >= 0
        assert rate * min(WINDOW_SECONDS, now) <= meter.total * 1.000001
    assert meter.total == sum(count for count, _ in pieces)
    assert meter.rate(now + WINDOW_SECONDS + 1) == 0
    assert meter._in_window == 0


def test_a_few_bytes_in_the_first_instant_are_no_great_rate() -> None:
    meter = Meter(0.0)
    meter.add(1000, 1e-9)
    assert meter.rate(1e-9) == 10_000
