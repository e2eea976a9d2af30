from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.journal import BlockTable
from anymatix_fetcher.core.values.spans import Span, SpanSet

CHECKSUMS = st.lists(st.integers(0, 2**64 - 1), max_size=20)


@given(CHECKSUMS, st.integers(1, 100))
def test_checksums_are_given_back_as_they_were(checksums: list[int], block_size: int) -> None:
    blocks = BlockChecksums.of(block_size, len(checksums) * block_size, checksums)
    assert [blocks.checksum(index) for index in range(blocks.count)] == checksums
    assert BlockChecksums.read(block_size, blocks.length, blocks.data) == blocks


@given(CHECKSUMS, st.sets(st.integers(0, 19)))
def test_blocks_that_differ_are_named_and_no_others(checksums: list[int], flipped: set[int]) -> None:
    right = BlockChecksums.of(4, len(checksums) * 4, checksums)
    wrong = BlockChecksums.of(
        4, right.length, [one ^ 1 if index in flipped else one for index, one in enumerate(checksums)]
    )
    assert right.differing(wrong) == tuple(sorted(index for index in flipped if index < len(checksums)))


def test_the_last_block_ends_where_the_file_does() -> None:
    blocks = BlockChecksums.of(4, 10, [1, 2, 3])
    assert (blocks.count, blocks.span(2)) == (3, Span(8, 10))
    assert blocks.spans([0, 2]) == SpanSet.of(Span(0, 4), Span(8, 10))


def test_of_a_file_that_was_cut_the_rest_differs_and_of_a_longer_one_its_last_block() -> None:
    right = BlockChecksums.of(4, 10, [1, 2, 3])
    assert right.differing(BlockChecksums.of(4, 7, [1, 2])) == (1, 2)
    assert right.differing(BlockChecksums.of(4, 12, [1, 2, 3])) == (2,)
    assert right.differing(BlockChecksums.of(4, 0, [])) == (0, 1, 2)


def test_blocks_of_different_sizes_arent_compared() -> None:
    with pytest.raises(ValueError, match="different sizes"):
        BlockChecksums.of(4, 4, [1]).differing(BlockChecksums.of(8, 8, [1]))


def test_there_is_one_checksum_for_each_block() -> None:
    with pytest.raises(ValueError, match="2 checksums for the 3 blocks"):
        BlockChecksums.of(4, 10, [1, 2])


@pytest.mark.parametrize(("block_size", "length", "data"), [(0, 8, b"x" * 8), (4, -1, b""), (4, 8, b"x" * 15)])
def test_what_makes_no_sense_isnt_read(block_size: int, length: int, data: bytes) -> None:
    assert BlockChecksums.read(block_size, length, data) is None


def test_a_journals_table_is_taken_over_where_it_is_whole() -> None:
    table = BlockTable()
    table.record(0, 4, 7)
    assert BlockChecksums.of_table(table, 4, 6) is None
    table.record(1, 1, 9)
    assert BlockChecksums.of_table(table, 4, 6) is None
    table.record(1, 2, 9)
    assert BlockChecksums.of_table(table, 4, 6) == BlockChecksums.of(4, 6, [7, 9])
    assert BlockChecksums.of_table(BlockTable(), 4, 0) == BlockChecksums.of(4, 0, [])
