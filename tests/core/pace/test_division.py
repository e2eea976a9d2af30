"""A host's connections among its downloads."""

from __future__ import annotations

from anymatix_fetcher.core.pace.division import Allotment, Want, in_order


def test_each_gets_one_and_the_oldest_the_rest() -> None:
    assert in_order(8, [Want(4), Want(9), Want(1)]) == [Allotment(6, 6), Allotment(3, 3), Allotment(1, 1)]


def test_the_youngest_get_none_where_there_is_none_left() -> None:
    assert in_order(2, [Want(4), Want(4), Want(4)]) == [Allotment(1, 1), Allotment(1, 1), Allotment()]


def test_what_one_leaves_to_other_places_is_the_next_one_s() -> None:
    assert in_order(8, [Want(8, granted=2), Want(8)]) == [Allotment(7, 2), Allotment(6, 6)]
