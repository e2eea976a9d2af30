"""Reads a file that is at the destination already, to determine whether it is the wanted one."""

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
    """The result of reading the file at the destination.

    Args:
        digests: Its digests.
        size: Its size in bytes.
        is_as_recorded: Whether each block has its checksum in the journal; false if there is nothing to compare with.
    """

    digests: tuple[Digest, ...]
    size: int
    is_as_recorded: bool = False


class ExistingReader:
    """A task that hashes a file; ends with ``ExistingRead`` or ``StorageFailed``.

    Args:
        path: The file, which is opened at once.
        disk: The file system.
        algorithms: The algorithms to compute in addition to SHA-256.
        report: Takes the result, from the worker's thread.
        recorded: The checksums of blocks to compare with.

    Raises:
        StorageError: The file can't be opened.
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
        """Closes the file; no step may be running. Errors of closing concern writes, and nothing was written."""
        with suppress(OSError):
            self._file.close()


class BlockComparison:
    """Compares a file that is read from its start with recorded checksums of its blocks.

    Args:
        recorded: The checksums.
    """

    def __init__(self, recorded: BlockChecksums) -> None:
        self._recorded = recorded
        self._hasher = xxh3_64()
        self._position = 0
        self._is_same = True

    def update(self, data: memoryview) -> None:
        """Takes the next bytes."""
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
        """Whether a file of ``size`` bytes, after all of them were passed to :meth:`update`, is the recorded one."""
        return self._is_same and size == self._recorded.length
