"""Each direction rests after its own trials."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.pace.direction import FIRST_HOLD_SECONDS, PAYBACK, Direction

LONGEST = 4.0


def opened(now: float = 0.0) -> Direction:
    direction = Direction(LONGEST)
    direction.open(now)
    return direction


def test_it_isn_t_tried_before_it_was_opened() -> None:
    assert Direction(LONGEST).may_be_tried_at == float("inf")


def test_trials_that_cost_nothing_rest_for_longer_each_time_up_to_a_limit() -> None:
    direction, rests = opened(), []
    for _ in range(5):
        direction.failed(0.0, 100.0)
        rests.append(direction.may_be_tried_at - 100.0)

    assert rests[0] == pytest.approx(FIRST_HOLD_SECONDS)
    assert rests[1] == pytest.approx(2 * FIRST_HOLD_SECONDS)
    assert rests[-1] == pytest.approx(LONGEST)


def test_what_a_trial_missed_is_paid_back() -> None:
    direction = opened()
    direction.failed(0.5, 100.0)

    assert direction.may_be_tried_at == pytest.approx(100.0 + 0.5 * PAYBACK)


def test_a_trial_that_paid_is_followed_at_once_and_forgets_the_failures() -> None:
    direction = opened()
    for _ in range(5):
        direction.failed(0.0, 100.0)
    direction.paid(200.0)
    assert direction.may_be_tried_at == 200.0

    direction.rest(200.0)
    assert direction.may_be_tried_at == pytest.approx(200.0 + FIRST_HOLD_SECONDS)


def test_a_wait_never_comes_earlier() -> None:
    direction = opened(50.0)
    direction.wait(20.0)
    assert direction.may_be_tried_at == 50.0

    direction.wait(60.0)
    assert direction.may_be_tried_at == 60.0
