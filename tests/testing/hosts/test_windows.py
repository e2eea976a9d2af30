"""Fixed windows of requests."""

from __future__ import annotations

from anymatix_fetcher.testing.hosts.windows import Allowance, FixedWindows


def test_a_window_begins_with_the_first_request_and_ends_after_its_time() -> None:
    windows = FixedWindows(2, 60)
    assert windows.take("a", 100.0) == Allowance(allowed=True, limit=2, remaining=1, reset_seconds=60)
    assert windows.take("a", 110.0) == Allowance(allowed=True, limit=2, remaining=0, reset_seconds=50)
    assert windows.take("a", 120.0) == Allowance(allowed=False, limit=2, remaining=0, reset_seconds=40)
    assert windows.take("a", 160.0) == Allowance(allowed=True, limit=2, remaining=1, reset_seconds=60)


def test_callers_are_counted_by_themselves() -> None:
    windows = FixedWindows(1, 60)
    assert windows.take("a", 0.0).allowed
    assert windows.take("b", 0.0).allowed
    assert not windows.take("a", 1.0).allowed
