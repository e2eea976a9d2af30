"""The part file of one download: opened, continued, checked, and published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.engine.appraisal import Appraisal
from anymatix_fetcher.engine.failing import let_go
from anymatix_fetcher.engine.takeover import Takeover

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.machine.download import Download
    from anymatix_fetcher.core.values import messages as m
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.spans import SpanSet
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.engine.scanned import Scanned
    from anymatix_fetcher.storage.store import Store
    from anymatix_fetcher.storage.takeover import TakenOver


class UnfinishedFile:
    """The part file of one download, another program's partial file for it, and the check of its content.

    Args:
        job: The job.
        reference: The reference that the part file is for.
        machine: Knows what the file has to be.
        ports: The disk and the workers.
        report: Takes events from other threads to the session's loop.
    """

    def __init__(
        self,
        job: Job,
        reference: str,
        machine: Download,
        ports: Ports,
        report: Callable[[m.Event | Scanned | TakenOver], None],
    ) -> None:
        self._settings = job.settings
        self._subject = job.shown_reference
        self._reference = reference
        self._machine = machine
        self._ports = ports
        self._report = report
        self._takeover = Takeover(job.settings.adopt_partial, ports.disk)
        self._store: Store | None = None
        self._appraisal: Appraisal | None = None

    @property
    def opened(self) -> Store | None:
        """The store, if it is open."""
        return self._store

    @property
    def store(self) -> Store:
        """The open store."""
        if self._store is None:
            raise AssertionError("the machine uses the part file before it is open")
        return self._store

    @property
    def note(self) -> str:
        """The progress of a takeover; otherwise empty."""
        return self._takeover.note(self._store)

    @property
    def warning(self) -> str:
        """A warning about the file's content; usually empty."""
        return self._appraisal.warning if self._appraisal is not None else ""

    @property
    def hashed_bytes(self) -> int:
        """The number of bytes that are hashed."""
        return self._store.hashed_bytes if self._store is not None else 0

    @property
    def is_worthless(self) -> bool:
        """Whether the content is no model."""
        return self._appraisal is not None and self._appraisal.found_worthless

    # What another program has left ------------------------------------------------------------------------

    def finds(self, destination: Path) -> bool:
        """Looks for another program's partial file for ``destination``; returns whether there is something to copy.

        Raises:
            StorageError: The named file doesn't exist.
        """
        return self._takeover.finds(destination)

    @property
    def replaces(self) -> bool:
        """Whether the partial file is at the destination itself."""
        return self._takeover.replaces

    def taken_over(self) -> Store:
        """Marks the copying as finished; returns the store, which is ready now."""
        self._takeover.end()
        return self.store

    # While it fills ---------------------------------------------------------------------------------------

    def open(self, path: Path, name: str, *, by_response: bool) -> Store | None:
        """Opens the store; ``None`` if something has to be copied into it first.

        Args:
            path: The destination.
            name: The file's name.
            by_response: Whether a response has stated the file's length and name.
        """
        settings, machine = self._settings, self._machine
        if by_response:
            self._takeover.prepare(machine.length, machine.digests, overwrite=settings.overwrite)
        self._store = self._ports.open_store(
            path,
            reference=self._reference,
            disk=self._ports.disk,
            workers=self._ports.workers,
            report=self._report,
            algorithms=tuple(dict.fromkeys(digest.algorithm for digest in machine.digests)),
            overwrite=settings.overwrite,
            any_reference=settings.take_over,
            replaces=self._takeover.replaces,
        )
        self._appraisal = Appraisal(self._store, path, name, settings, self._report)
        is_copying = self._takeover.begin(self._store, machine.length, self._report)
        return None if is_copying else self._store

    def compared(self) -> list[m.BlockCompared | m.PartShortened]:
        """The results about blocks that were fetched again."""
        return self._store.compared() if self._store is not None else []

    def forget(self, blocks: SpanSet) -> None:
        """Forgets ``blocks``, which will be fetched again."""
        self.store.forget(blocks)
        if self._appraisal is not None and 0 in blocks:
            self._appraisal.begin_anew()

    def look(self) -> m.ContentRefused | None:
        """Checks the first bytes against the file's name once they are here; returns the refusal, if there is one."""
        if self._appraisal is None or not self._appraisal.is_looking or self._machine.is_in_doubt:
            return None
        return self._appraisal.look(self._machine.coverage.stored.front(), self._machine.length)

    # When it is full --------------------------------------------------------------------------------------

    def scan(self) -> bool:
        """Starts the scan of a pickle; false if there is nothing to scan."""
        return self._appraisal is not None and self._appraisal.scan(self._machine.length or 0)

    def scanned(self, found: Scanned) -> m.ContentRefused | None:
        """Takes the result of the scan; returns the refusal, if there is one."""
        return self._appraisal.scanned(found) if self._appraisal is not None else None

    def publish(self, named_by: Digest | None, path: Path | None) -> None:
        """Publishes the file.

        Raises:
            DestinationExistsError: The partial file to replace was changed meanwhile.
        """
        self._takeover.check_unchanged()
        self.store.publish(named_by, path)

    def withdraw(self) -> bool:
        """Prevents publication; false if it is too late."""
        return self._store is None or self._store.withdraw()

    def tidy(self) -> None:
        """Removes another program's partial file, because the file is published."""
        self._takeover.tidy()

    # The end ----------------------------------------------------------------------------------------------

    def discard(self) -> None:
        """Removes the part file, because the file was found elsewhere."""
        if self._store is not None:
            let_go(self._subject, self._store.discard)  # a file that can't be removed does no harm

    def close(self, *, is_litter: bool, is_known: bool) -> None:
        """Releases the store.

        Args:
            is_litter: Whether its content is worthless.
            is_known: Whether the next run recognizes the file without the journal.
        """
        held: list[Callable[[], object]] = []
        if self._appraisal is not None:
            held.append(self._appraisal.abandon)
        if self._store is not None:
            held += [self._store.discard, self._store.close] if is_litter else [self._store.close]
            held += [self._store.tidy] if is_known else []
        let_go(self._subject, *held)
