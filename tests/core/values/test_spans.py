from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.spans import Span, SpanSet, union

if TYPE_CHECKING:
    from collections.abc import Iterable

UNIVERSE = 24
offsets = st.integers(0, UNIVERSE)
spans = st.tuples(offsets, offsets).map(lambda ends: Span(min(ends), max(ends)))
span_lists = st.lists(spans, max_size=6)
span_sets = span_lists.map(union)


def ints(held: Iterable[Span]) -> set[int]:
    return {offset for span in held for offset in range(span.start, span.stop)}


def of_ints(offsets_held: set[int]) -> SpanSet:
    return union(Span(offset, offset + 1) for offset in offsets_held)


def assert_canonical(held: SpanSet) -> None:
    assert all(held.spans)
    assert all(before.stop < after.start for before, after in zip(held.spans, held.spans[1:], strict=False))


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (5, 4), (-2, -1)])
def test_a_span_begins_at_or_after_zero_and_doesnt_end_before_it_begins(start: int, stop: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, stop)


def test_a_span_reads_as_the_half_open_interval_that_it_is() -> None:
    assert str(Span(3, 7)) == "[3, 7)"
    assert str(SpanSet.of(Span(3, 7), Span(0, 1))) == "{[0, 1), [3, 7)}"
    assert len(Span(3, 7)) == 4
    assert 3 in Span(3, 7)
    assert 7 not in Span(3, 7)


@given(spans, spans)
def test_two_spans_intersect_and_cover_as_sets_of_offsets_do(one: Span, other: Span) -> None:
    assert ints([one.intersection(other)]) == ints([one]) & ints([other])
    assert one.covers(other) == (ints([other]) <= ints([one]))


@given(spans, st.integers(1, 7))
def test_a_span_touches_the_blocks_that_hold_its_offsets(span: Span, size: int) -> None:
    assert list(span.blocks(size)) == sorted({offset // size for offset in ints([span])})


@given(span_lists)
def test_a_set_holds_what_it_was_made_of_in_the_one_canonical_form(given_spans: list[Span]) -> None:
    held = SpanSet.of(*given_spans)
    assert_canonical(held)
    assert ints(held) == ints(given_spans)
    assert held == of_ints(ints(given_spans))
    assert hash(held) == hash(of_ints(ints(given_spans)))


@given(span_sets, spans)
def test_adding_and_removing_a_span_is_union_and_difference(held: SpanSet, span: Span) -> None:
    assert held.add(span) == of_ints(ints(held) | ints([span]))
    assert held.remove(span) == of_ints(ints(held) - ints([span]))
    assert held.within(span) == of_ints(ints(held) & ints([span]))


@given(span_sets, span_sets)
def test_the_operators_are_those_of_sets(one: SpanSet, other: SpanSet) -> None:
    assert one | other == of_ints(ints(one) | ints(other))
    assert one - other == of_ints(ints(one) - ints(other))
    assert one & other == of_ints(ints(one) & ints(other))


@given(span_sets, spans, st.integers(0, UNIVERSE + 3))
def test_every_question_is_answered_as_a_set_of_offsets_would(held: SpanSet, span: Span, offset: int) -> None:
    members = ints(held)
    assert (offset in held) == (offset in members)
    assert held.covers(span) == (ints([span]) <= members)
    assert held.front(offset) == next(place for place in range(offset, UNIVERSE + 9) if place not in members)
    assert held.total == len(members)
    assert held.stop == max(members, default=-1) + 1
    assert bool(held) == bool(members)


@given(span_sets, st.integers(0, UNIVERSE))
def test_what_is_missing_and_what_is_held_make_up_the_file(held: SpanSet, length: int) -> None:
    missing = held.missing(length)
    assert_canonical(missing)
    assert ints(missing) == set(range(length)) - ints(held)
    assert (held | missing).covers(Span(0, length))


@given(st.lists(st.tuples(st.sampled_from(["add", "remove"]), spans), max_size=30))
def test_no_series_of_changes_leaves_the_canonical_form(changes: list[tuple[str, Span]]) -> None:
    held, members = SpanSet(), set[int]()
    for change, span in changes:
        if change == "add":
            held, members = held.add(span), members | ints([span])
        else:
            held, members = held.remove(span), members - ints([span])
        assert_canonical(held)
        assert ints(held) == members


def test_offsets_beyond_four_gibibytes_are_offsets_like_others() -> None:
    held = SpanSet.of(Span(2**32, 2**40), Span(0, 5))
    assert held.missing(2**41).spans == (Span(5, 2**32), Span(2**40, 2**41))
    assert held.total == 2**40 - 2**32 + 5
