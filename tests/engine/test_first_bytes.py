from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anymatix_fetcher.engine.first_bytes import BEGINNING_BYTES, FIRST_LOOK_BYTES, LAST_LOOK_BYTES, FirstBytes
from tests.formats.files import GgufWriter, safetensors, safetensors_header

HEADER, DATA_SIZE = safetensors_header({f"tensor.{index}": ("F16", (10,)) for index in range(5_000)})
LENGTH = len(HEADER) + DATA_SIZE
SMALL = safetensors({"a": ("F32", (300,))})


class Watched:
    """The beginning of a file that notes how much of it was read each time."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reads: list[int] = []

    def __call__(self, size: int) -> bytes:
        self.reads.append(size)
        return self.data[:size]


@pytest.mark.parametrize("name", ["notes.txt", "config.json", "weights.dat", "README"])
def test_a_name_that_claims_nothing_is_settled_from_the_start(name: str) -> None:
    assert FirstBytes(name).is_settled


def test_nothing_is_read_before_64_kib_are_here_and_nothing_after_it_is_settled() -> None:
    first, read = (
        FirstBytes("m.gguf"),
        Watched(GgufWriter().file([("general.architecture", 8, "flux")]) + bytes(99_999)),
    )
    for front in (0, 1, 512, FIRST_LOOK_BYTES - 1):
        assert first.look(front, None, read) is None
    assert (read.reads, first.is_settled) == ([], False)
    first.look(FIRST_LOOK_BYTES, len(read.data), read)
    assert (read.reads, first.is_settled) == ([FIRST_LOOK_BYTES], True)


def test_where_no_header_is_read_the_first_4_kib_are_enough() -> None:
    first, read = FirstBytes("m.bin"), Watched(b"<!DOCTYPE html><html>" + b" " * 99_999)
    assert first.look(BEGINNING_BYTES - 1, None, read) is None
    assert not read.reads
    assert first.look(BEGINNING_BYTES, len(read.data), read) is not None
    assert read.reads == [BEGINNING_BYTES]


def test_a_small_file_is_looked_at_when_all_of_it_is_here() -> None:
    first, read = FirstBytes("m.safetensors"), Watched(SMALL)
    assert first.look(len(SMALL) - 1, len(SMALL), read) is None
    assert read.reads == []
    assert first.look(len(SMALL), len(SMALL), read) is None
    assert (read.reads, first.is_settled) == ([len(SMALL)], True)


def test_an_empty_file_is_no_model() -> None:
    assert FirstBytes("m.ckpt").look(0, 0, Watched(b"")) is not None


def test_a_long_header_is_looked_at_once_more_when_it_is_here() -> None:
    first, read = FirstBytes("m.safetensors"), Watched(HEADER)
    for front in (*range(0, LENGTH, 10_000), LENGTH):
        if not first.is_settled:
            assert first.look(front, LENGTH, read) is None
    assert first.is_settled
    assert len(read.reads) == 2
    assert read.reads[1] >= len(HEADER)


def test_damage_deep_in_a_long_header_is_found() -> None:
    damaged = HEADER[:199_999] + b"\1" + HEADER[200_000:]
    first = FirstBytes("m.safetensors")
    assert first.look(FIRST_LOOK_BYTES, LENGTH, Watched(damaged)) is None
    refusal = first.look(LENGTH, LENGTH, Watched(damaged))
    assert refusal is not None
    assert first.is_settled


def test_a_header_without_end_is_looked_at_a_few_times_only() -> None:
    endless = GgufWriter().header([("tokens", 9, (8, [f"token-{index:06}" for index in range(600_000)]))], [])[0]
    assert len(endless) > LAST_LOOK_BYTES
    first, read = FirstBytes("m.gguf"), Watched(endless)
    for front in range(0, len(endless), 50_000):
        if not first.is_settled:
            assert first.look(front, len(endless), read) is None
    assert first.is_settled
    assert (len(read.reads), read.reads[-1]) == (4, LAST_LOOK_BYTES)


def test_a_stream_of_unknown_length_is_looked_at_again_when_it_has_ended() -> None:
    whole = safetensors({"a": ("F32", (50_000,))})
    first, cut = FirstBytes("m.safetensors"), Watched(whole[:-1])
    assert first.look(FIRST_LOOK_BYTES, None, cut) is None
    assert first.look(100_000, None, cut) is None
    assert (len(cut.reads), first.is_settled) == (1, False)
    refusal = first.look(len(cut.data), len(cut.data), cut)
    assert refusal is not None
    assert "truncated" in refusal.hint
    assert first.is_settled


@settings(deadline=None)
@given(st.lists(st.integers(1, 200_000), max_size=60), st.booleans())
def test_a_sound_model_passes_however_its_pieces_arrive(pieces: list[int], stated: bool) -> None:  # noqa: FBT001 - drawn
    first, read, front = FirstBytes("m.safetensors"), Watched(HEADER + bytes(DATA_SIZE)), 0
    for size in [*pieces, LENGTH]:
        front = min(LENGTH, front + size)
        if not first.is_settled:
            assert first.look(front, LENGTH if stated or front == LENGTH else None, read) is None
            assert all(reached <= front for reached in read.reads)
    assert first.is_settled
