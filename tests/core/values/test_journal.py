from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.journal import (
    HEADER_BYTES,
    MAX_BLOCK_INDEX,
    MAX_BLOCKS,
    MIN_BLOCK_SIZE,
    BlockRecorded,
    BlocksForgotten,
    BlockTable,
    JournalHeader,
    PieceRecorded,
    Record,
    block_size_for,
    decode,
    encode,
    may_be_ours,
    records,
)
from anymatix_fetcher.core.values.messages import Identity
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.urls import Origin
from anymatix_fetcher.core.values.validators import EntityTag, Validator

HEADER = JournalHeader.create("hf:org/repo/file", block_size=MIN_BLOCK_SIZE, salt=bytes(range(16)))
IDENTITY = Identity(
    5 << 20,
    Validator(EntityTag("abc"), "Sun, 06 Nov 1994 08:49:37 GMT", modified_is_strong=True),
    Origin("https", "h", 443),
)

blocks = st.builds(BlockRecorded, st.integers(0, 200), st.integers(1, MIN_BLOCK_SIZE), st.integers(0, (1 << 64) - 1))
identities = st.builds(
    Identity,
    st.none() | st.integers(0, 1 << 62),
    st.builds(
        Validator,
        st.none() | st.builds(EntityTag, st.text(max_size=20), weak=st.booleans()),
        st.none() | st.text(max_size=20),
        modified_is_strong=st.booleans(),
    ),
    st.none() | st.builds(Origin, st.text(max_size=9), st.text(max_size=9), st.integers(0, 65_535)),
)
forgettings = st.builds(BlocksForgotten, st.integers(0, 200), st.integers(0, 300))
pieces = st.builds(
    PieceRecorded, st.integers(0, 1 << 40), st.integers(1, MIN_BLOCK_SIZE), st.integers(0, (1 << 64) - 1)
)
record_lists = st.lists(blocks | identities | forgettings | pieces, max_size=12)


def journal(*content: Record) -> bytes:
    return HEADER.encode() + b"".join(map(encode, content))


def found(data: bytes) -> list[Record]:
    return [record for record, _ in records(data)]


@given(record_lists)
def test_what_is_written_is_read(content: list[Record]) -> None:
    data = journal(*content)
    assert found(data) == content
    assert decode(data).valid_bytes == len(data)
    assert decode(data).header == HEADER


@given(record_lists, st.data())
def test_a_journal_cut_anywhere_says_the_records_before_the_cut(content: list[Record], data: st.DataObject) -> None:
    whole = journal(*content)
    cut = data.draw(st.integers(HEADER_BYTES, len(whole)))
    left = found(whole[:cut])
    assert left == content[: len(left)]
    assert decode(whole[:cut]).valid_bytes == len(journal(*left)) <= cut


@given(record_lists, st.data())
def test_a_flipped_bit_ends_the_journal_there_and_invents_nothing(content: list[Record], data: st.DataObject) -> None:
    whole = bytearray(journal(*content))
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    result = decode(bytes(whole))
    if bit // 8 < HEADER_BYTES:
        assert result.header is None
        assert result.valid_bytes == 0
        assert list(result.blocks) == []
    else:
        left = found(bytes(whole))
        assert left == content[: len(left)]
        assert result.valid_bytes == len(journal(*left)) <= bit // 8


@given(record_lists, st.binary(max_size=64))
def test_after_a_torn_tail_appending_at_the_valid_end_mends_the_journal(content: list[Record], tail: bytes) -> None:
    torn = journal(*content, IDENTITY)[:-1] + tail
    mended = torn[: decode(torn).valid_bytes] + encode(BlockRecorded(7, 8, 9))
    assert found(mended)[-1] == BlockRecorded(7, 8, 9)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_decoder_raise(data: bytes) -> None:
    assert decode(data).valid_bytes <= len(data)
    assert decode(HEADER.encode() + data).header == HEADER


def test_zeroes_after_a_power_cut_are_no_records() -> None:
    data = journal(BlockRecorded(0, 5, 6)) + bytes(4096)
    assert found(data) == [BlockRecorded(0, 5, 6)]


def test_replaying_keeps_the_last_word_on_each_block() -> None:
    result = decode(
        journal(
            IDENTITY,
            BlockRecorded(0, MIN_BLOCK_SIZE, 1),
            BlockRecorded(1, MIN_BLOCK_SIZE, 2),
            BlockRecorded(3, 17, 3),
            BlocksForgotten(0, 2),
            BlockRecorded(1, MIN_BLOCK_SIZE, 4),
        )
    )
    assert list(result.blocks) == [1, 3]
    assert result.blocks.checksum(1) == 4
    assert result.blocks.spans(MIN_BLOCK_SIZE) == SpanSet.of(
        Span(MIN_BLOCK_SIZE, 2 * MIN_BLOCK_SIZE), Span(3 * MIN_BLOCK_SIZE, 3 * MIN_BLOCK_SIZE + 17)
    )
    assert result.identity == IDENTITY


