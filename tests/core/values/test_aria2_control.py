"""aria2's control file, read; examples are what aria2 1.36 wrote."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.aria2_control import BLOCK_BYTES, Control, read_control
from anymatix_fetcher.core.values.spans import Span, SpanSet, union

REAL = bytes.fromhex(
    "000100000000000000000010000000000000016e3600000000000000000000000003c30c3000000004000000020010000000000008ff"
    "fff80000000000000000080010000000000008ffffe000000000000000000e0010000000000008ffffe0000000000000000014001000"
    "0000000008ffffc00000000000"
)
MIB = 1 << 20


def written(
    order: str, version: int, length: int, piece: int, there: set[int], under_way: dict[int, set[int]]
) -> bytes:
    count = -(-length // piece)
    head = struct.pack(f"{order}HIIIQQ", version, 0, 0, piece, length, 0)
    parts = struct.pack(f"{order}I", len(under_way))
    for index, blocks in under_way.items():
        own = min(piece, length - index * piece)
        parts += struct.pack(f"{order}II", index, own) + field(order, -(-own // BLOCK_BYTES), blocks)
    return head + field(order, count, there) + parts


def field(order: str, count: int, bits: set[int]) -> bytes:
    data = bytearray(-(-count // 8))
    for bit in bits:
        data[bit // 8] |= 0x80 >> bit % 8
    return struct.pack(f"{order}I", len(data)) + data


def test_what_aria2_has_written_is_understood() -> None:
    spans = (Span(0, 2441216), Span(6291456, 8699904), Span(12582912, 14991360), Span(18874368, 21266432))
    assert read_control(REAL) == Control(24_000_000, SpanSet(spans))


@given(st.data(), st.sampled_from([(">", 1), ("<", 0), (">", 0)]))
def test_any_pieces_and_blocks(data: st.DataObject, kind: tuple[str, int]) -> None:
    order, version = kind
    piece = data.draw(st.sampled_from([BLOCK_BYTES, 5 * BLOCK_BYTES + 7, MIB]))
    length = data.draw(st.integers(1, 40 * piece))
    count = -(-length // piece)
    there = data.draw(st.sets(st.integers(0, count - 1)))
    begun = data.draw(st.sets(st.integers(0, count - 1), max_size=3)) - there
    under_way, expected = dict[int, set[int]](), [Span(i * piece, min((i + 1) * piece, length)) for i in there]
    for index in begun:
        stop = min((index + 1) * piece, length)
        blocks = data.draw(st.sets(st.integers(0, -(-(stop - index * piece) // BLOCK_BYTES) - 1)))
        under_way[index] = blocks
        starts = [index * piece + block * BLOCK_BYTES for block in blocks]
        expected += [Span(start, min(start + BLOCK_BYTES, stop)) for start in starts]
    found = read_control(written(order, version, length, piece, there, under_way))
    assert found == Control(length, union(expected))


@given(st.binary(max_size=300))
def test_anything_else_is_nothing(data: bytes) -> None:
    found = read_control(data)
    assert found is None or found.stored.stop <= found.length


@given(st.integers(0, len(REAL) - 1))
def test_a_torn_one_is_nothing(size: int) -> None:
    assert read_control(REAL[:size]) is None


@pytest.mark.parametrize(
    ("at", "new"),
    [(0, b"\x00\x02"), (10, b"\x00\x00\x00\x00"), (14, b"\xff" * 8), (14, b"\x00" * 8), (33, b"\x04"), (44, b"\x7f")],
    ids=["version 2", "no pieces", "too long", "empty", "another field", "no such piece"],
)
def test_what_contradicts_itself_is_nothing(at: int, new: bytes) -> None:
    assert read_control(REAL[:at] + new + REAL[at + len(new) :]) is None
