"""The part file: what is recorded of its blocks, compared, claimed and forgotten."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from anymatix_fetcher.core.values.journal import JournalContent, decode
from anymatix_fetcher.core.values.messages import BlockCompared
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.storage.comparison import Comparing
from tests.storage.part_file_bench import BLOCK, CONTENT, LENGTH, OTHER, Bench, expected, spans

if TYPE_CHECKING:
    import random


def test_a_block_is_recorded_with_its_last_byte_and_not_before() -> None:
    bench = Bench()
    bench.put(0, BLOCK - 1)
    assert bench.journaled() == {}
    assert bench.part.recorded == SpanSet()
    bench.put(BLOCK - 1, BLOCK)
    assert bench.journaled() == expected(0)
    assert bench.part.recorded == bench.part.proved == spans(0)
    assert bench.fronts == [BLOCK]


def test_one_write_may_touch_many_blocks() -> None:
    bench = Bench()
    bench.part.write(0, memoryview(CONTENT))
    assert bytes(bench.file.data) == CONTENT
    assert bench.journaled() == expected(0, 1, 2, 3)
    assert bench.part.front == LENGTH


def test_the_front_stops_at_the_first_missing_block() -> None:
    bench = Bench()
    bench.put(2 * BLOCK, LENGTH)
    assert bench.fronts == []
    bench.put(0, BLOCK)
    bench.put(BLOCK, 2 * BLOCK)
    assert bench.fronts == [BLOCK, LENGTH]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, LENGTH), max_size=12), st.randoms(use_true_random=False), st.integers(1, 2))
def test_blocks_are_recorded_as_on_the_disk_in_any_order_of_writes(
    cuts: list[int], shuffler: random.Random, times: int
) -> None:
    bench = Bench()
    edges = sorted({0, *cuts, LENGTH})
    pieces = list(pairwise(edges)) * times
    shuffler.shuffle(pieces)
    for start, stop in pieces:
        bench.put(start, stop)
    assert bytes(bench.file.data) == CONTENT
    assert bench.journaled() == expected(0, 1, 2, 3)
    assert all(compared.equal for compared in bench.part.compared())


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2 * BLOCK), st.integers(0, BLOCK), st.booleans()), max_size=10))
def test_overwritten_blocks_are_recorded_as_finally_on_the_disk(
    writes: list[tuple[int, int, bool]],
) -> None:
    bench = Bench(2 * BLOCK)
    for start, size, other in writes:
        bench.part.write(start, (OTHER if other else CONTENT)[start : min(start + size, 2 * BLOCK)])
    for index, (length, checksum) in bench.journaled().items():
        assert checksum == xxh3_64_intdigest(bytes(bench.file.data[index * BLOCK : index * BLOCK + length]))


def test_a_recorded_block_is_compared_and_never_written_again() -> None:
    bench = Bench()
    bench.put(0, BLOCK)
    written = bench.file.writes
    bench.put(0, 1000, OTHER)
    bench.put(1000, BLOCK, OTHER)
    bench.put(0, 700)
    bench.put(700, BLOCK)
    assert bench.file.writes == written
    assert bytes(bench.file.data[:BLOCK]) == CONTENT[:BLOCK]
    block = Span(0, BLOCK)
    assert bench.part.compared() == [BlockCompared(block, equal=False), BlockCompared(block, equal=True)]
    assert bench.part.compared() == []


def test_an_interrupted_comparison_has_no_result() -> None:
    bench = Bench()
    bench.put(0, BLOCK)
    bench.put(500, BLOCK, OTHER)
    bench.put(0, 500, OTHER)
    bench.put(600, BLOCK, OTHER)
    assert bench.part.compared() == []


def test_bytes_for_comparison_are_not_stored() -> None:
    bench = Bench()
    bench.put(BLOCK, 2 * BLOCK)
    written = bench.file.writes
    Comparing(bench.part.compare).write(BLOCK - 10, CONTENT[BLOCK - 10 : 2 * BLOCK + 10])
    Comparing(bench.part.compare).write(LENGTH - 5, bytes(10))
    assert bench.part.compared() == [BlockCompared(Span(BLOCK, 2 * BLOCK), equal=True)]
    assert bench.file.writes == written
    assert bench.part.recorded == spans(1)


def test_overwriting_hashed_bytes_forces_a_read_back() -> None:
    bench = Bench()
    bench.put(0, 5000)
    bench.put(1000, 2000, OTHER)
    bench.put(5000, BLOCK)
    mixed = CONTENT[:1000] + OTHER[1000:2000] + CONTENT[2000:BLOCK]
    assert bytes(bench.file.data[:BLOCK]) == mixed
    assert bench.journaled() == {0: (BLOCK, xxh3_64_intdigest(mixed))}


def test_a_comparison_ends_when_its_block_is_forgotten() -> None:
    bench = Bench()
    bench.put(0, BLOCK)
    bench.put(0, 700)
    bench.part.forget(spans(0))
    bench.put(0, BLOCK, OTHER)
    bench.put(700, BLOCK)
    assert bench.part.compared() == []


def test_forgetting_strikes_recorded_and_unfinished_blocks_alike() -> None:
    bench = Bench()
    bench.put(0, 2 * BLOCK + 500)
    bench.part.forget(SpanSet.of(Span(BLOCK + 3, 1 << 62)))
    assert bench.part.recorded == bench.part.proved == spans(0)
    assert bench.part.front == BLOCK
    assert bench.forgotten == [BLOCK]
    assert bench.journaled() == expected(0)
    bench.put(2 * BLOCK + 500, 3 * BLOCK)
    assert bench.journaled() == expected(0)  # the bytes before have to come again
    bench.put(BLOCK, 2 * BLOCK + 500)
    assert bench.journaled() == expected(0, 1, 2)


def test_claimed_blocks_count_as_proved_only_when_they_were_read_back() -> None:
    earlier = Bench()
    earlier.put(0, LENGTH)
    claimed = decode(bytes(earlier.journal.data)).blocks
    bench = Bench()
    bench.file.data[:] = earlier.file.data
    bench.file.data[BLOCK + 77] ^= 1
    bench.part.lay_out(BLOCK, LENGTH, JournalContent(blocks=claimed))
    assert bench.part.recorded == spans(0, 1, 2, 3)
    assert (bench.part.proved, bench.part.front) == (SpanSet(), 0)
    assert [bench.part.prove(index) for index in range(5)] == [True, False, True, True, False]
    assert bench.part.recorded == bench.part.proved == spans(0, 2, 3)
    assert bench.fronts == [BLOCK]


def test_claims_beyond_the_file_or_of_a_wrong_length_are_dropped() -> None:
    earlier = Bench()
    earlier.put(0, LENGTH)
    claimed = decode(bytes(earlier.journal.data)).blocks
    bench = Bench()
    bench.file.data[:] = earlier.file.data[: 2 * BLOCK - 1]
    bench.part.lay_out(BLOCK, LENGTH, JournalContent(blocks=claimed))
    assert bench.part.recorded == spans(0)
    bench.file.data[:] = earlier.file.data
    bench.part.lay_out(BLOCK, None, JournalContent(blocks=claimed))
    assert bench.part.recorded == spans(0, 1, 2)


def test_the_last_block_of_a_file_of_unknown_length_is_recorded_when_the_length_is_known() -> None:
    bench = Bench(None)
    bench.put(0, LENGTH)
    assert bench.journaled() == expected(0, 1, 2)
    bench.part.set_length(LENGTH)
    assert bench.journaled() == expected(0, 1, 2, 3)
    assert bench.part.front == LENGTH


def test_blocks_that_disagree_with_a_new_length_are_forgotten() -> None:
    bench = Bench()
    bench.put(0, LENGTH)
    bench.part.set_length(2 * BLOCK)
    assert bench.part.recorded == spans(0, 1)
    assert len(bench.file.data) == 2 * BLOCK
    bench.part.set_length(LENGTH)
    assert bench.part.recorded == spans(0, 1)


def test_writing_beyond_the_length_is_a_bug() -> None:
    bench = Bench()
    with pytest.raises(ValueError, match="a write up to"):
        bench.part.write(LENGTH - 1, b"ab")
    assert not bench.file.data


def test_an_empty_write_changes_nothing() -> None:
    bench = Bench()
    bench.part.write(5, b"")
    assert bench.part.is_empty
    assert bench.file.writes == 0


def test_blocks_after_a_differing_one_wait_for_the_decision() -> None:
    bench = Bench()
    bench.put(0, BLOCK)
    bench.put(0, 3 * BLOCK, OTHER)
    assert bench.journaled() == expected(0), "it may be of the same other content"
    (compared,) = bench.part.compared()
    assert (compared, compared.filling) == (BlockCompared(Span(0, BLOCK), equal=False), True)
    bench.part.forget(spans(0))
    assert sorted(bench.journaled()) == [1, 2]
    bench.put(0, BLOCK)
    assert sorted(bench.journaled()) == [0, 1, 2]


def test_a_block_that_is_only_compared_holds_nothing_up() -> None:
    bench = Bench()
    bench.put(0, BLOCK)
    bench.part.compare(0, OTHER[:BLOCK])
    bench.put(BLOCK, 2 * BLOCK)
    assert bench.journaled() == expected(0, 1)
    (compared,) = bench.part.compared()
    assert not compared.equal
    assert not compared.filling


@pytest.mark.parametrize(("content", "equal"), [(CONTENT, True), (OTHER, False)])
def test_a_piece_of_a_block_that_is_not_whole_is_compared_with_what_is_stored(content: bytes, *, equal: bool) -> None:
    bench = Bench()
    bench.put(BLOCK, BLOCK + 1000)
    bench.part.compare(BLOCK + 500, content[BLOCK + 500 : BLOCK + 1000])
    assert bench.part.compared() == [BlockCompared(Span(BLOCK + 500, BLOCK + 1000), equal=equal)]
    bench.part.compare(BLOCK + 500, content[BLOCK + 500 : BLOCK + 1001])
    bench.part.compare(2 * BLOCK, content[2 * BLOCK : 2 * BLOCK + 10])
    assert bench.part.compared() == [], "what isn't stored can't be compared"
    bench.put(BLOCK + 1000, 2 * BLOCK)
    assert bench.journaled() == expected(1)


def test_a_forgotten_block_loses_its_comparison() -> None:
    bench = Bench()
    bench.put(0, 2 * BLOCK)
    bench.part.compare(0, OTHER[: 2 * BLOCK])
    bench.part.forget(spans(0))
    assert bench.part.compared() == [BlockCompared(Span(BLOCK, 2 * BLOCK), equal=False)]


def test_a_file_may_continue_after_its_end_is_forgotten() -> None:
    bench = Bench(length=None)
    bench.put(0, BLOCK + 10)
    bench.part.set_length(BLOCK + 10)
    assert sorted(bench.journaled()) == [0, 1]
    bench.part.forget(SpanSet.of(Span(BLOCK, 2 * BLOCK)))
    bench.put(BLOCK, 3 * BLOCK)
    assert bench.journaled() == expected(0, 1, 2)
