from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS
from anymatix_fetcher.core.pace.workload import Workload, most_worthwhile

FULL = DEFAULT_SETTINGS.full_reader
WINDOW_SECONDS = DEFAULT_SETTINGS.solo_seconds


def loaded(*waits: tuple[float, float]) -> Workload:
    """One that was told at each moment how much longer it had waited by then."""
    workload, waited = Workload(), 0.0
    for now, more in waits:
        waited += more
        workload.add(waited, now)
    return workload


def test_nothing_is_known_before_a_window_has_passed() -> None:
    assert Workload().share == 0.0
    assert loaded((1.0, 0.0), (1.0 + WINDOW_SECONDS / 2, 0.0)).share == 0.0


@pytest.mark.parametrize(("waited", "share"), [(1.0, 0.0), (0.5, 0.5), (0.25, 0.75), (0.0, 1.0)])
def test_who_does_not_wait_is_busy(waited: float, share: float) -> None:
    moments = [(tick * 0.03, waited * 0.03) for tick in range(20)]
    assert loaded(*moments).share == pytest.approx(share)


def test_only_the_last_moments_count() -> None:
    busy_first = [(tick / 16, 0.0 if tick < 10 else 1 / 16) for tick in range(20)]
    assert loaded(*busy_first).share == pytest.approx(0.0)
    busy_last = [(tick / 16, 1 / 16 if tick < 10 else 0.0) for tick in range(20)]
    assert loaded(*busy_last).share == pytest.approx(1.0)


def test_a_gap_in_which_all_was_waiting_is_no_work() -> None:
    assert loaded((0.0, 0.0), (0.1, 0.0), (5.1, 5.0)).share == pytest.approx(0.0)


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), max_size=30))
def test_a_share_is_a_part_whatever_it_is_told(steps: list[tuple[float, float]]) -> None:
    workload, now, waited = Workload(), 0.0, 0.0
    for seconds, more in steps:
        now, waited = now + seconds, waited + more
        workload.add(waited, now)
        assert 0.0 <= workload.share <= 1.0


@pytest.mark.parametrize(
    ("connections", "share", "most"),
    [
        (1, 0.0, inf),
        (1, 0.1, 10),
        (1, 0.45, 3),
        (1, 0.95, 2),
        (1, 1.0, 2),
        (4, 0.5, 8),
        (4, 0.95, 5),
        (4, FULL, 4),
        (4, 1.0, 4),
    ],
)
def test_so_many_are_worthwhile_as_the_reader_can_read(connections: int, share: float, most: float) -> None:
    assert most_worthwhile(connections, share, FULL) == most
