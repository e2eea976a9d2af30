"""The budget of connections, divided among places by what one brings there."""

from __future__ import annotations

from math import inf

import pytest

from anymatix_fetcher.core.machine.worth import Bid, divided, is_worthwhile


def test_where_there_is_enough_each_gets_what_it_wants() -> None:
    assert divided(32, [Bid(8, 8), Bid(16, 16)]) == [8, 16]


def test_each_gets_one_before_any_gets_two() -> None:
    assert divided(3, [Bid(4, 4, 4, 4, 9e6), Bid(4, 1, 1, 1, 8e6), Bid(4, 1, 1, 1, 7e6)]) == [1, 1, 1]


def test_the_rest_goes_where_a_connection_brings_most() -> None:
    assert divided(8, [Bid(8, 8, 8, 2, 2e6), Bid(8, 8, 8, 2, 6e6)]) == [1, 7]


def test_where_one_hardly_brings_anything_none_stays_when_connections_are_scarce() -> None:
    assert divided(4, [Bid(4, 4, 4, 2, 1e6), Bid(4, 4, 4, 2, 8e6)]) == [0, 4]


def test_a_little_more_elsewhere_moves_nothing() -> None:
    assert divided(8, [Bid(8, 8, 8, 6, 5e6), Bid(8, 8, 8, 2, 6e6)]) == [6, 2]


def test_what_is_only_tried_displaces_what_pays_nearly_as_much_nowhere() -> None:
    assert divided(12, [Bid(8, 8, 8, 8, 5e6), Bid(8, 4, 4, 4, 8e6)]) == [8, 4]


def test_what_is_only_tried_displaces_what_pays_far_less() -> None:
    assert divided(12, [Bid(8, 8, 8, 8, 1e6), Bid(8, 4, 4, 4, 8e6)]) == [4, 8]


def test_a_place_of_which_nothing_is_known_is_given_a_chance() -> None:
    assert divided(32, [Bid(32, 32, 32, 31, 8e5), Bid(5, 1, 1, 1)]) == [28, 4]


def test_of_equal_ones_the_first_is_preferred() -> None:
    assert divided(1, [Bid(4), Bid(4), Bid(4)]) == [1, 0, 0]


@pytest.mark.parametrize("budget", [1, 2, 5, 8])
def test_never_more_than_the_budget(budget: int) -> None:
    bids = [Bid(7, 7, 3, 2, 3e6), Bid(0), Bid(9, 4, 4, 4, None), Bid(2, 2, 2, 2, 1e5)]
    counts = divided(budget, bids)

    assert sum(counts) == budget
    assert all(count <= bid.wanted for count, bid in zip(counts, bids, strict=True))


@pytest.mark.parametrize(
    ("rest", "bytes_per_second", "start_seconds", "expected"),
    [
        (10_000_000, 300_000.0, 0.1, True),  # half a minute is left
        (10_000_000, 50_000_000.0, 0.1, False),  # it is over before a mirror has answered
        (10_000_000, 2_000_000.0, 4.0, False),  # a long path
        (10_000_000, 0.0, inf, False),  # nothing is known yet
        (100_000_000, 0.0, inf, True),
        (10_000_000, 300_000.0, inf, True),
    ],
)
def test_a_mirror_is_worth_its_handshakes_by_the_time_that_is_left(
    rest: int, bytes_per_second: float, start_seconds: float, *, expected: bool
) -> None:
    assert is_worthwhile(rest, bytes_per_second, start_seconds) is expected
