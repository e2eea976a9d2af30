"""The part file of one download as the driver uses it: opened, continued, looked into, and published."""

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
    """The part file of one download, what another program has left for it, and the appraisal of its content.

    Args:
        job: What the caller wants.
        reference: What the part file is for.
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
        """The file itself, where it is open."""
        return self._store

    @property
    def store(self) -> Store:
        """The file itself, which is open."""
        if self._store is None:
            raise AssertionError("the machine uses the part file before it is open")
        return self._store

    @property
    def note(self) -> str:
        """How far a takeover is; empty where there is none."""
        return self._takeover.note(self._store)

    @property
    def warning(self) -> str:
        """What is to be said of the file's content; mostly empty."""
        return self._appraisal.warning if self._appraisal is not None else ""

    @property
    def hashed_bytes(self) -> int:
        """How many bytes the digests have been reckoned of."""
        return self._store.hashed_bytes if self._store is not None else 0

    @property
    def is_worthless(self) -> bool:
        """Whether all that is here is no model."""
        return self._appraisal is not None and self._appraisal.found_worthless

    # What another program has left ------------------------------------------------------------------------

    def finds(self, destination: Path) -> bool:
        """Looks at what another program has left for ``destination``; whether there is something to be copied.

        Raises:
            StorageError: What the caller names isn't there.
        """
        return self._takeover.finds(destination)

    @property
    def replaces(self) -> bool:
        """Whether what is at the destination is the unfinished file itself."""
        return self._takeover.replaces

    def taken_over(self) -> Store:
        """What another program left has been copied: the file, which is ready now."""
        self._takeover.end()
        return self.store

    # While it fills ---------------------------------------------------------------------------------------

    def open(self, path: Path, name: str, *, by_response: bool) -> Store | None:
        """Opens it; ``None`` where something has to be copied into it before it is ready.

        Args:
            path: The destination.
            name: What the file is called.
            by_response: Whether a response has said how long the file is, and how it is called.
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
        """What it has found out about blocks that came again."""
        return self._store.compared() if self._store is not None else []

    def forget(self, blocks: SpanSet) -> None:
        """``blocks`` have to come again."""
        self.store.forget(blocks)
        if self._appraisal is not None and 0 in blocks:
            self._appraisal.begin_anew()

    def look(self) -> m.ContentRefused | None:
        """Holds the first bytes against the file's name, once they are here; why they are refused, if they are."""
        if self._appraisal is None or not self._appraisal.is_looking or self._machine.is_in_doubt:
            return None
        return self._appraisal.look(self._machine.coverage.stored.front(), self._machine.length)

    # When it is full --------------------------------------------------------------------------------------

    def scan(self) -> bool:
        """Begins to look for what a pickle would import; false where there is nothing to look for."""
        return self._appraisal is not None and self._appraisal.scan(self._machine.length or 0)

    def scanned(self, found: Scanned) -> m.ContentRefused | None:
        """It was looked for; why the file is refused, if it is."""
        return self._appraisal.scanned(found) if self._appraisal is not None else None

    def publish(self, named_by: Digest | None, path: Path | None) -> None:
        """Gives the file its name.

        Raises:
            DestinationExistsError: The unfinished file that is replaced was changed meanwhile.
        """
        self._takeover.check_unchanged()
        self.store.publish(named_by, path)

    def withdraw(self) -> bool:
        """Whether nothing is published any more; false where it is too late for that."""
        return self._store is None or self._store.withdraw()

    def tidy(self) -> None:
        """The file is published: what another program left for it goes."""
        self._takeover.tidy()

    # The end ----------------------------------------------------------------------------------------------

    def discard(self) -> None:
        """The file was found elsewhere: the part file goes."""
        if self._store is not None:
            let_go(self._subject, self._store.discard)  # litter that can't be removed does no harm

    def close(self, *, is_litter: bool, is_known: bool) -> None:
        """Lets go of it.

        Args:
            is_litter: Whether what is in it is worth nothing.
            is_known: Whether the next run will know the file without the journal.
        """
        held: list[Callable[[], object]] = []
        if self._appraisal is not None:
            held.append(self._appraisal.abandon)
        if self._store is not None:
            held += [self._store.discard, self._store.close] if is_litter else [self._store.close]
            held += [self._store.tidy] if is_known else []
        let_go(self._subject, *held)
