"""The shelf: the engine's port to the local library. It chooses destinations, finds local copies, and records files.

The engine knows nothing of models, folders and indexes. The composition root passes in a :class:`Shelf`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.library.placing import Placement
from anymatix_fetcher.storage.workers import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.settings import Settings
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.library.wanted import Found, Wanted


@dataclass(frozen=True, slots=True)
class Searched:
    """The answer to a search.

    Args:
        found: The file, if it is here.
        is_likely: Whether a copy is likely to be here; the answer to a search without a lease.
        existing: The state of the file at the destination before it is read; ``None`` if there is none.
        error: Why the file can't be provided, if it can't be downloaded either.
    """

    found: Found | None
    is_likely: bool = False
    existing: FileState | None = None
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to a recording: it is written, or can't be.

    Args:
        is_kept: Whether the next run recognizes the file by it.
    """

    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that has arrived at its destination.

    Args:
        job: The job.
        resource: The resolved reference.
        place: The chosen destination.
        path: The file's path.
        digests: Its computed digests.
        verified: How it was verified: an algorithm's name, ``length`` or ``none``.
        existing: Its state before it was read, if it was there already.
        is_recorded: Whether its sidecar is written already.
        verified_at: When its content was read, in seconds since 1970; ``None`` for just now.
        checksums: Returns its blocks' checksums if they are known; takes a moment.
    """

    job: Job
    resource: Resource
    place: Placement
    path: Path
    digests: tuple[Digest, ...]
    verified: str
    existing: FileState | None = None
    is_recorded: bool = False
    verified_at: float | None = None
    checksums: Callable[[], BlockChecksums | None] = lambda: None


class Search(Task, Protocol):
    """A search, run by a worker; ends with ``Searched``."""

    @property
    def note(self) -> str:
        """The current slow activity, for people; otherwise empty."""

    def cancel(self) -> None:
        """Ends it soon; a later report has to be ignored."""


class Shelf(Protocol):
    """The local library. The loop's thread calls every method but ``close``; all return at once."""

    def place(self, settings: Settings, resource: Resource) -> Placement:
        """The destination of the file.

        Raises:
            FetchError: No folder can be chosen.
        """

    def may_find(
        self,
        place: Placement,
        digests: Sequence[Digest],
        settings: Settings,
        *,
        is_there: bool,
        references: Sequence[str] = (),
    ) -> bool:
        """Whether a search might find the file; called for every download, and therefore fast.

        Args:
            place: The chosen destination.
            digests: The expected digests.
            settings: The settings.
            is_there: Whether something is at the destination.
            references: All known references of the file, if a file with one of them would do.
        """

    def search(
        self, wanted: Wanted, settings: Settings, report: Callable[[Searched], None], *, is_there: bool
    ) -> Search:
        """The search for a file for which :meth:`may_find` returned true.

        Args:
            wanted: The file.
            settings: The settings, for folders.
            report: Takes the answer; called from any thread.
            is_there: Whether something is at the destination.
        """

    def recall(self, job: Job, report: Callable[[Searched], None]) -> Search | None:
        """The search for a reference to a local file; ``None`` for other references."""

    def record(self, kept: Arrived, report: Callable[[Recorded], None], run: Callable[[Task], object]) -> bool:
        """Records a file that has arrived; returns whether ``Recorded`` will follow.

        Args:
            kept: The file.
            report: Takes ``Recorded``; called from any thread.
            run: Starts a task on a worker.
        """

    def close(self) -> None:
        """Writes what is left to write, and releases everything; never fails."""


class NoShelf:
    """An empty library: files go where the settings say; implements :class:`Shelf`."""

    def place(self, settings: Settings, resource: Resource) -> Placement:
        """Implements ``Shelf.place``."""
        return Placement(settings.directory, exact=settings.output, below=resource.folder, bounds=settings.bounds)

    def may_find(
        self,
        place: Placement,
        digests: Sequence[Digest],
        settings: Settings,
        *,
        is_there: bool,
        references: Sequence[str] = (),
    ) -> bool:
        """Implements ``Shelf.may_find``."""
        del place, digests, settings, is_there, references
        return False

    def search(
        self, wanted: Wanted, settings: Settings, report: Callable[[Searched], None], *, is_there: bool
    ) -> Search:
        """Implements ``Shelf.search``."""
        del wanted, settings, report, is_there
        raise AssertionError("an empty library has no searches")

    def recall(self, job: Job, report: Callable[[Searched], None]) -> Search | None:
        """Implements ``Shelf.recall``."""

    def record(self, kept: Arrived, report: Callable[[Recorded], None], run: Callable[[Task], object]) -> bool:
        """Implements ``Shelf.record``."""
        del kept, report, run
        return False

    def close(self) -> None:
        """Implements ``Shelf.close``."""