def test_a_piece_counts_until_its_block_is_recorded_or_forgotten() -> None:
    kept, recorded, forgotten = (PieceRecorded(index * MIN_BLOCK_SIZE + 7, 100, index) for index in range(3))
    content = decode(
        journal(IDENTITY, kept, recorded, forgotten, BlockRecorded(1, MIN_BLOCK_SIZE, 5), BlocksForgotten(2, 3))
    )
    assert content.pieces == (kept,)
    assert content.stored == SpanSet.of(kept.span, Span(MIN_BLOCK_SIZE, 2 * MIN_BLOCK_SIZE))
    assert decode(journal(PieceRecorded(0, 0, 1))).valid_bytes == HEADER_BYTES
    assert decode(journal(PieceRecorded((1 << 63) - 1, 5, 1))).valid_bytes == HEADER_BYTES


def test_a_piece_takes_the_place_of_those_that_it_overlaps() -> None:
    small, beside, large = PieceRecorded(0, 100, 1), PieceRecorded(500, 10, 2), PieceRecorded(0, 300, 3)
    assert decode(journal(small, beside, large)).pieces == (beside, large)


def test_another_version_is_not_read_but_known_as_ours() -> None:
    data = bytearray(journal(BlockRecorded(0, 5, 6)))
    data[9] = 2
    sealed = bytes(data[: HEADER_BYTES - 4])
    data[HEADER_BYTES - 4 : HEADER_BYTES] = zlib.crc32(sealed).to_bytes(4, "big")
    assert decode(bytes(data)).header is None
    assert may_be_ours(bytes(data))


def test_a_header_torn_anywhere_or_zeroed_is_ours_and_a_strangers_file_is_not() -> None:
    header = HEADER.encode()
    assert all(may_be_ours(header[:size]) for size in range(HEADER_BYTES))
    assert may_be_ours(bytes(500))
    assert not may_be_ours(b"anyfetcX")
    assert not may_be_ours(b"{}")


def test_the_reference_is_recognized_and_never_written() -> None:
    secret = "https://host/file?token=hunter2"
    header = JournalHeader.create(secret, block_size=MIN_BLOCK_SIZE, salt=b"s" * 16)
    assert header.is_for(secret)
    assert not header.is_for("https://host/file?token=hunter3")
    assert b"hunter2" not in header.encode()
    other = JournalHeader.create(secret, block_size=MIN_BLOCK_SIZE, salt=b"t" * 16)
    assert header.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("reference", "differs"),
    [
        ("https://host/file?v=2", True),
        ("https://host/file", True),
        ("https://host/file?v=1", False),
        ("https://host/other?v=2", False),
        ("https://other/file?v=1", False),
    ],
)
def test_it_is_known_where_only_the_query_differs(reference: str, differs: bool) -> None:  # noqa: FBT001 - a table
    header = JournalHeader.create("https://host/file?v=1", block_size=MIN_BLOCK_SIZE, salt=bytes(range(16)))
    assert JournalHeader.decode(header.encode()) == header
    assert header.salt[:8] == bytes(range(8))
    assert header.differs_in_query_only(reference) is differs


def test_an_absurd_index_with_a_right_checksum_costs_no_memory() -> None:
    data = journal(BlockRecorded(MAX_BLOCK_INDEX + 1, 5, 6), BlockRecorded(0, 5, 6))
    assert found(data) == []


def test_records_with_a_right_checksum_and_no_sense_end_the_journal() -> None:
    for kind, payload in ((1, b"{}"), (1, b"\xff"), (1, b'{"length": -1}'), (2, b"short"), (9, b"")):
        frame = bytes([kind]) + len(payload).to_bytes(4, "big") + payload
        assert found(HEADER.encode() + frame + zlib.crc32(frame).to_bytes(4, "big")) == []


def test_blocks_grow_so_that_there_are_never_too_many() -> None:
    assert block_size_for(None) == MIN_BLOCK_SIZE
    assert block_size_for(0) == MIN_BLOCK_SIZE
    assert block_size_for(MIN_BLOCK_SIZE * MAX_BLOCKS) == MIN_BLOCK_SIZE
    assert block_size_for(MIN_BLOCK_SIZE * MAX_BLOCKS + 1) == 2 * MIN_BLOCK_SIZE
    assert block_size_for(1 << 42) == (1 << 42) // MAX_BLOCKS


def test_the_table_keeps_only_what_is_recorded() -> None:
    table = BlockTable()
    table.record(5, 10, 99)
    assert 5 in table
    assert 4 not in table
    assert 6 not in table
    assert (table.length(5), table.length(100), table.checksum(5), table.stop) == (10, 0, 99, 6)
    table.forget(0, 1 << 40)
    assert list(table) == []
