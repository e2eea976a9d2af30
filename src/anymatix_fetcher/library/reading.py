"""Reads a file once from start to end, computing its digests and the checksums of its blocks.

Reading and hashing run on two threads, so that the speed is that of the slower one. SHA-256 takes longer than
everything else together. The system is told what will be read next, so that the disk reads ahead meanwhile.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from xxhash import xxh3_64

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.journal import block_size_for
from anymatix_fetcher.library.content import state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from io import FileIO
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Hasher
    from anymatix_fetcher.library.file_state import FileState

READ_BYTES = 2 << 20
_BUFFERS = 3
"""One buffer is filled while the others wait for the digest. More or larger ones are slower, because the bytes should
still be in the processor's cache when they are hashed."""
AHEAD_BYTES = 16 << 20
"""The distance that the disk reads ahead."""


NewHasher: TypeAlias = "Callable[[str], Hasher]"
"""Creates a hasher for an algorithm of ``core.values.digests``."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading a file: its state before, its digests and its blocks' checksums."""

    state: FileState
    digests: tuple[Digest, ...]
    blocks: BlockChecksums

    @property
    def sha256(self) -> Digest:
        """The SHA-256, which every reading has."""
        return next(digest for digest in self.digests if digest.algorithm == "sha256")


def read_through(
    path: Path,
    algorithms: Sequence[str],
    new_hasher: NewHasher,
    *,
    block_size: int | None = None,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Reading:
    """Reads the file.

    Args:
        path: The file; a symbolic link is followed.
        algorithms: The algorithms to compute in addition to SHA-256.
        new_hasher: Creates a hasher.
        block_size: The block size in bytes; by default that of a journal for such a file.
        on_bytes: Called with the number of bytes read. An exception from it ends the reading.

    Raises:
        OSError: It can't be read.
        ReferenceSyntaxError: An algorithm is unknown, or its package isn't installed.
    """
    names = ("sha256", *sorted(set(algorithms) - {"sha256"}))
    hashers = [new_hasher(name) for name in names]
    with path.open("rb", buffering=0) as file, ThreadPoolExecutor(1, "digest") as beside:
        state = state_of(file)
        blocks = _Blocks(block_size or block_size_for(state.size))
        buffers = deque(memoryview(bytearray(min(READ_BYTES, max(1, state.size)))) for _ in range(_BUFFERS))
        under_way: deque[Future[None]] = deque()
        position = 0
        _expect(file, 0)
        while count := file.readinto(buffers[0]):
            piece = buffers[0][:count]
            under_way.append(beside.submit(_update, hashers, piece))
            position += count
            _expect(file, position)
            blocks.update(piece)
            on_bytes(count)
            buffers.rotate(-1)
            if len(under_way) == _BUFFERS:
                under_way.popleft().result()  # frees the next buffer
        for one in under_way:
            one.result()
    digests = tuple(Digest(name, hasher.hexdigest()) for name, hasher in zip(names, hashers, strict=True))
    return Reading(state, digests, blocks.finish(position))


def _update(hashers: Sequence[Hasher], piece: memoryview) -> None:
    for hasher in hashers:
        hasher.update(piece)


def _expect(file: FileIO, position: int) -> None:
    """Asks the system to read ahead, if it supports that (posix_fadvise(2))."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), position, AHEAD_BYTES, os.POSIX_FADV_WILLNEED)


class _Blocks:
    """Computes the checksums of consecutive blocks from pieces of any size."""

    def __init__(self, block_size: int) -> None:
        self._block_size = block_size
        self._checksums: list[int] = []
        self._hasher = xxh3_64()
        self._filled = 0

    def update(self, piece: memoryview) -> None:
        while piece:
            part = piece[: self._block_size - self._filled]
            self._hasher.update(part)
            self._filled += len(part)
            if self._filled == self._block_size:
                self._end_block()
            piece = piece[len(part) :]

    def finish(self, length: int) -> BlockChecksums:
        if self._filled:
            self._end_block()
        return BlockChecksums.of(self._block_size, length, self._checksums)

    def _end_block(self) -> None:
        self._checksums.append(self._hasher.intdigest())
        self._hasher.reset()
        self._filled = 0
