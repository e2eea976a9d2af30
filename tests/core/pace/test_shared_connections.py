"""Which connection takes the next request for a small file."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.pace.shared_connections import MOST_SHARED, SharedConnections
from anymatix_fetcher.core.values.urls import Url

ORIGIN = Url.parse("https://files.test/").origin
OTHER = Url.parse("https://cdn.test/").origin


def test_each_is_opened_once_and_meanwhile_the_others_go_where_answers_come_from() -> None:
    shared = SharedConnections(32)
    assert shared.take(ORIGIN) == 0
    shared.heard(ORIGIN, 0)
    assert [shared.take(ORIGIN) for _ in range(8)] == [1, 2, 3, 0, 0, 0, 0, 0]


def test_the_one_with_the_fewest_requests_takes_the_next() -> None:
    shared = SharedConnections(4)
    for number in (shared.take(ORIGIN), shared.take(ORIGIN)):
        shared.heard(ORIGIN, number)
    assert [shared.take(ORIGIN) for _ in range(4)] == [0, 1, 0, 1]
    for _ in range(3):
        shared.leave(ORIGIN, 1)
    assert [shared.take(ORIGIN) for _ in range(4)] == [1, 1, 1, 0]


def test_where_nobody_has_answered_yet_they_are_taken_evenly() -> None:
    shared = SharedConnections(4)
    assert [shared.take(ORIGIN) for _ in range(4)] == [0, 1, 0, 1]


def test_each_origin_has_its_own() -> None:
    shared = SharedConnections(32)
    assert [shared.take(ORIGIN), shared.take(OTHER), shared.take(ORIGIN), shared.take(OTHER)] == [0, 0, 1, 1]


@pytest.mark.parametrize(("most", "count"), [(32, MOST_SHARED), (6, 3), (4, 2), (3, 1), (1, 1)])
def test_half_of_the_connections_at_most_are_shared(most: int, count: int) -> None:
    assert SharedConnections(most).count == count


def test_a_refusal_halves_them_down_to_one() -> None:
    shared = SharedConnections(32)
    for number in (shared.take(ORIGIN) for _ in range(MOST_SHARED)):
        shared.heard(ORIGIN, number)
    shared.halve()
    assert {shared.take(ORIGIN) for _ in range(9)} == {0, 1}
    shared.halve()
    shared.halve()
    assert {shared.take(ORIGIN) for _ in range(9)} == {0}
