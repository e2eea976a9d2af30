from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.machine.coverage import Coverage
from anymatix_fetcher.core.values.spans import Span, SpanSet, union

LENGTH = 24
offsets = st.integers(0, LENGTH)
spans = st.tuples(offsets, offsets).map(lambda ends: Span(min(ends), max(ends)))
span_sets = st.lists(spans, max_size=4).map(union)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("store"), span_sets, span_sets),
        st.tuples(st.just("claim"), span_sets, span_sets),
        st.tuples(st.just("prove"), span_sets, span_sets),
        st.tuples(st.just("lose"), span_sets, span_sets),
        st.tuples(st.just("disown"), span_sets, span_sets),
    ),
    max_size=12,
)


def take(coverage: Coverage, step: str, one: SpanSet, other: SpanSet) -> int:
    """Does a step; how many bytes it is said to have gained."""
    if step == "store":
        return sum(map(coverage.store, one))
    if step == "claim":
        coverage.claim(one)
    elif step == "prove":
        coverage.prove(one - other, other)
    elif step == "disown":
        coverage.disown(one)
    else:
        coverage.lose(one)
    return 0


@given(steps, st.lists(spans, max_size=3))
def test_every_byte_is_stored_or_claimed_or_in_flight_or_waiting(
    taken: list[tuple[str, SpanSet, SpanSet]], in_flight: list[Span]
) -> None:
    coverage = Coverage()
    for step in taken:
        before = coverage.stored
        take(coverage, *step)
        assert not coverage.stored & coverage.claimed
        assert coverage.held == coverage.stored | coverage.claimed
        if step[0] in {"claim", "prove"}:
            assert not before - coverage.stored  # what is on the disk stays so until somebody says that it is lost
    waiting = coverage.waiting(LENGTH, in_flight)
    assert not waiting & coverage.held
    assert not waiting & union(in_flight)
    assert waiting | union(in_flight) | coverage.held == SpanSet.whole(LENGTH) | union(in_flight) | coverage.held
    assert coverage.complete(LENGTH) == (coverage.stored == SpanSet.whole(LENGTH) and not coverage.claimed)


def test_a_claim_counts_only_once_it_is_proved() -> None:
    coverage = Coverage()
    coverage.claim(SpanSet.whole(10))
    assert coverage.held == SpanSet.whole(10)
    assert not coverage.complete(10)
    coverage.prove(SpanSet.of(Span(0, 5)), SpanSet.of(Span(5, 10)))
    assert coverage.stored == SpanSet.of(Span(0, 5))
    assert coverage.waiting(10, ()) == SpanSet.of(Span(5, 10))
    coverage.store(Span(5, 10))
    assert coverage.complete(10)


def test_a_proof_of_what_was_lost_meanwhile_proves_nothing() -> None:
    coverage = Coverage()
    coverage.claim(SpanSet.whole(10))
    coverage.lose(SpanSet.of(Span(0, 5)))
    coverage.prove(SpanSet.whole(10), SpanSet())
    assert coverage.stored == SpanSet.of(Span(5, 10))


def test_an_empty_file_is_complete_from_the_start() -> None:
    assert Coverage().complete(0)
    assert not Coverage().complete(1)


@given(steps)
def test_only_what_had_never_been_stored_is_gained(taken: list[tuple[str, SpanSet, SpanSet]]) -> None:
    coverage, ever = Coverage(), SpanSet()
    for step, one, other in taken:
        before, claimed = coverage.stored, coverage.claimed
        gained = take(coverage, step, one, other)
        assert gained == (((one - claimed) - ever).total if step == "store" else 0)
        ever |= coverage.stored
        if step == "disown":
            ever -= one & before


def test_of_another_representation_nothing_has_ever_been_stored() -> None:
    coverage = Coverage()
    assert coverage.store(Span(0, 10)) == 10
    coverage.lose(SpanSet.whole(10))
    assert coverage.store(Span(0, 10)) == 0
    coverage.begin_anew()
    assert coverage.store(Span(0, 10)) == 10
