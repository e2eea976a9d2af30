"""The lease of one download on its destination: waiting for it, and checking a file that is already there."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.holder import HEARTBEAT_SECONDS, Holder
from anymatix_fetcher.errors import DestinationExistsError, DestinationLockedError
from anymatix_fetcher.storage.existing import ExistingReader
from anymatix_fetcher.storage.leftovers import read_header, read_published
from anymatix_fetcher.storage.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.messages import StorageFailed
    from anymatix_fetcher.core.values.ports import Lock
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.storage.existing import ExistingRead
    from anymatix_fetcher.storage.workers import Worker

log = logging.getLogger("anymatix_fetcher.engine")


class Lease:
    """The lease of one download on one destination. There is at most one writer at a time, across processes.

    Args:
        destination: The absolute path of the destination.
        reference: The reference to fetch.
        ports: The lock, the disk, the workers and the clock.

    Attributes:
        destination: The absolute path of the destination.
        holder: The other process that has the lease; ``None`` unless this one waits for it.
    """

    def __init__(self, destination: Path, reference: str, ports: Ports) -> None:
        self.destination = destination
        self.holder: Holder | None = None
        self._reference = reference
        self._ports = ports
        self._lock: Lock | None = None
        self._shown_at = 0.0
        self._waited_for_same = self._is_recorded = self._has_journal = False
        self._reader: ExistingReader | None = None
        self._worker: Worker | None = None

    @property
    def reads_existing(self) -> bool:
        """Whether the existing file is being read."""
        return self._reader is not None

    def try_acquire(self) -> bool:
        """Acquires the lease if it is free; otherwise checks its holder's progress.

        Raises:
            DestinationLockedError: The holder shows no sign of life any more.
            DestinationExistsError: Another download of the same call has written the destination.
            StorageError: The folder can't be created, or the lock can't be opened.
        """
        if self._lock is None:
            self._lock = self._ports.lock(self.destination)
        if not self._lock.try_acquire():
            if self.holder is None:
                log.info("another process downloads to %s; waiting for it", self.destination)
                self.holder = Holder(self.destination, self._reference, self._lock, self._ports.disk, self._ports.clock)
            self.holder.look()
            return False
        self._waited_for_same = self.holder is not None and self.holder.same_reference
        self.holder = None
        self._shown_at = self._ports.clock()
        if self._ports.brought is not None:
            self._ports.brought.check(self.destination, self._reference)
        return True

    def waits(self) -> bool:
        """Whether another process has the lease. If this process has it, its heartbeat is renewed.

        Has to be called repeatedly.
        """
        now = self._ports.clock()
        if self._lock is not None and self.holder is None and now - self._shown_at >= HEARTBEAT_SECONDS:
            self._shown_at = now
            self._lock.show_life()
        return self.holder is not None

    def finds_something(self) -> bool:
        """Whether something is at the destination. Removes the part file if it is a second link to the same file.

        A process that is killed between linking the file and unlinking the part file leaves both.
        """
        disk, part = self._ports.disk, Places.of(self.destination).part
        is_there = disk.kind(self.destination) is not None
        if is_there and disk.same_file(self.destination, part):
            with suppress(OSError):
                disk.remove(part)
        return is_there

    def check_held(self) -> None:
        """Checks before publishing that the lease is still held.

        Raises:
            DestinationLockedError: The lock was removed, and another process may be writing there.
        """
        if self._lock is None or not self._lock.is_held():
            raise DestinationLockedError(
                f"the lock of {self.destination} was removed while it was being written",
                hint="Let no program remove .part.lock files, then run the same command again.",
            )

    def read_existing(self, wanted: Sequence[Digest], report: Callable[[ExistingRead | StorageFailed], None]) -> None:
        """Starts to read the existing file if it may be the wanted one; ``report`` receives the result.

        Raises:
            DestinationExistsError: There is nothing to compare it with.
            StorageError: It can't be opened.
        """
        recorded = read_published(self.destination, self._reference, self._ports.disk)
        self._is_recorded = recorded is not None
        if not (self._waited_for_same or wanted or self._is_recorded):
            raise DestinationExistsError(
                f"{self.destination} is there already",
                hint=(
                    "--overwrite replaces it; -o NAME chooses another name; "
                    "with --sha256 HEX a file that has the digest counts as done."
                ),
            )
        algorithms = {digest.algorithm for digest in wanted}
        self._reader = ExistingReader(self.destination, self._ports.disk, algorithms, report, recorded=recorded)
        self._worker = self._ports.workers.start(self._reader)

    def check_existing(self, found: ExistingRead, wanted: Sequence[Digest]) -> None:
        """Compares the existing file with the expected digests.

        Raises:
            DestinationExistsError: It has other content.
        """
        actual = {digest.algorithm: digest for digest in found.digests}
        if any(actual.get(digest.algorithm) != digest for digest in wanted):
            raise DestinationExistsError(
                f"{self.destination} is there already, and has another digest than {wanted[0]}",
                hint="--overwrite replaces it; -o NAME chooses another name.",
            )
        if self._is_recorded and not (wanted or found.is_as_recorded):
            raise DestinationExistsError(
                f"{self.destination} is there already, and was changed since it was downloaded",
                hint="--overwrite replaces it; -o NAME chooses another name.",
            )

    def stop_reading(self) -> None:
        """Stops reading the existing file."""
        if self._worker is not None:
            self._worker.stop()
        if self._reader is not None:
            self._reader.close()

    def drop_part(self) -> None:
        """Removes an earlier run's part file, because the file arrived without it."""
        places = Places.of(self.destination)
        header = read_header(places.journal, self._ports.disk)
        self._has_journal = header is not None and header.is_for(self._reference)
        if self._has_journal:
            with suppress(OSError):  # a file that can't be removed does no harm
                self._ports.disk.remove(places.part)

    def release(self, published: Path | None = None, *, is_known: bool = False) -> None:
        """Releases the lease.

        Args:
            published: The published file; ``None`` after a failure.
            is_known: Whether the next run recognizes the file without the journal of an earlier part file.
        """
        try:
            if published is not None:
                self._succeed(published, is_known=is_known)
        finally:
            if self._lock is not None:
                self._lock.release()

    def _succeed(self, published: Path, *, is_known: bool) -> None:
        """Records the destination, and removes the journal of the part file that :meth:`drop_part` has removed."""
        if self._ports.brought is not None:
            self._ports.brought.add(published, self._reference)
        if self._has_journal and is_known:
            with suppress(OSError):
                self._ports.disk.remove(Places.of(self.destination).journal)
