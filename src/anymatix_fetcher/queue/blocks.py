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
    states: list[BlockState] = []
    for start in range(0, length, size):
        block = Span(start, min(length, start + size))
        if block.stop <= verified:
            states.append(BlockState.VERIFIED)
        elif stored.covers(block):
            states.append(BlockState.STORED)
        else:
            states.append(BlockState.ARRIVING if in_flight.count_in(block) else BlockState.MISSING)
    return BlockMap(size, tuple(states))
