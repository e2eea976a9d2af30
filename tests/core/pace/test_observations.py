"""A time in which nothing was paced says nothing about a count."""

from __future__ import annotations

from anymatix_fetcher.core.pace.observations import Observations


def test_a_time_in_which_nothing_was_paced_is_left_out_with_its_bytes() -> None:
    observations = Observations()
    observations.is_due(0.0, 1, exact=True)

    assert observations.unseen_seconds(1000, 0.05) == 0.0
    assert observations.unseen_seconds(1500, 3.5) == 3.5
    assert observations.unseen_bytes == 500
    assert observations.unseen_seconds(2000, 0.05) == 0.0
    assert observations.unseen_bytes == 500


def test_before_the_first_look_nothing_is_left_out() -> None:
    assert Observations().unseen_seconds(0, 100.0) == 0.0
