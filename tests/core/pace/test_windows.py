"""The windows together keep the queue short, and never keep a line from what it carries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.pace.windows import ENOUGH, LARGEST, ROOM, SMALLEST, receive_window

MB = 1_000_000

rates = st.floats(0, 10_000 * MB)
counts = st.integers(1, 64)
round_trips = st.floats(0.0, 2.0)


def test_one_connection_alone_has_all() -> None:
    assert receive_window(0.0, 0.0, connections=1, round_trip_seconds=0.1) == ENOUGH


def test_connections_share_what_a_known_line_carries_in_a_round_trip() -> None:
    window = receive_window(2 * MB, 64 * MB, connections=32, round_trip_seconds=0.2)
    assert window == int(ROOM * 64 * MB * 0.2 / 32)


def test_one_that_brings_more_than_the_others_has_a_larger_window() -> None:
    windows = [receive_window(own, 33 * MB, connections=32, round_trip_seconds=0.1) for own in (0.1 * MB, 30 * MB)]
    assert windows == [ENOUGH // 32, int(1.5 * 30 * MB * 0.1)]


@given(rates, rates, counts, round_trips)
def test_the_windows_are_always_usable_and_together_enough(
    own: float, together: float, connections: int, round_trip: float
) -> None:
    window = receive_window(own, together, connections=connections, round_trip_seconds=round_trip)
    assert SMALLEST <= window <= LARGEST
    assert connections * window >= ENOUGH - connections


@given(
    capacity=st.floats(MB, 10_000 * MB),
    connections=counts,
    round_trip=st.floats(0.001, 0.5),
    queue=st.floats(1.0, ROOM * 0.9),
)
def test_a_line_comes_to_all_that_it_carries(
    capacity: float, connections: int, round_trip: float, queue: float
) -> None:
    """Also where a queue makes the way longer than it was when the round trip was measured."""
    rate = 0.0
    for _ in range(200):
        window = receive_window(rate / connections, rate, connections=connections, round_trip_seconds=round_trip)
        rate = min(capacity, connections * window / (queue * round_trip))
    assert rate >= 0.99 * min(capacity, connections * LARGEST / (queue * round_trip))


@given(connections=st.integers(2, 64), round_trip=st.floats(0.001, 0.5), capacity=st.floats(MB, 10_000 * MB))
def test_one_connection_among_idle_ones_comes_to_all_that_it_could(
    connections: int, round_trip: float, capacity: float
) -> None:
    rate = 0.0
    for _ in range(200):
        window = receive_window(rate, rate, connections=connections, round_trip_seconds=round_trip)
        rate = min(capacity, window / round_trip)
    assert rate >= 0.99 * min(capacity, LARGEST / round_trip)
