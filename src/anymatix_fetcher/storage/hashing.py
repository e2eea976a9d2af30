"""Hashes the part file's proved front while the rest arrives, so that the digests are ready at the end."""

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
    """The supported algorithms; BLAKE3 is among them if its package is installed."""
    return frozenset(HEX_LENGTHS) - (set() if find_spec("blake3") else {"blake3"})


def new_hasher(algorithm: str) -> Hasher:
    """A hasher for an algorithm of ``core.values.digests``.

    Raises:
        ReferenceSyntaxError: The algorithm is unknown, or its package isn't installed.
    """
    if algorithm == "crc32":
        return Crc32()
    if algorithm == "blake3":
        try:
            import blake3  # noqa: PLC0415 - optional
        except ImportError:
            raise ReferenceSyntaxError(
                "a BLAKE3 digest can't be checked: the package blake3 isn't installed",
                hint="There are no wheels for this platform. With a Rust compiler: pip install blake3.",
            ) from None
        hasher: Hasher = blake3.blake3()
        return hasher
    try:
        return hashlib.new(algorithm, usedforsecurity=False)
    except ValueError:
        raise ReferenceSyntaxError(
            f"a {algorithm} digest can't be checked: the algorithm isn't known", hint="Give a sha256 digest instead."
        ) from None


class _Buffers(local):
    """One read buffer for each thread, because one for each of many small files would cost memory and time."""

    def __init__(self) -> None:
        self._buffer = memoryview(b"")

    def of(self, size: int) -> memoryview:
        """The thread's buffer, at least ``size`` bytes long."""
        if size > len(self._buffer):
            self._buffer = memoryview(bytearray(size))
        return self._buffer


_buffers = _Buffers()


class Follower:
    """A task that reads the part file's proved front back and hashes it once, in order, in bounded memory.

    Args:
        part: The part file.
        path: Its path, for messages.
        algorithms: The algorithms to compute in addition to SHA-256.
        report: Takes ``Verified``, once for each :meth:`verify`, or ``StorageFailed``, from the worker's thread.

    Raises:
        ReferenceSyntaxError: An algorithm is unknown, or its package isn't installed.
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
        self._reaching = 0  # the end of what the running step may have read
        self._hashers: list[Hasher] = []
        self._restart()

    @property
    def hashed_bytes(self) -> int:
        """The number of bytes that are hashed."""
        return self._position

    def verify(self, length: int) -> None:
        """Requests the digests of the whole file, which has ``length`` bytes. The worker has to be woken afterwards."""
        with self._lock:
            self._wanted = length

    def rewind(self, offset: int) -> None:
        """Restarts hashing if ``offset`` was hashed already, because its bytes will be written again."""
        with self._lock:
            self._wanted = None
            if offset < self._reaching:
                self._restart()

    def verify_at_once(self, length: int) -> Verified | None:
        """The digests of the whole file, which has ``length`` bytes. No step may be running.

        ``None`` if the file was shortened, so that it has to be proved again.

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
            return Step.MORE  # rewound meanwhile: these hashers have seen bytes that no longer count
        with self._lock:
            answer = self._answer()
            if answer is not None:
                self._report(answer)
            return Step.MORE if self._position < self._part.front else Step.IDLE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        self._report(failure(error, self._path))

    def _hash_more(self) -> bool:
        """Hashes up to :data:`STEP_BYTES`; false if it was rewound meanwhile."""
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
        """The digests that :meth:`verify` requested, once everything is hashed."""
        if self._position != self._wanted:
            return None
        self._wanted = None
        digests = zip(self._algorithms, self._hashers, strict=True)
        return Verified(tuple(Digest(name, hasher.hexdigest()) for name, hasher in digests))

    def _restart(self) -> None:
        self._hashers = [new_hasher(name) for name in self._algorithms]
        self._position = 0
        self._reaching = 0
