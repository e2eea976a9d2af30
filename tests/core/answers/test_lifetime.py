from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.answers.expiry import Expiry, Scheme
from anymatix_fetcher.core.answers.lifetime import renew_at, seconds_left, skew_seconds
from anymatix_fetcher.core.values.http import Headers

NOON = 1_785_585_600.0
"""Sat, 01 Aug 2026 12:00:00 GMT."""
DATE = "Sat, 01 Aug 2026 12:00:00 GMT"


def expiry(seconds: float) -> Expiry:
    return Expiry(Scheme.AWS_V4, NOON + seconds)


def test_the_servers_date_tells_how_its_clock_stands_to_ours() -> None:
    assert skew_seconds(Headers.of(date=DATE), NOON) == 0.5
    assert skew_seconds(Headers.of(date=DATE), NOON + 100) == -99.5


def test_an_answer_from_a_cache_is_as_old_as_it_says() -> None:
    assert skew_seconds(Headers.of(date=DATE, age="30"), NOON) == 30.5
    assert skew_seconds(Headers.of(date=DATE, age="old"), NOON) == 0.5


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Aug 2026 12:00:00 GMT"])
def test_a_server_that_doesnt_tell_its_time_has_no_skew(date: str) -> None:
    assert skew_seconds(Headers.of(date=date), NOON) is None
    assert skew_seconds(Headers(), NOON) is None


@pytest.mark.parametrize("ours", [0.0, 4321.5, NOON, NOON - 3e8])
def test_what_is_left_doesnt_depend_on_what_our_clock_shows(ours: float) -> None:
    skew = skew_seconds(Headers.of(date=DATE), ours)
    assert skew is not None
    assert seconds_left(expiry(300), now=ours, skew=skew) == pytest.approx(299.5, abs=1e-3)
    assert seconds_left(expiry(300), now=ours + 400, skew=skew) == pytest.approx(-100.5, abs=1e-3)


@pytest.mark.parametrize(
    ("life", "used"),
    [(86_400, 86_355), (3600, 3555), (300, 255), (225, 180), (60, 48), (2, 1.6), (0.5, 0.4)],
)
def test_a_long_life_is_renewed_45_seconds_early_and_of_a_short_one_four_fifths_are_used(
    life: float, used: float
) -> None:
    assert renew_at(expiry(life), given_at=1000.0, skew=NOON - 1000.0) == pytest.approx(1000 + used, abs=1e-3)


def test_an_address_that_was_over_when_it_came_isnt_renewed_ahead() -> None:
    assert renew_at(expiry(0), given_at=0.0, skew=NOON) is None
    assert renew_at(expiry(-5), given_at=0.0, skew=NOON) is None


@given(st.floats(0.01, 1e6), st.floats(0, 1e6), st.floats(-1e9, 1e9))
def test_it_is_renewed_after_it_was_given_and_before_it_ends(life: float, given_at: float, drift: float) -> None:
    skew = NOON - given_at + drift
    address = Expiry(Scheme.OTHER, given_at + skew + life)
    when = renew_at(address, given_at=given_at, skew=skew)
    if when is not None:  # floats that far out lose what a very short life is
        assert given_at <= when
        assert seconds_left(address, now=when, skew=skew) >= -1e-5
