"""The destination of one download: the claim to it, the search for what is here, its part file, what is read of it.

The driver tells it what the machine wants done there, and the machine what came of it; it decides nothing about the
download itself.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import choose_name
from anymatix_fetcher.engine.claim import Claim
from anymatix_fetcher.engine.facts import Status
from anymatix_fetcher.engine.failing import let_go
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
    """Where one download goes, and what is there.

    Args:
        job: What the caller wants.
        resource: What its reference resolved to.
        machine: Knows what the file has to be.
        ports: The shelf, the disk, the lock and the workers.
        report: Takes events from other threads to the session's loop.
        leftovers: What earlier runs have begun.

    Attributes:
        digests: What the whole file has, by reading it.
        verified_at: When that was.
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
        self._claim: Claim | None = None
        self._subject = job.shown_reference
        self._awaits_response = True
        self._is_guess = False
        self._found_at: Path | None = None

    # How it stands ----------------------------------------------------------------------------------------

    @property
    def name(self) -> str | None:
        """The file's name, as far as it is known."""
        if self._found_at is not None:
            return self._found_at.name
        if self._claim is None or self._shelving.place.is_named_by_content:
            return self._shelving.name
        return self._claim.destination.name

    @property
    def path(self) -> Path | None:
        """Where the file is, or shall be; while only its content would tell its name, where it is claimed."""
        return self._found_at or (self._claim.destination if self._claim is not None else None)

    @property
    def is_claimed(self) -> bool:
        """Whether it is known and claimed, or being claimed."""
        return self._claim is not None

    @property
    def holder(self) -> Holder | None:
        """The other process that has it; ``None`` unless that is waited for."""
        return self._claim.holder if self._claim is not None else None

    @property
    def is_reading(self) -> bool:
        """Whether a file that is here is being read."""
        return self._reads_existing or bool(self._shelving.note)

    @property
    def is_busy(self) -> bool:
        """Whether it has to be waited for: another process has it, or what is here is being looked for or read."""
        return self.holder is not None or self._reads_existing or self._shelving.is_searching

    @property
    def keeps_back(self) -> bool:
        """Whether what the machine wants waits for a search."""
        return self._shelving.keeps_back

    @property
    def note(self) -> str:
        """What takes long here, for people; else empty."""
        return self._shelving.note or self.part.note

    @property
    def place_note(self) -> str:
        """What is to be said of the place; mostly empty."""
        return self._shelving.place.note

    @property
    def _reads_existing(self) -> bool:
        return self._claim is not None and self._claim.reads_existing

    # Before anything is asked for -------------------------------------------------------------------------

    def choose(self) -> Path | None:
        """Chooses the place; the destination, where it is known without asking the server and is to be claimed first.

        Raises:
            FetchError: There is none.
        """
        self._shelving.choose()
        known, place = self._shelving.destination, self._shelving.place
        if known is None and not place.is_named_by_content:
            known = self._leftovers.find(place.folder, self._resource.reference)
        if known is None or self.part.finds(known.absolute()):
            return None  # whether what another program left there is that file, the server's response tells
        return known.absolute()

    def look_ahead(self) -> bool:
        """Begins to look for the file before its name is known; false where there is nothing to look for."""
        return self._shelving.destination is None and self._shelving.look_ahead(self._machine)

    def for_response(self, command: m.OpenStorage) -> Path:
        """The destination for the name that the response states, where the resource has none.

        Raises:
            StorageError: A symbolic link leads out of the folder.
        """
        self._awaits_response = False
        name = self._resource.name or choose_name(command.head.headers, command.url.last_segment, self._fallback)
        return self._shelving.working(name).absolute()

    @property
    def _fallback(self) -> str:
        """A name for what has none, the same on every run."""
        return f"download-{hashlib.sha256(self._resource.url.reveal().encode()).hexdigest()[:8]}"

    # The claim --------------------------------------------------------------------------------------------

    def claim(self, path: Path, *, has_looked: bool = False) -> Store | None:
        """Claims ``path``; the part file, where it is open at once.

        Args:
            path: The destination.
            has_looked: Whether it is known what another program has left there.
        """
        self._shelving.place.check(path)
        self._claim = Claim(path, self._resource.reference, self._ports)
        return self._try_claim(self._claim, has_looked=has_looked)

    def waits(self) -> bool:
        """Whether another process has it. Where this one has it, those that wait for it are shown that it lives."""
        return self._claim is not None and self._claim.waits()

    def try_again(self) -> Store | None:
        """Tries to get it from the other process; the part file, where it is open at once."""
        return self._try_claim(self._claim) if self._claim is not None else None

    def _try_claim(self, claim: Claim, *, has_looked: bool = False) -> Store | None:
        if not claim.try_acquire():
            return None
        if not has_looked:
            self.part.finds(claim.destination)
        is_there = self._is_there(claim)
        replaces = self.part.replaces
        if not replaces and self._shelving.search(claim.destination, self._machine, is_there=is_there):
            return None
        return self._use(claim, is_there=is_there)

    def _use(self, claim: Claim, *, is_there: bool) -> Store | None:
        """The destination is ours, and what is wanted isn't here as far as is known without reading anything."""
        if is_there:
            claim.read_existing(self._machine.digests, self._report)
            return None
        path = claim.destination
        return self.part.open(path, self.name or path.name, by_response=not self._awaits_response)

    @property
    def awaits_response(self) -> bool:
        """Whether no response has asked for the part file yet."""
        return self._awaits_response

    def _is_there(self, claim: Claim) -> bool:
        """Whether something is at the destination that isn't to be replaced."""
        may_go = self._settings.overwrite or self.part.replaces
        return not may_go and claim.finds_something()

    def check_existing(self, event: ExistingRead) -> None:
        """The file that is there was read.

        Raises:
            DestinationExistsError: It is another one.
        """
        if self._claim is None:
            raise AssertionError("a file is read for a claim only")
        self.have_read(event.digests)
        self._claim.check_existing(event, self._machine.digests)

    def check_held(self) -> None:
        """Looks before publishing whether the destination is still ours.

        Raises:
            DestinationLockedError: Its lock was taken away.
        """
        if self._claim is not None:
            self._claim.check_held()

    # The search -------------------------------------------------------------------------------------------

    def keep_back(self, commands: list[m.Command]) -> bool:
        """Whether ``commands`` wait: a digest has become known on the way to the bytes, which may be here already."""
        if self._claim is None or self.part.opened is None or self._machine.is_over or self.part.replaces:
            return False
        return self._shelving.keep_back(commands, self._claim.destination, self._machine)

    def searched(self, event: Searched) -> list[m.Command]:
        """A search came to its end; what the machine wanted to do before it."""
        return self._shelving.searched(event)

    @property
    def looks_ahead(self) -> bool:
        """Whether the search that is under way came before the file's name."""
        return self._shelving.looks_ahead

    def guess(self, event: Searched) -> Path | None:
        """The destination for the name in the URL, where a copy seems to be here and its name isn't known yet."""
        guessed = self._shelving.guessed() if event.found is None and event.is_likely else None
        self._is_guess = guessed is not None
        return guessed.absolute() if guessed is not None else None

    def gives_up_guess(self) -> bool:
        """The copy that seemed to be here can't be used: whether the destination was a guess, and is claimed no more.

        Then the server says how the file is called.
        """
        if not self._is_guess or self._claim is None:
            return False
        self._is_guess = False
        self._claim.release()
        self._claim = None
        return True

    def use(self) -> Store | None:
        """Nothing was found: the part file, where it is open at once."""
        return self._use(self._claim, is_there=self._is_there(self._claim)) if self._claim is not None else None

    def take(self, found: Found) -> None:
        """The file was found here, and the part file goes."""
        self.part.discard()
        self.digests, self.verified_at, self._found_at = found.digests, found.verified_at, found.path

    # The file ---------------------------------------------------------------------------------------------

    def have_read(self, digests: tuple[Digest, ...]) -> None:
        """The whole file has been read just now, and has these digests."""
        self.digests, self.verified_at = digests, self._ports.wall_clock()

    def publish(self) -> None:
        """Has the file given its name.

        Raises:
            DestinationExistsError: The unfinished file that is replaced was changed meanwhile.
        """
        named_by, final = self._shelving.final(self.digests)
        self.part.publish(named_by, final)
        self._found_at = final

    # The end ----------------------------------------------------------------------------------------------

    def record(self, result: Result, *, is_recorded: bool) -> bool:
        """Notes the file that is here now, and removes what isn't needed; whether ``Recorded`` is to be waited for."""
        # What was found here didn't come by the part file.
        store = self.part.opened if result.status in (Status.DOWNLOADED, Status.RESUMED) else None
        if store is not None:
            let_go(self._subject, self.part.tidy)
        elif self._claim is not None:
            let_go(self._subject, self._claim.drop_part)
        verified_at = self.verified_at
        return self._shelving.record(
            result, self.digests, verified_at=verified_at, store=store, is_recorded=is_recorded
        )

    def release(self, path: Path | None, *, is_litter: bool, is_known: bool) -> None:
        """Lets go of everything.

        Args:
            path: The file that is there now, if all went well.
            is_litter: Whether what is in the part file is worth nothing.
            is_known: Whether the next run will know the file without the journal.
        """
        let_go(self._subject, self._shelving.stop)
        if self._claim is not None:
            let_go(self._subject, self._claim.stop_reading)
        self.part.close(is_litter=is_litter, is_known=is_known)
        if self._claim is not None:
            let_go(self._subject, partial(self._claim.release, path, is_known=is_known))
