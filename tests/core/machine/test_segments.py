from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anymatix_fetcher.core.machine.segments import (
    EVEN,
    FIRST_SEGMENT,
    LEAST_COST,
    LEAST_EVEN_SEGMENT,
    LEAST_SAVED_SECONDS,
    MEBIBYTE,
    OPEN_SECONDS,
    SMALLEST_SEGMENT,
    SMALLEST_THEFT,
    WINDOW,
    Flow,
    Thief,
    next_segment,
    theft,
)
from anymatix_fetcher.core.values.messages import ExchangeId
from anymatix_fetcher.core.values.spans import Span, SpanSet, union

BLOCK = MEBIBYTE
block_sizes = st.sampled_from([64 * 1024, MEBIBYTE, 4 * MEBIBYTE, 16 * MEBIBYTE])
rates = st.sampled_from([0.0, 1e3, 1e6, 1e8, 1e10])
offsets = st.integers(0, 3 << 30)
spans = st.tuples(offsets, offsets).map(lambda ends: Span(min(ends), max(ends)))
waitings = st.lists(spans, min_size=1, max_size=5).map(union).filter(bool)


@given(waitings, block_sizes, st.integers(1, 64), rates)
def test_a_segment_lies_in_the_first_gap_and_ends_on_a_block_or_with_the_gap(
    waiting: SpanSet, block_size: int, connections: int, rate: float
) -> None:
    segment = next_segment(
        waiting, length=waiting.stop, block_size=block_size, connections=connections, bytes_per_second=rate
    )
    gap = waiting.spans[0]
    assert segment is not None
    assert segment
    assert segment.start == gap.start
    assert gap.covers(segment)
    assert segment.stop % block_size == 0 or segment.stop == gap.stop
    assert len(segment) <= max(WINDOW, waiting.stop // 16) // connections + SMALLEST_SEGMENT * 2 + block_size


def test_where_nothing_waits_there_is_nothing_to_ask_for() -> None:
    assert next_segment(SpanSet(), length=9, block_size=BLOCK, connections=8, bytes_per_second=1e6) is None


@settings(max_examples=40)
@given(st.integers(1, 40 << 30), st.integers(1, 32), rates, block_sizes)
def test_the_segments_together_are_the_file_and_few(
    length: int, connections: int, rate: float, block_size: int
) -> None:
    waiting, taken = SpanSet.whole(length), list[Span]()
    while waiting:
        segment = next_segment(
            waiting, length=length, block_size=block_size, connections=connections, bytes_per_second=rate
        )
        assert segment
        taken.append(segment)
        waiting = waiting.remove(segment)
    assert sum(map(len, taken)) == length
    assert SpanSet.of(*taken) == SpanSet.whole(length)
    assert len(taken) <= length / SMALLEST_SEGMENT * 2 + 1
    assert len(taken) <= length / FIRST_SEGMENT * 2 + 4 * connections * (1 + math.log2(length / MEBIBYTE + 1))


def test_a_fast_line_gets_large_segments_and_a_slow_one_small() -> None:
    waiting = SpanSet.whole(20 << 30)
    fast, slow = (
        next_segment(waiting, length=20 << 30, block_size=BLOCK, connections=8, bytes_per_second=rate)
        for rate in (1e9, 1e5)
    )
    assert fast is not None
    assert slow is not None
    assert len(slow) == FIRST_SEGMENT
    assert len(fast) == 160 * MEBIBYTE  # a sixteenth of the file, shared by eight


def test_a_remainder_isnt_left_for_a_request_of_its_own() -> None:
    length = FIRST_SEGMENT * 4 + 5
    waiting = SpanSet.of(Span(length - SMALLEST_SEGMENT - 5, length))
    segment = next_segment(waiting, length=length, block_size=BLOCK, connections=1, bytes_per_second=0)
    assert segment == waiting.spans[0]


def test_a_gap_that_begins_inside_a_large_block_is_asked_for_up_to_the_blocks_end() -> None:
    waiting = SpanSet.of(Span(5, 64 * MEBIBYTE))
    segment = next_segment(waiting, length=64 * MEBIBYTE, block_size=16 * MEBIBYTE, connections=32, bytes_per_second=0)
    assert segment == Span(5, 16 * MEBIBYTE)


def last_segment(waiting: int, under_way: int, connections: int) -> int:
    """How much is asked for of the last bytes, while others still have to bring so much."""
    length = 64 * SMALLEST_SEGMENT
    segment = next_segment(
        SpanSet.of(Span(length - waiting, length)),
        length=length,
        block_size=MEBIBYTE // 4,
        connections=connections,
        bytes_per_second=1e6,
        under_way=under_way,
    )
    assert segment is not None
    return len(segment)


def test_a_last_segment_is_no_larger_than_what_each_has_to_bring_on_average() -> None:
    each = 3 * MEBIBYTE
    size = last_segment(4 * each, 28 * each, 32)

    assert EVEN * each - MEBIBYTE / 4 <= size <= EVEN * each


def test_the_last_segments_do_not_shrink_to_nothing() -> None:
    assert last_segment(8 * MEBIBYTE, MEBIBYTE, 32) == LEAST_EVEN_SEGMENT


def test_a_segment_in_the_middle_is_as_large_as_if_it_were_alone() -> None:
    assert last_segment(200 * MEBIBYTE, 32 * MEBIBYTE, 8) == last_segment(200 * MEBIBYTE, 0, 8)


def test_a_lone_stream_asks_for_all_that_is_left() -> None:
    assert last_segment(SMALLEST_SEGMENT, 0, 1) == SMALLEST_SEGMENT


# Taking over ----------------------------------------------------------------------------------------------


ALIKE = Thief()
"""Begins at once, and is as fast as whom it takes from."""


def flow(number: int, start: int, stop: int, rate: float) -> Flow:
    return Flow(ExchangeId(0, number), Span(start * MEBIBYTE, stop * MEBIBYTE), rate, age_seconds=2.0)


def taken(*flows: Flow, block_size: int = BLOCK, thief: Thief = ALIKE) -> tuple[int, Span] | None:
    """Whose bytes an idle connection takes, and which."""
    found = theft(flows, block_size, thief)
    return (found.victim.number, found.span) if found is not None else None


def test_the_slowest_loses_the_second_half_of_its_rest_to_one_that_begins_at_once() -> None:
    flows = flow(1, 0, 10, 1e6), flow(2, 10, 20, 1e5), flow(3, 20, 30, 1e7)
    assert taken(*flows) == (2, Span(15 * MEBIBYTE, 20 * MEBIBYTE))


def test_a_faster_one_takes_so_much_more_that_both_end_together() -> None:
    # 20 MiB at 1 MiB/s against 4 MiB/s: 16 of them in four seconds.
    assert taken(flow(1, 0, 20, MEBIBYTE), thief=Thief(4 * MEBIBYTE)) == (1, Span(4 * MEBIBYTE, 20 * MEBIBYTE))


def test_one_that_begins_late_takes_so_much_less_that_both_end_together() -> None:
    # Seven of 20 MiB have come when it begins, and one more of each kind in each second.
    found = taken(flow(1, 0, 20, MEBIBYTE), thief=Thief(MEBIBYTE, 8))
    assert found == (1, Span(14 * MEBIBYTE, 20 * MEBIBYTE))


@pytest.mark.parametrize(("start_seconds", "is_worth_it"), [(0.1, True), (0.9, False)])
def test_what_is_done_as_soon_without_help_is_left_alone(start_seconds: float, *, is_worth_it: bool) -> None:
    one_second = flow(1, 0, 8, 8 * MEBIBYTE)
    assert (taken(one_second, thief=Thief(8 * MEBIBYTE, start_seconds)) is not None) == is_worth_it


def test_one_that_brings_nothing_is_the_slowest_of_all_and_loses_nearly_all() -> None:
    assert taken(flow(1, 0, 100, 1.0), flow(2, 100, 110, 0.0)) == (2, Span(101 * MEBIBYTE, 110 * MEBIBYTE))


def test_the_next_slowest_is_robbed_where_the_slowest_has_too_little() -> None:
    little = Flow(ExchangeId(0, 1), Span(0, SMALLEST_THEFT - 1), 0.0, 2.0)
    assert taken(little, flow(2, 16, 80, 1e6)) == (2, Span(48 * MEBIBYTE, 80 * MEBIBYTE))


@pytest.mark.parametrize("flows", [[], [flow(1, 0, 10, 1e9)], [Flow(ExchangeId(0, 1), Span(1, SMALLEST_THEFT), 0.0)]])
def test_what_isnt_worth_another_request_is_left_alone(flows: list[Flow]) -> None:
    assert taken(*flows) is None


def slow_flow(length: int, *, seconds_left: float, age_seconds: float = 2.0) -> Flow:
    return Flow(ExchangeId(0, 1), Span(0, length), length / seconds_left, age_seconds)


def test_little_is_taken_from_inside_a_block() -> None:
    assert taken(slow_flow(MEBIBYTE, seconds_left=4), block_size=16 * MEBIBYTE) == (1, Span(MEBIBYTE // 2, MEBIBYTE))


def test_a_connection_that_has_just_begun_is_taken_to_be_as_fast_as_is_usual() -> None:
    young = slow_flow(MEBIBYTE, seconds_left=40, age_seconds=OPEN_SECONDS / 2)

    assert taken(young, thief=Thief(10 * MEBIBYTE)) is None
    assert taken(young, thief=Thief(MEBIBYTE)) is not None


def test_much_is_cut_between_blocks() -> None:
    found = taken(slow_flow(17 * MEBIBYTE, seconds_left=40), block_size=2 * MEBIBYTE)
    assert found == (1, Span(10 * MEBIBYTE, 17 * MEBIBYTE))


def test_what_just_begins_is_left_alone_where_nobody_knows_how_fast_it_will_be() -> None:
    young = Flow(ExchangeId(0, 1), Span(0, 40 * MEBIBYTE), 0.0, age_seconds=0.0)

    assert taken(young) is None
    assert taken(young, thief=Thief(MEBIBYTE)) is not None


def test_what_is_on_its_way_in_vain_is_the_price_and_has_to_be_within_the_budget() -> None:
    victim = flow(1, 0, 8, MEBIBYTE)
    found = theft([victim], BLOCK, Thief(round_trip_seconds=0.5, budget=MEBIBYTE / 2))
    assert found is not None
    assert found.cost == MEBIBYTE / 2
    assert theft([victim], BLOCK, Thief(round_trip_seconds=0.5, budget=MEBIBYTE / 2 - 1)) is None


def test_a_connection_that_is_closed_in_any_case_costs_nothing_more() -> None:
    found = theft([replace(flow(1, 0, 8, MEBIBYTE), narrowed=True)], BLOCK, Thief(round_trip_seconds=0.5, budget=0))
    assert found is not None
    assert found.cost == 0


def test_a_connection_that_is_closed_costs_something_on_the_shortest_path() -> None:
    found = theft([flow(1, 0, 8, MEBIBYTE)], BLOCK, ALIKE)
    assert found is not None
    assert found.cost == LEAST_COST


def test_one_that_is_cheap_is_robbed_where_the_slowest_would_cost_too_much() -> None:
    dear, cheap = flow(1, 0, 80, 4 * MEBIBYTE), flow(2, 80, 82, MEBIBYTE)
    assert taken(dear, cheap, thief=Thief(round_trip_seconds=0.5, budget=MEBIBYTE)) == (
        2,
        Span(81 * MEBIBYTE, 82 * MEBIBYTE),
    )


drawn_lanes = st.lists(
    st.builds(Flow, st.builds(ExchangeId, st.just(0), st.integers(0, 9)), spans, rates), min_size=1, max_size=8
)
seconds = st.sampled_from([0.0, 0.1, 1.0, 10.0, math.inf])


@given(drawn_lanes, block_sizes, rates, seconds)
def test_a_theft_leaves_both_something_and_cuts_where_it_may(
    flows: list[Flow], block_size: int, typical: float, start_seconds: float
) -> None:
    found = theft(flows, block_size, Thief(typical, start_seconds))
    if found is None:
        return
    victims = [each for each in flows if each.exchange == found.victim and each.rest.stop == found.span.stop]
    assert any(each.rest.start < found.span.start < each.rest.stop for each in victims)
    assert found.span.start % (block_size // 4 if block_size < MEBIBYTE else MEBIBYTE // 16) == 0


@given(spans.filter(lambda rest: len(rest) >= 4 * MEBIBYTE), st.floats(1e4, 1e9), st.floats(1e4, 1e9), seconds)
def test_both_end_together_up_to_a_block_and_sooner_than_one_alone(
    rest: Span, own: float, typical: float, start_seconds: float
) -> None:
    found = theft([Flow(ExchangeId(0, 1), rest, own, 2.0)], MEBIBYTE // 4, Thief(typical, start_seconds))
    if found is None:
        return
    kept = (found.span.start - rest.start) / own
    thief = start_seconds + len(found.span) / typical
    block = MEBIBYTE / 4
    byte = 1 / own + 1 / typical  # they meet at a whole one
    assert -byte <= kept - thief <= block / own + block / typical + byte or found.span.start - rest.start <= block
    assert kept <= len(rest) / own - LEAST_SAVED_SECONDS + block / own + 1e-6


@given(st.integers(1, 512 << 20), block_sizes, rates)
def test_stealing_again_and_again_comes_to_an_end(length: int, block_size: int, rate: float) -> None:
    rest, thefts = Span(0, length), 0
    while (found := theft([Flow(ExchangeId(0, 1), rest, rate)], block_size, ALIKE)) is not None:
        rest, thefts = Span(rest.start, found.span.start), thefts + 1
        assert thefts <= 12
    assert rest
