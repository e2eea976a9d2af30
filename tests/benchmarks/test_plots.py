from __future__ import annotations

from benchmarks.plots import shown_seconds, thinned


def test_few_points_stay_and_many_are_thinned_with_both_ends_kept() -> None:
    assert thinned([1, 2, 3]) == (1, 2, 3)
    assert thinned([]) == ()
    for count in (1000, 1001, 1002):
        some = thinned(range(count))
        assert 60 <= len(some) <= 100
        assert (some[0], some[-1]) == (0, count - 1)
        assert list(some) == sorted(set(some))


def test_a_slow_tool_does_not_squeeze_the_others_together() -> None:
    assert shown_seconds([5.0, 6.0, 120.0]) == 20.0
    assert shown_seconds([5.0, 6.0]) == 6.0
    assert shown_seconds([]) == 0.0
