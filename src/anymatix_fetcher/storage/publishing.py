"""Publishing: the proved part file is synced and renamed to its final name.

If the name contains the content's hash and a file with that content exists, the new copy is deleted instead. The rename
is the commit point: later failures and cancellations don't undo it. The journal is kept until the file is recorded (see
:meth:`Store.tidy`), so that after a crash the next run recognizes the file.
"""

from __future__ import annotations

import errno
import logging
from contextlib import closing, contextmanager, suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import destination_exists, storage_error
from anymatix_fetcher.core.values.messages import Published
from anymatix_fetcher.core.values.ports import FileKind
from anymatix_fetcher.errors import StorageError, with_hint
from anymatix_fetcher.storage.disk import is_held
from anymatix_fetcher.storage.existing import ExistingRead, ExistingReader
from anymatix_fetcher.storage.workers import After, Step, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.messages import Event, StorageFailed
    from anymatix_fetcher.core.values.ports import Disk, RandomFile
    from anymatix_fetcher.storage.journal_file import JournalFile
    from anymatix_fetcher.storage.places import Places
    from anymatix_fetcher.storage.workers import Next

_logger = logging.getLogger("anymatix_fetcher.storage")

RETRY_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 3.0, 3.0)
"""The delays before each retry of the rename. Virus scanners close a new file within about 12 s."""

_LOST = "Check the disk and its cable, or the network share. What it may have lost is fetched again."


@contextmanager
def too_late_to_fail(path: Path) -> Iterator[None]:
    """A block after the rename of ``path``: its errors become warnings."""
    try:
        yield
    except (OSError, StorageError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        _logger.warning("%s: %s; the file itself is whole", path, reason or type(error).__name__)


class Publisher:
    """A task that publishes the file: sync, then rename.

    Args:
        disk: The file system.
        places: The paths.
        part: The open part file, which is closed in between.
        journal: The open journal, which is closed after the rename.
        overwrite: Whether to replace a file at the destination.
        named_by: The digest in the destination's name; an existing file that has it is kept.
        length: The expected size of the part file.
        distrust: Called after a failed sync, because the content of the disk is unknown then: the kernel may still show
            bytes that it has lost, so reading them back would prove nothing.
        report: Takes ``Published`` or ``StorageFailed``, from the worker's thread.
    """

    def __init__(
        self,
        disk: Disk,
        places: Places,
        *,
        part: RandomFile,
        journal: JournalFile,
        overwrite: bool,
        distrust: Callable[[], None],
        report: Callable[[Event], None],
        named_by: Digest | None = None,
        length: int = 0,
    ) -> None:
        self._disk = disk
        self._places = places
        self._part = part
        self._journal = journal
        self._move = disk.replace if overwrite else disk.move
        self._distrust = distrust
        self._report = report
        self._named_by = named_by
        self._length = length
        self._already_there = False
        self._reader: ExistingReader | None = None
        self._witness: RandomFile | None = None
        self._lock = Lock()
        self._is_withdrawn = self._is_named = False
        self._next: Callable[[], Next] = self._sync
        self._retries = iter(RETRY_SECONDS)

    def step(self) -> Next:
        """Implements ``Task.step``."""
        return self._next()

    def withdraw(self) -> bool:
        """Prevents publication; false if it is too late. May be called from any thread."""
        with self._lock:
            self._is_withdrawn = not self._is_named
            return self._is_withdrawn

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        self.close()
        self._report(failure(error, self._places.destination))

    def close(self) -> None:
        """Closes the files that were opened here; no step may be running."""
        if self._reader is not None:
            self._reader.close()
        if self._witness is not None:
            with suppress(OSError):
                self._witness.close()

    def _sync(self) -> Next:
        if self._disk.renames_open_files:
            self._witness = self._part.duplicate()
        try:
            self._part.sync()
            if not self._part.is_at(self._places.part):
                raise StorageError(
                    f"{self._places.part} was replaced or removed by another program",
                    hint="Start again; nothing is published.",
                )
            if self._part.size() < self._length:
                raise StorageError(
                    f"{self._places.part} was shortened by another program", hint="Start again; nothing is published."
                )
            self._part.close()
        except OSError as error:
            self._distrust()
            ours = storage_error(error, self._places.part)
            raise with_hint(ours, _LOST) if error.errno == errno.EIO else ours from error
        self._next = self._rename
        return Step.MORE

    def _rename(self) -> Next:
        with self._lock:
            if self._is_withdrawn:
                return Step.DONE
            self._is_named = True
        try:
            self._move(self._places.part, self._places.destination)
        except FileExistsError:
            self._is_named = False
            if self._named_by is None or self._disk.kind(self._places.destination) is not FileKind.FILE:
                raise destination_exists(self._places.destination) from None
            self._reader = ExistingReader(self._places.destination, self._disk, (), self._existing_read)
            self._next = partial(self._compare, self._reader)
            return Step.MORE
        except OSError as error:
            self._is_named = False
            wait_seconds = next(self._retries, None) if is_held(error) else None
            if wait_seconds is None:
                raise
            return After(wait_seconds)
        self._next = self._finish
        if self._witness is not None:
            self._check_moved(self._witness)
        return Step.MORE

    def _check_moved(self, witness: RandomFile) -> None:
        """Checks that the renamed file is ours; another program's file gets its name back.

        Raises:
            StorageError: It is another program's.
        """
        is_ours = True
        with too_late_to_fail(self._places.destination), closing(witness):
            is_ours = witness.is_at(self._places.destination)
        if is_ours:
            return
        with suppress(OSError):
            self._disk.move(self._places.destination, self._places.part)
        raise StorageError(
            f"{self._places.part} was replaced by another program just before it was published",
            hint="Let no other program write there, then start again.",
        )

    def _compare(self, reader: ExistingReader) -> Next:
        try:
            reader.step()
        except OSError as error:
            reader.fail(error)
        return Step.MORE

    def _existing_read(self, existing: ExistingRead | StorageFailed) -> None:
        if not isinstance(existing, ExistingRead) or self._named_by not in existing.digests:
            raise destination_exists(self._places.destination)
        self._already_there = self._is_named = True
        self._next = self._drop

    def _drop(self) -> Next:
        with too_late_to_fail(self._places.part):
            self._disk.remove(self._places.part)
        self._next = self._finish
        return Step.MORE

    def _finish(self) -> Next:
        with too_late_to_fail(self._places.destination.parent):
            self._disk.sync_folder(self._places.destination.parent)
        with too_late_to_fail(self._places.journal):
            self._journal.close()
        self._report(Published(already_there=self._already_there))
        return Step.DONE


def forget_for_good(forget: Callable[[], None], places: Places, disk: Disk, journal: JournalFile) -> None:
    """After a failed sync, the content of the disk is unknown: makes sure that no block counts for the next run."""
    try:
        forget()
    except OSError:  # the disk may be full, or gone
        try:
            journal.void()
        except OSError:
            for path in (places.part, places.journal):
                with suppress(OSError):
                    disk.remove(path)
