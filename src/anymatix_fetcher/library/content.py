"""The content of files: their digests, and byte-by-byte comparison."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.file_state import FileState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from io import FileIO
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Hasher

READ_BYTES = 4 << 20
HASHABLE = {"sha256", "sha384", "sha512", *(("blake3",) if find_spec("blake3") else ())}
"""The strong algorithms that can be computed: those of the standard library, and BLAKE3 if it is installed."""


def hasher_for(algorithm: str) -> Hasher:
    """A hasher for an algorithm of :data:`HASHABLE`."""
    if algorithm != "blake3":
        return hashlib.new(algorithm, usedforsecurity=False)
    import blake3  # noqa: PLC0415 - optional, and seldom needed

    return blake3.blake3()


def digest_of(
    path: Path, algorithm: str = "sha256", *, on_bytes: Callable[[int], None] = lambda _: None
) -> tuple[Digest, FileState]:
    """The digest of a file, and its state; see :func:`digests_of`."""
    (digest,), state = digests_of(path, [algorithm], on_bytes=on_bytes)
    return digest, state


def digests_of(
    path: Path, algorithms: Collection[str], *, on_bytes: Callable[[int], None] = lambda _: None
) -> tuple[tuple[Digest, ...], FileState]:
    """The digests of a file, read once, and its state before reading, which reveals a change meanwhile.

    Args:
        path: The file.
        algorithms: Algorithms of :data:`HASHABLE`.
        on_bytes: Called with the number of bytes read. An exception from it ends the reading.

    Raises:
        OSError: The file can't be read.
    """
    hashers = {name: hasher_for(name) for name in algorithms}
    buffer = memoryview(bytearray(READ_BYTES))
    with path.open("rb", buffering=0) as file:
        state = state_of(file)
        while count := file.readinto(buffer):
            for hasher in hashers.values():
                hasher.update(buffer[:count])
            on_bytes(count)
    return tuple(Digest(name, hasher.hexdigest()) for name, hasher in hashers.items()), state


def same_bytes(first: Path, second: Path, *, on_bytes: Callable[[int], None] = lambda _: None) -> bool:
    """Whether both files have the same content, all of which is read.

    Raises:
        OSError: One of them can't be read.
    """
    ours, theirs = memoryview(bytearray(READ_BYTES)), memoryview(bytearray(READ_BYTES))
    with ExitStack() as stack:
        one, other = (stack.enter_context(path.open("rb", buffering=0)) for path in (first, second))
        while True:
            count = _fill(one, ours)
            if count != _fill(other, theirs) or ours[:count] != theirs[:count]:
                return False
            if count == 0:
                return True
            on_bytes(count)


def state_of(file: FileIO) -> FileState:
    """The state of an open file."""
    return FileState.of(os.fstat(file.fileno()))


def _fill(file: FileIO, buffer: memoryview) -> int:
    filled = 0
    while filled < len(buffer) and (count := file.readinto(buffer[filled:])):
        filled += count
    return filled
