"""The destination of one download: its lease, the search for local copies, its part file, and what was read of it.

It connects the driver with storage and library, and makes no decisions about the download itself.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import choose_name
from anymatix_fetcher.engine.facts import Status
from anymatix_fetcher.engine.failing import let_go
from anymatix_fetcher.engine.lease import Lease
from anymatix_fetcher.engine.shelving import Shelving
from anymatix_fetcher.engine.unfinished import UnfinishedFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.machine.download import Download
    from anymatix_fetcher.core.values import messages as m
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.facts import Job, Result
    from anymatix_fetcher.engine.holder import Holder
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.engine.scanned import Scanned
    from anymatix_fetcher.engine.shelf import Recorded, Searched
    from anymatix_fetcher.library.wanted import Found
    from anymatix_fetcher.storage.existing import ExistingRead
    from anymatix_fetcher.storage.leftovers import Leftovers
    from anymatix_fetcher.storage.store import Store
    from anymatix_fetcher.storage.takeover import TakenOver


class Destination:
    """The destination of one download, and what is there.

    Args:
        job: The job.
        resource: The resolved reference.
        machine: Knows what the file has to be.
        ports: The shelf, the disk, the lock and the workers.
        report: Takes events from other threads to the session's loop.
        leftovers: The part files of earlier runs.

    Attributes:
        digests: The digests of the whole file, computed here.
        verified_at: The time at which they were computed.
        part: The part file.
    """

    def __init__(
        self,
        job: Job,
        resource: Resource,
        machine: Download,
        ports: Ports,
        *,
        report: Callable[[m.Event | ExistingRead | Searched | Recorded | Scanned | TakenOver], None],
        leftovers: Leftovers,
    ) -> None:
        self.digests: tuple[Digest, ...] = ()
        self.verified_at: float | None = None
        self.part = UnfinishedFile(job, resource.reference, machine, ports, report)
        self._settings = job.settings
        self._resource = resource
        self._machine = machine
        self._ports = ports
        self._report = report
        self._leftovers = leftovers
        self._shelving = Shelving(job, resource, ports, report)
        self._lease: Lease | None = None
        self._subject = job.shown_reference
        self._awaits_response = True
        self._is_guess = False
        self._found_at: Path | None = None

    # How it stands ----------------------------------------------------------------------------------------

    @property
    def name(self) -> str | None:
        """The file's name; ``None`` while it is unknown."""
        if self._found_at is not None:
            return self._found_at.name
        if self._lease is None or self._shelving.place.is_named_by_content:
            return self._shelving.name
        return self._lease.destination.name

    @property
    def path(self) -> Path | None:
        """The path of the file or of the leased destination; ``None`` while neither is known."""
        return self._found_at or (self._lease.destination if self._lease is not None else None)

    @property
    def is_leased(self) -> bool:
        """Whether the destination is known, and its lease is held or waited for."""
        return self._lease is not None

    @property
    def holder(self) -> Holder | None:
        """The other process that has the lease; ``None`` unless this one waits for it."""
        return self._lease.holder if self._lease is not None else None

    @property
    def is_reading(self) -> bool:
        """Whether a local file is being read."""
        return self._reads_existing or bool(self._shelving.note)

    @property
    def is_busy(self) -> bool:
        """Whether the download has to wait: another process has the lease, or local files are searched or read."""
        return self.holder is not None or self._reads_existing or self._shelving.is_searching

    @property
    def keeps_back(self) -> bool:
        """Whether the machine's commands wait for a search."""
        return self._shelving.keeps_back

    @property
    def note(self) -> str:
        """The current slow activity, for people; otherwise empty."""
        return self._shelving.note or self.part.note

    @property
    def place_note(self) -> str:
        """A remark about the destination; usually empty."""
        return self._shelving.place.note

    @property
    def _reads_existing(self) -> bool:
        return self._lease is not None and self._lease.reads_existing

    # Before anything is asked for -------------------------------------------------------------------------

    def choose(self) -> Path | None:
        """Chooses the folder. Returns the destination if it is known without a response and should be leased first.

        Raises:
            FetchError: No folder can be chosen.
        """
        self._shelving.choose()
        known, place = self._shelving.destination, self._shelving.place
        if known is None and not place.is_named_by_content:
            known = self._leftovers.find(place.folder, self._resource.reference)
        if known is None or self.part.finds(known.absolute()):
            return None  # the response tells whether another program's partial file is of the same file
        return known.absolute()

    def look_ahead(self) -> bool:
        """Starts a search before the name is known; false if there is nothing to search for."""
        return self._shelving.destination is None and self._shelving.look_ahead(self._machine)

    def for_response(self, command: m.OpenStorage) -> Path:
        """The destination for the name in the response, unless the resource has a name.

        Raises:
            StorageError: A symbolic link leads out of the folder.
        """
        self._awaits_response = False
        name = self._resource.name or choose_name(command.head.headers, command.url.last_segment, self._fallback)
        return self._shelving.working(name).absolute()

    @property
    def _fallback(self) -> str:
        """A fallback name, the same in every run."""
        return f"download-{hashlib.sha256(self._resource.url.reveal().encode()).hexdigest()[:8]}"

    # The lease --------------------------------------------------------------------------------------------

    def acquire(self, path: Path, *, has_looked: bool = False) -> Store | None:
        """Requests the lease on ``path``; returns the part file if it can be opened at once.

        Args:
            path: The destination.
            has_looked: Whether another program's partial file was already looked for.
        """
        self._shelving.place.check(path)
        self._lease = Lease(path, self._resource.reference, self._ports)
        return self._try_acquire(self._lease, has_looked=has_looked)

    def waits(self) -> bool:
        """Whether another process has the lease. If this process has it, its heartbeat is renewed."""
        return self._lease is not None and self._lease.waits()

    def try_again(self) -> Store | None:
        """Tries to acquire the lease again; returns the part file if it can be opened at once."""
        return self._try_acquire(self._lease) if self._lease is not None else None

    def _try_acquire(self, lease: Lease, *, has_looked: bool = False) -> Store | None:
        if not lease.try_acquire():
            return None
        if not has_looked:
            self.part.finds(lease.destination)
        is_there = self._is_there(lease)
        replaces = self.part.replaces
        if not replaces and self._shelving.search(lease.destination, self._machine, is_there=is_there):
            return None
        return self._use(lease, is_there=is_there)

    def _use(self, lease: Lease, *, is_there: bool) -> Store | None:
        """Reads the existing file, or opens the part file. The lease is held and no local copy is known."""
        if is_there:
            lease.read_existing(self._machine.digests, self._report)
            return None
        path = lease.destination
        return self.part.open(path, self.name or path.name, by_response=not self._awaits_response)

    @property
    def awaits_response(self) -> bool:
        """Whether no response has asked for the part file yet."""
        return self._awaits_response

    def _is_there(self, lease: Lease) -> bool:
        """Whether something is at the destination that mustn't be replaced."""
        may_go = self._settings.overwrite or self.part.replaces
        return not may_go and lease.finds_something()

    def check_existing(self, event: ExistingRead) -> None:
        """Compares the existing file, which was read, with the wanted one.

        Raises:
            DestinationExistsError: It has other content.
        """
        if self._lease is None:
            raise AssertionError("a file is read for a lease only")
        self.have_read(event.digests)
        self._lease.check_existing(event, self._machine.digests)

    def check_held(self) -> None:
        """Checks before publishing that the lease is still held.

        Raises:
            DestinationLockedError: The lock was removed.
        """
        if self._lease is not None:
            self._lease.check_held()

    # The search -------------------------------------------------------------------------------------------

    def keep_back(self, commands: list[m.Command]) -> bool:
        """Whether ``commands`` wait for a search, because a response has stated a digest and a copy may be local."""
        if self._lease is None or self.part.opened is None or self._machine.is_over or self.part.replaces:
            return False
        return self._shelving.keep_back(commands, self._lease.destination, self._machine)

    def searched(self, event: Searched) -> list[m.Command]:
        """Takes the result of a search; returns the commands that waited for it."""
        return self._shelving.searched(event)

    @property
    def looks_ahead(self) -> bool:
        """Whether the current search started before the file's name was known."""
        return self._shelving.looks_ahead

    def guess(self, event: Searched) -> Path | None:
        """The destination for the name in the URL, if a local copy is likely and the name isn't known yet."""
        guessed = self._shelving.guessed() if event.found is None and event.is_likely else None
        self._is_guess = guessed is not None
        return guessed.absolute() if guessed is not None else None

    def gives_up_guess(self) -> bool:
        """Releases a guessed destination, because the likely copy can't be used. False if it wasn't a guess.

        The name then comes from the response.
        """
        if not self._is_guess or self._lease is None:
            return False
        self._is_guess = False
        self._lease.release()
        self._lease = None
        return True

    def use(self) -> Store | None:
        """Opens the part file after an unsuccessful search, if it can be opened at once."""
        return self._use(self._lease, is_there=self._is_there(self._lease)) if self._lease is not None else None

    def take(self, found: Found) -> None:
        """Takes a file that was found locally, and removes the part file."""
        self.part.discard()
        self.digests, self.verified_at, self._found_at = found.digests, found.verified_at, found.path

    # The file ---------------------------------------------------------------------------------------------

    def have_read(self, digests: tuple[Digest, ...]) -> None:
        """Records the digests of the whole file, which has just been read."""
        self.digests, self.verified_at = digests, self._ports.wall_clock()

    def publish(self) -> None:
        """Publishes the file.

        Raises:
            DestinationExistsError: The partial file to replace was changed meanwhile.
        """
        named_by, final = self._shelving.final(self.digests)
        self.part.publish(named_by, final)
        self._found_at = final

    # The end ----------------------------------------------------------------------------------------------

    def record(self, result: Result, *, is_recorded: bool) -> bool:
        """Records the file and removes what isn't needed. Returns whether ``Recorded`` will follow."""
        # A file that was found locally didn't use the part file.
        store = self.part.opened if result.status in (Status.DOWNLOADED, Status.RESUMED) else None
        if store is not None:
            let_go(self._subject, self.part.tidy)
        elif self._lease is not None:
            let_go(self._subject, self._lease.drop_part)
        verified_at = self.verified_at
        return self._shelving.record(
            result, self.digests, verified_at=verified_at, store=store, is_recorded=is_recorded
        )

    def release(self, path: Path | None, *, is_litter: bool, is_known: bool) -> None:
        """Releases everything.

        Args:
            path: The published file; ``None`` after a failure.
            is_litter: Whether the part file's content is worthless.
            is_known: Whether the next run recognizes the file without the journal.
        """
        let_go(self._subject, self._shelving.stop)
        if self._lease is not None:
            let_go(self._subject, self._lease.stop_reading)
        self.part.close(is_litter=is_litter, is_known=is_known)
        if self._lease is not None:
            let_go(self._subject, partial(self._lease.release, path, is_known=is_known))
