"""The state of each block of a file, for its display."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.journal import block_size_for
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.storage.leftovers import read_journal
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.places import Places

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.engine.facts import Progress


class BlockState(IntEnum):
    """The state of one block."""

    MISSING = 0
    ARRIVING = 1
    STORED = 2
    VERIFIED = 3


@dataclass(frozen=True, slots=True)
class BlockMap:
    """The blocks of one file.

    Args:
        block_size: The length in bytes of each block but the last; 0 if the file's length is unknown.
        blocks: The state of each block.
    """

    block_size: int = 0
    blocks: tuple[BlockState, ...] = ()


def of_progress(progress: Progress) -> BlockMap:
    """The blocks of a running download."""
    return _map(progress.length, progress.stored, progress.in_flight, progress.bytes_verified)


def of_journal(destination: Path, length: int | None) -> BlockMap:
    """The blocks of a stopped download, as its journal claims."""
    content = read_journal(Places.of(destination).journal, OsDisk())
    if content is None or content.header is None:
        return _map(length, SpanSet(), SpanSet(), 0)
    if content.identity is not None and content.identity.length is not None:
        length = content.identity.length
    return _map(length, content.stored, SpanSet(), 0)


def of_whole(length: int) -> BlockMap:
    """The blocks of a finished file."""
    return _map(length, SpanSet.whole(length), SpanSet(), length)


def _map(length: int | None, stored: SpanSet, in_flight: SpanSet, verified: int) -> BlockMap:
    if not length:
        return BlockMap()
    size = block_size_for(length)
    count = -(-length // size)
    states = [BlockState.MISSING] * count
    # Span by span, not block by block: clients ask for all files once a second, and a large one has thousands.
    for span in in_flight.within(Span(0, length)):
        touched = span.blocks(size)
        states[touched.start : touched.stop] = [BlockState.ARRIVING] * len(touched)
    for span in stored.within(Span(0, length)):
        whole = _whole_blocks(span, size, length)
        states[whole.start : whole.stop] = [BlockState.STORED] * len(whole)
    proved = _whole_blocks(Span(0, min(verified, length)), size, length)
    states[: proved.stop] = [BlockState.VERIFIED] * len(proved)
    return BlockMap(size, tuple(states))


def _whole_blocks(span: Span, size: int, length: int) -> range:
    """The blocks that lie in the span with all of their bytes; the file's last one may be shorter."""
    first = -(-span.start // size)
    return range(first, max(first, -(-span.stop // size) if span.stop >= length else span.stop // size))
