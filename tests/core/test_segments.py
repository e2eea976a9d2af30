from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anymatix_fetcher.core.messages import ExchangeId
from anymatix_fetcher.core.segments import (
    FIRST_SEGMENT,
    MEBIBYTE,
    SMALLEST_LONG_THEFT,
    SMALLEST_SEGMENT,
    SMALLEST_THEFT,
    WINDOW,
    Lane,
    next_segment,
    theft,
)
from anymatix_fetcher.core.spans import Span, SpanSet, union

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


# Taking over ----------------------------------------------------------------------------------------------


def lane(number: int, start: int, stop: int, rate: float) -> Lane:
    return Lane(ExchangeId(0, number), Span(start * MEBIBYTE, stop * MEBIBYTE), rate)


def test_the_slowest_loses_the_second_half_of_its_rest() -> None:
    taken = theft([lane(1, 0, 10, 1e6), lane(2, 10, 20, 1e5), lane(3, 20, 30, 1e7)], BLOCK)
    assert taken is not None
    assert taken.victim == ExchangeId(0, 2)
    assert taken.span == Span(15 * MEBIBYTE, 20 * MEBIBYTE)


def test_one_that_brings_nothing_is_the_slowest_of_all() -> None:
    taken = theft([lane(1, 0, 100, 1.0), lane(2, 100, 110, 0.0)], BLOCK)
    assert taken is not None
    assert taken.victim == ExchangeId(0, 2)


def test_the_next_slowest_is_robbed_where_the_slowest_has_one_block_only() -> None:
    taken = theft([lane(1, 0, 4, 0.0), lane(2, 16, 80, 1e6)], 16 * MEBIBYTE)
    assert taken is not None
    assert taken.victim == ExchangeId(0, 2)


@pytest.mark.parametrize(
    "lanes", [[], [lane(1, 0, 1, 0.0)], [lane(1, 0, 10, 1e9)], [Lane(ExchangeId(0, 1), Span(1, SMALLEST_THEFT), 0.0)]]
)
def test_what_isnt_worth_another_request_is_left_alone(lanes: list[Lane]) -> None:
    assert theft(lanes, BLOCK) is None


def slow_lane(length: int, *, seconds_left: float, age_seconds: float = 2.0) -> Lane:
    return Lane(ExchangeId(0, 1), Span(0, length), length / seconds_left, age_seconds)


def test_little_that_would_take_long_is_taken_from_inside_a_block() -> None:
    taken = theft([slow_lane(MEBIBYTE, seconds_left=4)], 16 * MEBIBYTE)
    assert taken is not None
    assert taken.span == Span(MEBIBYTE // 2, MEBIBYTE)


def test_little_is_left_to_a_connection_that_has_just_begun_since_nobody_knows_its_rate() -> None:
    assert theft([slow_lane(MEBIBYTE, seconds_left=4, age_seconds=0.3)], BLOCK) is None


def test_very_little_is_left_alone_however_long_it_takes() -> None:
    assert theft([slow_lane(SMALLEST_LONG_THEFT - 1, seconds_left=100)], BLOCK) is None


def test_much_that_would_take_long_is_cut_between_blocks() -> None:
    taken = theft([slow_lane(17 * MEBIBYTE, seconds_left=40)], 2 * MEBIBYTE)
    assert taken is not None
    assert taken.span.start == 10 * MEBIBYTE


drawn_lanes = st.lists(
    st.builds(Lane, st.builds(ExchangeId, st.just(0), st.integers(0, 9)), spans, rates), min_size=1, max_size=8
)


@given(drawn_lanes, block_sizes)
def test_a_theft_leaves_both_something_and_cuts_between_blocks(lanes: list[Lane], block_size: int) -> None:
    taken = theft(lanes, block_size)
    if taken is None:
        assert all(len(each.rest) < SMALLEST_THEFT + 2 * block_size or each.seconds_left <= 1 for each in lanes)
        return
    victims = [each for each in lanes if each.exchange == taken.victim and each.rest.stop == taken.span.stop]
    assert any(each.rest.start < taken.span.start < each.rest.stop for each in victims)
    assert taken.span.start % block_size == 0
    assert len(taken.span) <= max(len(each.rest) for each in victims) / 2 + 1


@given(st.integers(1, 512 << 20), block_sizes)
def test_stealing_again_and_again_comes_to_an_end(length: int, block_size: int) -> None:
    rest, thefts = Span(0, length), 0
    while (taken := theft([Lane(ExchangeId(0, 1), rest, 0.0)], block_size)) is not None:
        rest, thefts = Span(rest.start, taken.span.start), thefts + 1
        assert thefts <= 12
    assert rest
