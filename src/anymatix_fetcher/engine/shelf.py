"""The seam to what is on this machine already: where files go, whether they are here, and what is noted of them.

The engine knows nothing of models, folders and indexes; whoever puts the program together hands in a :class:`Shelf`.
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
        found: The file, where it is here.
        is_likely: Whether a copy seems to be here; the answer to a search before the destination was claimed.
        existing: The state of what is at the destination, before anybody reads it; ``None`` where nothing is.
        error: Why it can't be had, where nobody else can bring it.
    """

    found: Found | None
    is_likely: bool = False
    existing: FileState | None = None
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What had to be written about a file is written, or can't be.

    Args:
        is_kept: Whether the next run will know the file by it.
    """

    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that is at its destination now.

    Args:
        job: Who wanted it.
        resource: What that meant.
        place: Where it was to go.
        path: Where it is.
        digests: Of its content, as they were computed.
        verified: What proved it: an algorithm's name, ``length`` or ``none``.
        existing: Its state before it was read, where it was there already.
        is_recorded: Whether its sidecar is written already.
        verified_at: When its content was read, in seconds since 1970; just now where that isn't given.
        checksums: Those of its blocks, where they are known; takes a moment.
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
    """A search, to be run by a worker; answered by ``Searched``."""

    @property
    def note(self) -> str:
        """What it does, in words, where that takes time; else empty."""

    def cancel(self) -> None:
        """Ends it soon; what it reports then is of no use."""


class Shelf(Protocol):
    """What is on this machine. The loop's thread calls every method but ``close``; all return at once."""

    def place(self, settings: Settings, resource: Resource) -> Placement:
        """Where the file goes.

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
        """Whether a search might find the file; asked for every one, and so quick.

        Args:
            place: Where it goes.
            digests: What it must have.
            settings: What the caller said.
            is_there: Whether something is at the destination.
            references: All that is known to name it, where what they have brought before may be the file.
        """

    def search(
        self, wanted: Wanted, settings: Settings, report: Callable[[Searched], None], *, is_there: bool
    ) -> Search:
        """The search for a file, where :meth:`may_find` says that it is worth it.

        Args:
            wanted: What is wanted.
            settings: What the caller said of folders.
            report: Takes the answer; called from any thread.
            is_there: Whether something is at the destination.
        """

    def recall(self, job: Job, report: Callable[[Searched], None]) -> Search | None:
        """The search for what a reference to something here names; ``None`` where it is a reference to elsewhere."""

    def record(self, kept: Arrived, report: Callable[[Recorded], None], run: Callable[[Task], object]) -> bool:
        """Notes a file that is at its destination; whether ``Recorded`` is to be waited for.

        Args:
            kept: What is there.
            report: Takes ``Recorded`` when that is written; called from any thread.
            run: Has a worker run a task.
        """

    def close(self) -> None:
        """Writes down what is left to write, and frees everything; never fails."""


class NoShelf:
    """Nothing is here, and files go where they are told; implements :class:`Shelf`."""

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
        raise AssertionError("nothing is here, and nothing is found")

    def recall(self, job: Job, report: Callable[[Searched], None]) -> Search | None:
        """Implements ``Shelf.recall``."""

    def record(self, kept: Arrived, report: Callable[[Recorded], None], run: Callable[[Task], object]) -> bool:
        """Implements ``Shelf.record``."""
        del kept, report, run
        return False

    def close(self) -> None:
        """Implements ``Shelf.close``."""
