from __future__ import annotations

from benchmarks.counters import Sample
from benchmarks.figures import Run, rotated, summarised, typical


def runs(*seconds: float) -> list[Run]:
    return [Run(seconds=one, peak_memory_bytes=int(one * 1e6), processor_seconds=one / 2) for one in seconds]


def test_the_time_is_the_median_and_the_memory_the_worst() -> None:
    figures = summarised("tool", runs(5, 1, 2), ours=False, payload_bytes=100)
    assert (figures.seconds, figures.fastest, figures.slowest) == (2, 1, 5)
    assert figures.bytes_per_second == 50
    assert figures.peak_memory_megabytes == 5
    assert figures.processor_seconds == 1


def test_a_failed_run_is_counted_and_told_but_has_no_time() -> None:
    failed = Run(seconds=0.01, peak_memory_bytes=10**9, refusals=12, failure="exit code 8")
    figures = summarised("tool", [*runs(4, 6), failed], ours=False, payload_bytes=100)
    assert figures.runs == 3
    assert figures.failures == ("exit code 8",)
    assert (figures.seconds, figures.fastest) == (5, 4)
    assert figures.peak_memory_megabytes == 6
    assert figures.refusals == 12


def test_a_tool_of_which_every_run_failed_has_no_figures_at_all() -> None:
    figures = summarised("tool", [Run(seconds=1, failure="wrong")], ours=True, payload_bytes=100)
    assert figures.seconds is None
    assert figures.bytes_per_second is None
    assert figures.connections is None
    assert figures.failures == ("wrong",)


def test_what_was_over_too_soon_to_be_seen_is_unknown_and_not_zero() -> None:
    figures = summarised("tool", [Run(seconds=0.01)], ours=False, payload_bytes=1)
    assert figures.peak_memory_megabytes is None
    assert figures.connections is None


def test_the_connections_are_the_most_of_all_runs() -> None:
    some = [Run(seconds=1, samples=(Sample(0, 0, 0), Sample(0.5, 1, count))) for count in (3, 7, 5)]
    assert summarised("tool", some, ours=False, payload_bytes=1).connections == 7


def test_the_typical_run_is_one_that_happened_and_succeeded() -> None:
    some = runs(9, 2, 4, 3)
    assert typical(some) is some[3]
    failed = Run(seconds=2.5, failure="no")
    assert typical([failed, *some[:1]]) is some[0]
    assert typical([failed]) is failed
    assert typical([]) is None


def test_in_each_round_another_one_goes_first_and_nobody_is_left_out() -> None:
    assert [rotated("abc", number) for number in range(4)] == [list("abc"), list("bca"), list("cab"), list("abc")]
    assert rotated([], 3) == []
