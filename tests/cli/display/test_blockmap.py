from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.cli.display.blockmap import Cell, cells, rows, runs
from anymatix_fetcher.core.values.spans import Span, SpanSet

M, F, P, D, V = Cell.MISSING, Cell.IN_FLIGHT, Cell.PARTLY, Cell.DONE, Cell.VERIFIED


def test_each_cell_says_what_is_known_of_its_bytes() -> None:
    line = cells(
        stored=SpanSet.of(Span(0, 35), Span(61, 65)),
        in_flight=SpanSet.of(Span(35, 50)),
        verified=20,
        length=100,
        count=10,
    )
    assert line == (V, V, D, F, F, M, P, M, M, M)


def test_a_cell_is_done_only_with_its_last_byte() -> None:
    almost = cells(stored=SpanSet.of(Span(0, 999)), in_flight=SpanSet(), verified=999, length=1000, count=2)
    assert almost == (V, P)


def test_a_file_of_fewer_bytes_than_cells_has_a_cell_for_each_byte() -> None:
    assert cells(stored=SpanSet.of(Span(1, 2)), in_flight=SpanSet(), verified=0, length=3, count=80) == (M, D, M)


def test_an_empty_file_and_an_empty_screen_have_no_cells() -> None:
    assert cells(stored=SpanSet(), in_flight=SpanSet(), verified=0, length=0, count=80) == ()
    assert cells(stored=SpanSet(), in_flight=SpanSet(), verified=0, length=80, count=0) == ()


def test_bytes_beyond_the_length_dont_matter() -> None:
    assert cells(stored=SpanSet.of(Span(8, 99)), in_flight=SpanSet(), verified=0, length=10, count=5) == (M, M, M, M, D)


def test_rows_and_runs_keep_every_cell() -> None:
    assert rows((V, V, D, M, M), 2) == [(V, V), (D, M), (M,)]
    assert list(runs((V, V, D, M, M))) == [(V, 2), (D, 1), (M, 2)]
    assert list(runs(())) == []


spans = st.tuples(st.integers(0, 300), st.integers(0, 60)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))
sets = st.lists(spans, max_size=8).map(lambda many: SpanSet.of(*many))


@given(stored=sets, in_flight=sets, verified=st.integers(0, 300), length=st.integers(1, 300), count=st.integers(1, 90))
def test_the_map_agrees_with_looking_at_every_byte(
    stored: SpanSet, in_flight: SpanSet, verified: int, length: int, count: int
) -> None:
    line = cells(stored=stored, in_flight=in_flight, verified=verified, length=length, count=count)
    cell_count = min(count, length)
    assert len(line) == cell_count
    for index, cell in enumerate(line):
        offsets = range(index * length // cell_count, (index + 1) * length // cell_count)
        here = [offset in stored for offset in offsets]
        if all(here):
            assert cell is (V if offsets.stop <= verified else D)
        elif any(offset in in_flight for offset in offsets):
            assert cell is F
        else:
            assert cell is (P if any(here) else M)
