"""One download's use of the shelf: its destination, the search for local copies, and the recording of its file.

The machine doesn't run during a search. A search starts when the destination's lease is held, and again when a response
states a digest: the machine's commands are then held back, so that no payload is requested for a file that is here
already. If only a response would tell the file's name, a search comes before the first request: a sidecar states the
name itself, and for a local copy the name in the URL will do.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import COLLISION_FREE
from anymatix_fetcher.core.values.filenames import SafeName, fitted, safe_name
from anymatix_fetcher.engine.shelf import Arrived, Recorded, Searched
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.names import is_model_name
from anymatix_fetcher.library.placing import Placement
from anymatix_fetcher.storage.places import LEAST_NAME_LIMIT, Places, name_limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.download import Download
    from anymatix_fetcher.core.values import messages as m
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.facts import Job, Result
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.engine.shelf import Search
    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.storage.store import Store
    from anymatix_fetcher.storage.workers import Worker

log = logging.getLogger("anymatix_fetcher.engine")

ADDED_BYTES = 65
"""The length that a content-based name adds: an underscore and a SHA-256."""


class Shelving:
    """The shelf for one download.

    Args:
        job: The job.
        resource: The resolved reference.
        ports: The shelf, and the workers that run its searches.
        report: Takes ``Searched`` and ``Recorded`` to the session's loop.

    Attributes:
        place: The chosen destination.
        name: The file's own name; ``None`` while it is unknown.
        looks_ahead: Whether the current search started before the file's name was known.
    """

    def __init__(
        self, job: Job, resource: Resource, ports: Ports, report: Callable[[Searched | Recorded], None]
    ) -> None:
        self.place = Placement(job.settings.directory)
        self.name = resource.name
        self.looks_ahead = False
        self._guess: SafeName | None = None
        self._working = Path()
        self._existing: dict[Path, FileState | None] = {}
        self._job = job
        self._resource = resource
        self._ports = ports
        self._report = report
        self._kept_back: list[m.Command] | None = None
        self._sought: set[Digest] = set()
        self._search: Search | None = None
        self._worker: Worker | None = None

    def choose(self) -> None:
        """Chooses the destination.

        Raises:
            FetchError: No folder can be chosen.
        """
        self.place = self._ports.shelf.place(self._job.settings, self._resource)

    @property
    def destination(self) -> Path | None:
        """The path to lease; ``None`` if the file's name isn't known beforehand."""
        return self.working(self.name) if self.name else self.place.exact

    @property
    def is_searching(self) -> bool:
        """Whether a search is running."""
        return self._search is not None

    @property
    def note(self) -> str:
        """The current activity of a slow search; otherwise empty."""
        return self._search.note if self._search is not None else ""

    def working(self, name: SafeName) -> Path:
        """The path to lease for a file with this name.

        Raises:
            StorageError: A symbolic link leads out of the folder.
        """
        self.name = self._fitted(name)
        return self.place.working(self.name)

    def _fitted(self, name: SafeName) -> SafeName:
        """The name, cut to the file system's limit, since files of lists and repositories can't be renamed."""
        added = ADDED_BYTES if self.place.is_named_by_content else 0
        if len(name.encode()) + added <= LEAST_NAME_LIMIT:
            return name
        return fitted(name, name_limit(self.place.folder) - added)

    def final(self, digests: tuple[Digest, ...]) -> tuple[Digest | None, Path | None]:
        """The digest in the final name, and the final path; both ``None`` if the leased path is final."""
        if not self.place.is_named_by_content or self.name is None:
            return None, None
        named_by = next(digest for digest in digests if digest.algorithm == "sha256")
        final = self.place.final(self.name, named_by.hex)
        return named_by, final.absolute() if final else None

    def look_ahead(self, machine: Download) -> bool:
        """Starts a search before the name is known; false if there is nothing to search for."""
        if not self._ports.shelf.may_find(
            self.place, machine.digests, self._job.settings, is_there=False, references=self._references
        ):
            return False  # the usual case; computing the name costs more
        guess = safe_name(self._resource.url.last_segment)
        self._guess = guess if guess is not None and is_model_name(guess) else None
        name = self._guess or SafeName("model")
        self.looks_ahead = self._begin(self.place.working(name), name, machine, is_there=False, is_leased=False)
        return self.looks_ahead

    def guessed(self) -> Path | None:
        """The destination for the name in the URL, if that is a model's."""
        return self.working(self._guess) if self._guess else None

    def search(self, working: Path, machine: Download, *, is_there: bool) -> bool:
        """Starts a search for the file; false if there is nothing to search for.

        Args:
            working: The leased destination.
            machine: Knows what the file has to be.
            is_there: Whether something is at the destination.
        """
        self._sought |= set(machine.digests)
        self._working = working
        return self._begin(working, self.name or SafeName(working.name), machine, is_there=is_there, is_leased=True)

    def _begin(self, working: Path, name: SafeName, machine: Download, *, is_there: bool, is_leased: bool) -> bool:
        settings, shelf = self._job.settings, self._ports.shelf
        if is_leased and not shelf.may_find(self.place, machine.digests, settings, is_there=is_there):
            return False
        from anymatix_fetcher.library.wanted import Wanted  # noqa: PLC0415 - most downloads need no search

        wanted = Wanted(
            place=self.place,
            name=name,
            working=working,
            references=self._references,
            digests=machine.digests,
            length=machine.length,
            overwrite=settings.overwrite,
            links=settings.links,
            is_leased=is_leased,
        )
        self._search = shelf.search(wanted, settings, self._report, is_there=is_there)
        self._worker = self._ports.workers.start(self._search)
        return True

    @property
    def _references(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self._job.reference, self._resource.reference, self._resource.url.reveal())))

    @property
    def keeps_back(self) -> bool:
        """Whether the machine's commands wait for a search."""
        return self._kept_back is not None

    def keep_back(self, commands: list[m.Command], working: Path, machine: Download) -> bool:
        """Starts a search if the machine has learned a collision-free digest; false otherwise.

        Args:
            commands: The machine's commands, in order, unless the file is here.
            working: The leased destination, where no file is.
            machine: Knows what the file has to be.
        """
        news = set(machine.digests) - self._sought
        if not any(one.algorithm in COLLISION_FREE for one in news) or not self.search(
            working, machine, is_there=False
        ):
            return False
        self._kept_back = commands
        return True

    def searched(self, event: Searched) -> list[m.Command]:
        """Takes the answer; returns the commands that waited for it."""
        kept_back, self._kept_back = self._kept_back or [], None
        if self.looks_ahead and event.found is not None:
            self._sweep(event.found.path)
        self._search = self._worker = None
        self.looks_ahead = False
        self._existing = {self._working: event.existing}
        return kept_back

    def _sweep(self, path: Path) -> None:
        """Removes what a killed process has left beside its published file: the lock, and the part file's link."""
        disk, places = self._ports.disk, Places.of(path)
        with suppress(OSError, StorageError):
            is_second = disk.same_file(path, places.part)
            lock = self._ports.lock(path) if is_second or disk.kind(places.lock) is not None else None
            if lock is not None and lock.try_acquire():
                try:
                    if is_second:
                        disk.remove(places.part)
                finally:
                    lock.release()

    def record(
        self,
        result: Result,
        digests: tuple[Digest, ...],
        *,
        verified_at: float | None,
        store: Store | None,
        is_recorded: bool,
    ) -> bool:
        """Records the file at its destination; returns whether ``Recorded`` will follow.

        Never fails, because the file is there whether or not it can be recorded.
        """
        if result.path is None:
            return False
        kept = Arrived(
            self._job,
            self._resource,
            self.place,
            result.path,
            digests,
            result.verified,
            existing=self._existing.get(result.path),
            is_recorded=is_recorded,
            verified_at=verified_at,
            checksums=store.checksums if store is not None else lambda: None,
        )
        try:
            return self._ports.shelf.record(kept, partial(self._recorded, store), self._ports.workers.start)
        except Exception:
            log.exception("%s can't be noted", result.path)
            return False

    def _recorded(self, store: Store | None, recorded: Recorded) -> None:
        """Removes the journal, on a worker thread so that the loop doesn't wait for it."""
        if store is not None and recorded.is_kept:
            store.tidy()
        self._report(recorded)

    def stop(self) -> None:
        """Ends a running search."""
        self._kept_back = None
        if self._search is not None and self._worker is not None:
            self._search.cancel()
            self._worker.stop()
            self._search = None
