"""The follower: hashes the file's proved front while the rest arrives, so that the digest is there at the end."""

from __future__ import annotations

import hashlib
import zlib
from importlib.util import find_spec
from threading import Lock, local
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import HEX_LENGTHS, Digest
from anymatix_fetcher.core.values.messages import Verified
from anymatix_fetcher.errors import ReferenceSyntaxError, StorageError
from anymatix_fetcher.storage.checksums import READ_BYTES
from anymatix_fetcher.storage.workers import Step, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from anymatix_fetcher.core.values.messages import Event
    from anymatix_fetcher.core.values.ports import Hasher
    from anymatix_fetcher.storage.part_file import PartFile
    from anymatix_fetcher.storage.workers import Next

STEP_BYTES = 8 * READ_BYTES


class Crc32:
    """CRC-32 as in gzip and zip, as a :class:`Hasher`."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: memoryview, /) -> None:
        """Implements ``Hasher.update``."""
        self._value = zlib.crc32(data, self._value)

    def hexdigest(self) -> str:
        """Implements ``Hasher.hexdigest``."""
        return f"{self._value:08x}"


def computable() -> frozenset[str]:
    """The algorithms of ``core.digests`` that can be computed here: BLAKE3 where its package is installed."""
    return frozenset(HEX_LENGTHS) - (set() if find_spec("blake3") else {"blake3"})


def new_hasher(algorithm: str) -> Hasher:
    """A hasher for an algorithm of ``core.digests``.

    Raises:
        ReferenceSyntaxError: It isn't known, or its package isn't installed.
    """
    if algorithm == "crc32":
        return Crc32()
    if algorithm == "blake3":
        try:
            import blake3  # noqa: PLC0415 - not every platform has it
        except ImportError:
            raise ReferenceSyntaxError(
                "a BLAKE3 digest can't be checked: the package blake3 isn't installed",
                hint="There are no wheels for this platform; where there is a Rust compiler: pip install blake3.",
            ) from None
        hasher: Hasher = blake3.blake3()
        return hasher
    try:
        return hashlib.new(algorithm, usedforsecurity=False)
    except ValueError:
        raise ReferenceSyntaxError(f"a {algorithm} digest can't be checked: the algorithm isn't known") from None


class _Buffers(local):
    """Each thread's buffer to read with: many small files at a time shouldn't have one each, nor a new one each."""

    def __init__(self) -> None:
        self._buffer = memoryview(b"")

    def of(self, size: int) -> memoryview:
        """The thread's buffer, of at least ``size`` bytes."""
        if size > len(self._buffer):
            self._buffer = memoryview(bytearray(size))
        return self._buffer


_buffers = _Buffers()


class Follower:
    """A task that reads the part file's proved front back and hashes it: once, in order, and in bounded memory.

    Args:
        part: What to read.
        path: Where that is, for messages.
        algorithms: What to compute beside SHA-256.
        report: Takes ``Verified``, once for each :meth:`verify`, and ``StorageFailed``; from the worker's thread.

    Raises:
        ReferenceSyntaxError: An algorithm isn't known or not installed.
    """

    def __init__(
        self, part: PartFile, path: Path, *, algorithms: Iterable[str], report: Callable[[Event], None]
    ) -> None:
        self._part = part
        self._path = path
        self._report = report
        self._algorithms = ("sha256", *sorted(set(algorithms) - {"sha256"}))
        self._lock = Lock()
        self._wanted: int | None = None
        self._position = 0
        self._reaching = 0  # how far the step that is running may have read
        self._hashers: list[Hasher] = []
        self._restart()

    @property
    def hashed_bytes(self) -> int:
        """How far the digest has gone over the file."""
        return self._position

    def verify(self, length: int) -> None:
        """Asks for the digests of the first ``length`` bytes, all that the file has. Wake the worker afterwards."""
        with self._lock:
            self._wanted = length

    def rewind(self, offset: int) -> None:
        """What lies at ``offset`` will come anew: where that is hashed already, hashing starts again."""
        with self._lock:
            self._wanted = None
            if offset < self._reaching:
                self._restart()

    def verify_at_once(self, length: int) -> Verified | None:
        """The digests of the first ``length`` bytes, all that the file has; where no step runs.

        ``None`` where the file turns out to be shortened, so that it has to be proved again.

        Raises:
            StorageError: The file was shortened.
            OSError: It can't be read.
        """
        self._wanted = length
        while (answer := self._answer()) is None:
            if not self._hash_more():
                return None
        return answer

    def step(self) -> Next:
        """Implements ``Task.step``: hashes up to :data:`STEP_BYTES`."""
        if not self._hash_more():
            return Step.MORE  # rewound meanwhile: these hashers have seen what doesn't count any longer
        with self._lock:
            answer = self._answer()
            if answer is not None:
                self._report(answer)
            return Step.MORE if self._position < self._part.front else Step.IDLE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        self._report(failure(error, self._path))

    def _hash_more(self) -> bool:
        """Hashes on, up to :data:`STEP_BYTES`; false where that was rewound meanwhile."""
        with self._lock:
            hashers = self._hashers
            position = self._position
            self._reaching = stop = min(self._part.front, position + STEP_BYTES)
        buffer = _buffers.of(min(READ_BYTES, stop - position))
        while position < stop:
            piece = buffer[: min(READ_BYTES, stop - position)]
            if not self._part.read_into(position, piece):
                if not self._part.looks_whole():
                    return False
                raise StorageError(f"{self._path} was shortened by another program", hint="Start again.")
            for hasher in hashers:
                hasher.update(piece)
            position += len(piece)
            with self._lock:
                if self._hashers is not hashers:
                    return False
                self._position = position
        return True

    def _answer(self) -> Verified | None:
        """The answer to :meth:`verify`, once, when everything is hashed."""
        if self._position != self._wanted:
            return None
        self._wanted = None
        digests = zip(self._algorithms, self._hashers, strict=True)
        return Verified(tuple(Digest(name, hasher.hexdigest()) for name, hasher in digests))

    def _restart(self) -> None:
        self._hashers = [new_hasher(name) for name in self._algorithms]
        self._position = 0
        self._reaching = 0
