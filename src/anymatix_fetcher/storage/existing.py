"""A file that is at the destination already: its digests, to tell whether it is the one that is wanted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.core.disk_errors import storage_errors
from anymatix_fetcher.storage.hashing import STEP_BYTES, new_hasher
from anymatix_fetcher.storage.part_file import READ_BYTES
from anymatix_fetcher.storage.workers import Step, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from anymatix_fetcher.core.messages import StorageFailed
    from anymatix_fetcher.storage.disk import Disk
    from anymatix_fetcher.storage.workers import Next


@dataclass(frozen=True, slots=True)
class ExistingRead:
    """The digests and the size of the file that was at the destination."""

    digests: tuple[Digest, ...]
    size: int


class ExistingReader:
    """A task that hashes a file; answered by ``ExistingRead`` or ``StorageFailed``.

    Args:
        path: The file, which is opened at once.
        disk: Where it is.
        algorithms: What to compute beside SHA-256.
        report: Takes the answer, from the worker's thread.

    Raises:
        StorageError: It can't be opened.
    """

    def __init__(
        self,
        path: Path,
        disk: Disk,
        algorithms: Iterable[str],
        report: Callable[[ExistingRead | StorageFailed], None],
    ) -> None:
        self._path = path
        self._algorithms = ("sha256", *sorted(set(algorithms) - {"sha256"}))
        self._hashers = [new_hasher(name) for name in self._algorithms]
        self._report = report
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
                self._report(ExistingRead(found, self._position))
                return Step.DONE
            for hasher in self._hashers:
                hasher.update(self._buffer[:count])
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
