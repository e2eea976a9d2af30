"""Which connection takes the next request for a small file."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.pace.shared_connections import MOST_LANES, Lanes
from anymatix_fetcher.core.values.urls import Url

ORIGIN = Url.parse("https://files.test/").origin
OTHER = Url.parse("https://cdn.test/").origin


def test_each_is_opened_once_and_meanwhile_the_others_go_where_answers_come_from() -> None:
    lanes = Lanes(32)
    assert lanes.take(ORIGIN) == 0
    lanes.heard(ORIGIN, 0)
    assert [lanes.take(ORIGIN) for _ in range(8)] == [1, 2, 3, 0, 0, 0, 0, 0]


def test_the_one_with_the_fewest_requests_takes_the_next() -> None:
    lanes = Lanes(4)
    for lane in (lanes.take(ORIGIN), lanes.take(ORIGIN)):
        lanes.heard(ORIGIN, lane)
    assert [lanes.take(ORIGIN) for _ in range(4)] == [0, 1, 0, 1]
    for _ in range(3):
        lanes.leave(ORIGIN, 1)
    assert [lanes.take(ORIGIN) for _ in range(4)] == [1, 1, 1, 0]


def test_where_nobody_has_answered_yet_they_are_taken_evenly() -> None:
    lanes = Lanes(4)
    assert [lanes.take(ORIGIN) for _ in range(4)] == [0, 1, 0, 1]


def test_each_origin_has_its_own() -> None:
    lanes = Lanes(32)
    assert [lanes.take(ORIGIN), lanes.take(OTHER), lanes.take(ORIGIN), lanes.take(OTHER)] == [0, 0, 1, 1]


@pytest.mark.parametrize(("most", "count"), [(32, MOST_LANES), (6, 3), (4, 2), (3, 1), (1, 1)])
def test_half_of_the_connections_at_most_are_lanes(most: int, count: int) -> None:
    assert Lanes(most).count == count


def test_a_refusal_halves_them_down_to_one() -> None:
    lanes = Lanes(32)
    for lane in (lanes.take(ORIGIN) for _ in range(MOST_LANES)):
        lanes.heard(ORIGIN, lane)
    lanes.halve()
    assert {lanes.take(ORIGIN) for _ in range(9)} == {0, 1}
    lanes.halve()
    lanes.halve()
    assert {lanes.take(ORIGIN) for _ in range(9)} == {0}
