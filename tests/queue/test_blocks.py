"""The map of a file's blocks, held against its definition block by block."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.journal import block_size_for
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.engine.facts import Progress
from anymatix_fetcher.queue.blocks import BlockState, of_progress, of_whole
from anymatix_fetcher.serve.aria2.status import bitfield

LENGTHS = st.integers(1, 12 << 20)


def spans(length: int) -> st.SearchStrategy[SpanSet]:
    ends = st.lists(st.integers(0, length), max_size=8, unique=True)
    return ends.map(sorted).map(
        lambda found: SpanSet.of(*(Span(start, stop) for start, stop in zip(found[::2], found[1::2], strict=False)))
    )


def state_of(block: Span, progress: Progress) -> BlockState:
    """By definition."""
    if block.stop <= progress.bytes_verified:
        return BlockState.VERIFIED
    if progress.stored.covers(block):
        return BlockState.STORED
    return BlockState.ARRIVING if progress.in_flight.count_in(block) else BlockState.MISSING


@given(st.data())
def test_each_block_stands_as_its_bytes_do(data: st.DataObject) -> None:
    length = data.draw(LENGTHS)
    progress = Progress(
        "a",
        length=length,
        stored=data.draw(spans(length)),
        in_flight=data.draw(spans(length)),
        bytes_verified=data.draw(st.integers(0, length)),
    )
    size = block_size_for(length)
    blocks = [Span(start, min(length, start + size)) for start in range(0, length, size)]
    found = of_progress(progress)
    assert (found.block_size, list(found.blocks)) == (size, [state_of(block, progress) for block in blocks])
    bits = f"{int(bitfield(found.blocks), 16):0{-(-len(blocks) // 8) * 8}b}"
    assert [bit == "1" for bit in bits[: len(blocks)]] == [state >= BlockState.STORED for state in found.blocks]
    assert "1" not in bits[len(blocks) :]


def test_a_whole_file_is_verified_to_its_last_short_block() -> None:
    assert of_whole((5 << 20) + 1).blocks == (BlockState.VERIFIED,) * 6
