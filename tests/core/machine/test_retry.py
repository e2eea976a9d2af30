from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.machine.retry import (
    FAILURES_BEFORE_ANY_ANSWER,
    FAILURES_IN_A_ROW,
    LONGEST_WAIT_SECONDS,
    PROGRESS_BYTES,
    RENEWALS_WITHOUT_PROGRESS,
    SHORTEST_THROTTLE_SECONDS,
    THROTTLED_SECONDS,
    Patience,
)
from anymatix_fetcher.core.pace.pause import LONGEST_RETRY_AFTER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable


def patience(random: Callable[[], float] = lambda: 0.5) -> Patience:
    made = Patience(random)
    made.answered = True
    return made


def fail_until_spent(patience: Patience, now: float = 0.0) -> list[float]:
    """The times of failures, each exchange begun when it may be, until no more are allowed."""
    times = []
    while True:
        now = max(now, patience.not_before)
        times.append(now + 1)
        if not patience.failed(now + 1, now):
            return times
        now += 1


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_failures_in_a_row_run_out_sooner_where_nobody_has_ever_answered(jitter: float) -> None:
    assert len(fail_until_spent(Patience(lambda: jitter))) == FAILURES_BEFORE_ANY_ANSWER
    assert len(fail_until_spent(patience(lambda: jitter))) == FAILURES_IN_A_ROW


def test_waits_double_up_to_a_limit() -> None:
    times = fail_until_spent(patience(lambda: 1.0))
    waits = [after - before - 1 for before, after in pairwise(times)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0]


@pytest.mark.parametrize("jitter", [0.0, 0.001, 0.5])
def test_connections_that_are_lost_in_one_outage_count_once_however_short_the_wait(jitter: float) -> None:
    tried = patience(lambda: jitter)
    for number in range(32):
        assert tried.failed(now=10 + number / 100, started_at=number / 100)
    assert tried.failures == 1


def test_an_exchange_that_began_after_the_counted_failure_counts_again() -> None:
    tried = patience(lambda: 0.0)
    tried.failed(now=10, started_at=0)
    tried.failed(now=11, started_at=10)
    assert tried.failures == 2


def test_a_line_that_drops_but_brings_bytes_in_between_never_runs_out() -> None:
    tried = patience()
    for minute in range(1000):
        tried.progressed(PROGRESS_BYTES)
        assert tried.failed(minute * 60.0 + 59, minute * 60.0)
        assert tried.throttled(minute * 60.0 + 59, 5)
        assert tried.renewed()


def test_a_drip_between_failures_is_no_progress() -> None:
    tried, now, allowed = patience(), 0.0, 0
    while tried.failed(now + 1, now):
        tried.progressed(PROGRESS_BYTES // 2)
        now, allowed = max(now + 1, tried.not_before), allowed + 1
        assert allowed < FAILURES_IN_A_ROW


def test_small_pieces_add_up_to_progress() -> None:
    tried = patience()
    tried.failed(1, 0)
    for _ in range(64):
        tried.progressed(PROGRESS_BYTES // 64)
    assert tried.failures == 0


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("asked", [0.0, 2.0, 899.0, 1800.0, LONGEST_RETRY_AFTER_SECONDS])
def test_what_the_server_asks_is_waited_and_only_little_more(asked: float, jitter: float) -> None:
    tried = patience(lambda: jitter)
    assert tried.throttled(100.0, asked)
    assert asked <= tried.not_before - 100 <= max(asked, SHORTEST_THROTTLE_SECONDS) + 0.25


@pytest.mark.parametrize("asked", [LONGEST_RETRY_AFTER_SECONDS + 1, 1e19])
def test_nobody_is_waited_for_longer_than_an_hour_even_where_others_go_on(asked: float) -> None:
    tried = patience()
    assert not tried.throttled(0.0, asked)
    assert tried.not_before <= LONGEST_RETRY_AFTER_SECONDS + 1


def test_throttles_of_one_moment_count_once() -> None:
    one, eight = patience(lambda: 1.0), patience(lambda: 1.0)
    assert one.throttled(0.0, None)
    for _ in range(8):
        assert eight.throttled(0.0, None)
    assert eight.not_before == one.not_before == 2.0


def test_throttles_one_after_another_wait_ever_longer() -> None:
    tried, now, waits = patience(lambda: 1.0), 0.0, []
    for _ in range(6):
        assert tried.throttled(now, None)
        waits.append(tried.not_before - now)
        now = tried.not_before
    assert waits == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_server_that_always_says_at_once_is_asked_less_and_less_often() -> None:
    tried, now, waits = patience(lambda: 0.0), 0.0, []
    for asked in (0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0, 0.0):
        assert tried.throttled(now, asked)
        waits.append(tried.not_before - now)
        now = tried.not_before
    assert waits == [0.5, 1.0, 2.0, 8.0, 8.0, 16.0, 30.0, 30.0]


@pytest.mark.parametrize("asked", [None, 0.0, 1.0, 60.0, 3600.0])
def test_throttling_without_progress_ends(asked: float | None) -> None:
    tried, now, count = patience(Random(1).random), 0.0, 0
    while tried.throttled(now, asked):
        assert tried.not_before > now
        now, count = tried.not_before, count + 1
        assert count <= THROTTLED_SECONDS / SHORTEST_THROTTLE_SECONDS
    assert now <= THROTTLED_SECONDS + LONGEST_RETRY_AFTER_SECONDS


def test_renewals_count_only_between_bytes() -> None:
    tried = patience()
    assert [tried.renewed() for _ in range(RENEWALS_WITHOUT_PROGRESS + 1)] == [True] * RENEWALS_WITHOUT_PROGRESS + [
        False
    ]
    tried.progressed(PROGRESS_BYTES)
    assert tried.renewed()


def test_the_reason_is_that_of_the_longest_wait() -> None:
    tried = patience()
    tried.throttled(0.0, 60)
    tried.failed(0.0, -1)
    assert tried.reason == "the server asks to wait"
    tried.delay(0.0, 100, "asking once more")
    assert tried.reason == "asking once more"
    assert tried.not_before == 100


steps = st.lists(
    st.tuples(st.sampled_from(["failed", "throttled", "renewed"]), st.sampled_from([None, 0.0, 3.0])), min_size=1
)


@given(steps, st.integers(0, 2**32))
def test_no_mixture_of_troubles_goes_on_for_ever_without_progress(
    cycle: list[tuple[str, float | None]], seed: int
) -> None:
    tried, now = patience(Random(seed).random), 0.0
    for turn in range(5000):
        kind, asked = cycle[turn % len(cycle)]
        started, now = now, now + 0.1
        if kind == "failed":
            going_on = tried.failed(now, started)
        elif kind == "throttled":
            going_on = tried.throttled(now, asked)
        else:
            going_on = tried.renewed()
        if not going_on:
            break
        assert tried.not_before - now <= max(LONGEST_WAIT_SECONDS, THROTTLED_SECONDS)
        now = max(now, tried.not_before)
    else:
        pytest.fail("it goes on without an end")


def test_patience_survives_any_number_of_troubles_while_others_go_on() -> None:
    tried = patience()
    for second in range(3000):
        tried.failed(second + 0.5, second)
        tried.throttled(tried.not_before, None)
    assert tried.not_before < 3000 * 2 * LONGEST_WAIT_SECONDS
