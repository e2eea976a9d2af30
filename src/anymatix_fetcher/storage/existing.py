"""A file that is at the destination already: its digests, to tell whether it is the one that is wanted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xxhash import xxh3_64

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.storage.checksums import READ_BYTES
from anymatix_fetcher.storage.hashing import STEP_BYTES, new_hasher
from anymatix_fetcher.storage.workers import Step, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.messages import StorageFailed
    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.storage.workers import Next


@dataclass(frozen=True, slots=True)
class ExistingRead:
    """What the file is that was at the destination.

    Args:
        digests: Of its content.
        size: In bytes.
        is_as_recorded: Whether each of its blocks is what a journal says; false where none was to be compared.
    """

    digests: tuple[Digest, ...]
    size: int
    is_as_recorded: bool = False


class ExistingReader:
    """A task that hashes a file; answered by ``ExistingRead`` or ``StorageFailed``.

    Args:
        path: The file, which is opened at once.
        disk: Where it is.
        algorithms: What to compute beside SHA-256.
        report: Takes the answer, from the worker's thread.
        recorded: The checksums of blocks that it is compared with.

    Raises:
        StorageError: It can't be opened.
    """

    def __init__(
        self,
        path: Path,
        disk: Disk,
        algorithms: Iterable[str],
        report: Callable[[ExistingRead | StorageFailed], None],
        *,
        recorded: BlockChecksums | None = None,
    ) -> None:
        self._path = path
        self._algorithms = ("sha256", *sorted(set(algorithms) - {"sha256"}))
        self._hashers = [new_hasher(name) for name in self._algorithms]
        self._report = report
        self._comparing = BlockComparison(recorded) if recorded is not None else None
        self._position = 0
        self._buffer = memoryview(bytearray(READ_BYTES))
        with storage_errors(path):
            self._file = disk.open_to_read(path)

    def step(self) -> Next:
        """Implements ``Task.step``."""
        for _ in range(STEP_BYTES // READ_BYTES):
            count = self._file.read_into(self._position, self._buffer)
            if count == 0:
                self.close()
                digests = zip(self._algorithms, self._hashers, strict=True)
                found = tuple(Digest(name, hasher.hexdigest()) for name, hasher in digests)
                same = self._comparing is not None and self._comparing.is_same(self._position)
                self._report(ExistingRead(found, self._position, is_as_recorded=same))
                return Step.DONE
            for hasher in self._hashers:
                hasher.update(self._buffer[:count])
            if self._comparing is not None:
                self._comparing.update(self._buffer[:count])
            self._position += count
        return Step.MORE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        self.close()
        self._report(failure(error, self._path))

    def close(self) -> None:
        """Frees the file; no step may be running. What closing tells is about writing, and nothing was written."""
        with suppress(OSError):
            self._file.close()


class BlockComparison:
    """Compares a file that is read from its beginning with what is recorded of its blocks.

    Args:
        recorded: Their checksums.
    """

    def __init__(self, recorded: BlockChecksums) -> None:
        self._recorded = recorded
        self._hasher = xxh3_64()
        self._position = 0
        self._is_same = True

    def update(self, data: memoryview) -> None:
        """Goes over the next bytes."""
        while data and self._is_same:
            index = self._position // self._recorded.block_size
            if index >= self._recorded.count:
                self._is_same = False
                return
            stop = self._recorded.span(index).stop
            piece = data[: stop - self._position]
            self._hasher.update(piece)
            self._position += len(piece)
            data = data[len(piece) :]
            if self._position == stop:
                self._is_same = self._hasher.intdigest() == self._recorded.checksum(index)
                self._hasher = xxh3_64()

    def is_same(self, size: int) -> bool:
        """Whether a file of ``size`` bytes, all of which it has gone over, is the recorded one."""
        return self._is_same and size == self._recorded.length
