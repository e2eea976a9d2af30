from __future__ import annotations

import pytest

from anymatix_fetcher.core.pace.limit import (
    BINDING_SECONDS,
    BURST_SECONDS,
    LARGEST_PIECE,
    SMALLEST_PIECE,
    FreeFlow,
    Limit,
)


def run(limit: Limit, takers: int, *, start: float, seconds: float) -> int:
    """What so many take who always want a piece, on a clock that moves only while all wait."""
    now, taken = start, 0
    while True:
        for _ in range(takers):
            if limit.delay(now) == 0.0:
                limit.spend(limit.piece_bytes, now)
                taken += limit.piece_bytes
        now += limit.delay(now)
        if now >= start + seconds:
            return taken


@pytest.mark.parametrize("takers", [1, 4, 16])
@pytest.mark.parametrize("rate", [1_000.0, 300e3, 20e6, 3e9])
@pytest.mark.parametrize("start", [0.0, 5_000_000.25])
def test_what_is_taken_in_sum_is_the_rate(rate: float, takers: int, start: float) -> None:
    limit = Limit(rate, start)
    allowed = rate * 20
    assert abs(run(limit, takers, start=start, seconds=20) - allowed) <= 0.02 * allowed + limit.piece_bytes


def test_nothing_is_given_at_the_start_and_little_after_a_pause() -> None:
    limit = Limit(1e6, 10.0)
    assert limit.delay(10.0) > 0
    taken = 0
    while limit.delay(1000.0) == 0.0:
        limit.spend(limit.piece_bytes, 1000.0)
        taken += limit.piece_bytes
    assert taken <= 1e6 * BURST_SECONDS + limit.piece_bytes


def test_a_piece_that_was_larger_than_allowed_is_waited_off() -> None:
    limit = Limit(1000, 0.0)
    assert limit.delay(1.0) == 0.0
    limit.spend(5080, 1.0)
    assert limit.delay(1.0) == pytest.approx(5.02)
    assert limit.delay(6.5) == 0.0


def test_once_empty_it_gives_nothing_until_there_is_enough_for_everybody() -> None:
    limit = Limit(1e6, 0.0)
    assert limit.delay(1.0) == 0.0
    limit.spend(80_000, 1.0)
    assert limit.delay(1.0) == pytest.approx(0.02)
    assert limit.delay(1.01) == pytest.approx(0.01)
    assert limit.delay(1.02) == 0.0
    limit.spend(1000, 1.02)
    assert limit.delay(1.02) == 0.0


def test_a_new_rate_holds_from_now_on_and_debts_stay() -> None:
    limit = Limit(1e6, 0.0)
    assert limit.delay(1.0) == 0.0
    limit.spend(180_000, 1.0)
    limit.change(2e6, 1.0)
    assert limit.bytes_per_second == 2e6
    assert limit.delay(1.0) == pytest.approx(0.07)
    limit.change(1e6, 50.0)
    assert limit.delay(50.0) == pytest.approx(0.02)  # what was earned at another rate is gone
    assert abs(run(limit, 4, start=50.0, seconds=10) - 10e6) < 0.1e6


def test_without_a_rate_nobody_waits_and_nothing_is_owed() -> None:
    limit = Limit(None, 0.0)
    limit.spend(10**12, 0.0)
    assert (limit.delay(0.0), limit.binds(0.0), limit.piece_bytes) == (0.0, False, LARGEST_PIECE)
    limit.change(1e6, 1.0)
    assert limit.delay(2.0) == 0.0
    limit.change(None, 2.0)
    assert limit.delay(2.0) == 0.0


def test_it_binds_as_long_as_somebody_was_held_back_lately() -> None:
    limit = Limit(1e6, 0.0)
    assert not limit.binds(0.0)
    assert limit.delay(1.0) == 0.0
    assert not limit.binds(1.0)
    limit.spend(100_000, 1.0)
    assert limit.delay(1.0) > 0.0
    assert limit.binds(1.0)
    assert not limit.binds(1.0 + BINDING_SECONDS)


def test_pieces_are_a_millisecond_within_bounds() -> None:
    assert [Limit(rate, 0.0).piece_bytes for rate in (1, 5e6, 1e12)] == [SMALLEST_PIECE, 5000, LARGEST_PIECE]


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_is_above_zero(rate: float) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        Limit(rate, 0.0)
    with pytest.raises(ValueError, match="not a rate"):
        Limit(1, 0.0).change(rate, 0.0)


def test_free_flow_leaves_out_what_came_while_the_limit_bound() -> None:
    flow = FreeFlow()
    assert flow.notice(100, 1.0, binds=False) == 0.0
    assert (flow.time(2.0), flow.bytes(200), flow.is_held) == (2.0, 200, False)
    assert flow.notice(200, 2.0, binds=True) == 0.0
    assert (flow.time(2.5), flow.bytes(250), flow.is_held) == (2.0, 200, True)
    assert flow.notice(300, 3.0, binds=True) == 1.0
    assert flow.notice(500, 5.0, binds=False) == 2.0
    assert (flow.time(6.0), flow.bytes(600), flow.is_held) == (3.0, 300, False)
