"""Searches on a worker's thread, and the index, which is opened when the first of them needs it."""

from __future__ import annotations

import logging
import os
from threading import Event, Lock
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.engine.shelf import Recorded, Searched
from anymatix_fetcher.errors import DownloadCancelled, FetchError, InternalError
from anymatix_fetcher.storage.workers import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.engine.shelf import Arrived
    from anymatix_fetcher.library.catalog import Catalog
    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.storage.workers import Next, Task

log = logging.getLogger("anymatix_fetcher.wiring.library_shelf")

GOOD_FOR_SECONDS = 30.0
"""How long what was read of the index is taken for all that it knows: other processes add to it."""

READING = "a copy is here already: reading and linking it"


class _Waiting(NamedTuple):
    """A file that waits to be entered."""

    kept: Arrived
    state: FileState
    read_at: float
    report: Callable[[Recorded], None]


class LateIndex:
    """The index, opened when somebody asks it something; what is to be entered waits until then, or until the end.

    Args:
        path: Where it is kept; ``None`` keeps it in memory.
        disk: To read sidecars.
        caches: Folders that know digests, as Hugging Face's.
        clock: Seconds, never going back.
    """

    def __init__(self, path: Path | None, disk: Disk, caches: tuple[Path, ...], clock: Callable[[], float]) -> None:
        self._path = path
        self._disk = disk
        self._caches = caches
        self._lock = Lock()
        self._learning = Lock()
        self._index: Index | None = None
        self._catalog: Catalog | None = None
        self._waiting: list[_Waiting] = []
        self._is_entering = False
        self._learned: set[Path] = set()
        self._clock = clock
        self._known: set[Digest] = set()
        self._origins: set[str] = set()
        self._known_until = float("-inf")

    def enter(
        self,
        kept: Arrived,
        state: FileState,
        wall_seconds: float,
        report: Callable[[Recorded], None],
        run: Callable[[Task], object],
    ) -> None:
        """Enters a file in this state, soon: what comes while others are being entered goes into one step together.

        Args:
            kept: The file.
            state: Its state.
            wall_seconds: Now, since 1970.
            report: Takes ``Recorded`` when it is entered, or can't be; called from any thread.
            run: Has a worker run a task.
        """
        read_at = wall_seconds if kept.verified_at is None else kept.verified_at
        with self._lock:
            self._waiting.append(_Waiting(kept, state, read_at, report))
            self._known.update(kept.digests)
            is_first, self._is_entering = not self._is_entering, True
        if is_first:
            run(Entering(self))

    def enter_waiting(self) -> None:
        """Enters what waits, and tells so."""
        with self._lock:
            entered, self._waiting = self._waiting, []
            self._is_entering = False
        is_kept = False
        try:
            is_kept = not entered or self._enter(entered)
        except ImportError as error:  # some Pythons have no SQLite
            log.debug("nothing is noted of files: %s", error)
            is_kept = True  # as far as it ever is
        finally:
            for one in entered:
                one.report(Recorded(is_kept=is_kept))

    def may_know(self, digests: Iterable[Digest], folders: Iterable[Path] = ()) -> bool:
        """Whether it is worth asking for one of these; quick, and asks nobody.

        Args:
            digests: What is wanted.
            folders: What would be learned from, had it never been looked through.
        """
        return self._may_learn(folders) or self._is_out_of_date() or not self._known.isdisjoint(digests)

    def _may_learn(self, folders: Iterable[Path]) -> bool:
        return any(map(os.path.isdir, {*folders, *self._caches} - self._learned))

    def may_have_brought(self, references: Iterable[str]) -> bool:
        """Whether it is worth asking what one of these has brought; quick, and asks nobody."""
        if self._is_out_of_date() or not self._origins:
            return self._is_out_of_date()
        from anymatix_fetcher.library.identity import unnamed  # noqa: PLC0415 - first downloads don't need it

        return not self._origins.isdisjoint(map(unnamed, references))

    def _is_out_of_date(self) -> bool:
        """Whether the index may know more than was read of it."""
        is_there = self._index is not None or (self._path is not None and self._path.exists())
        if self._clock() >= self._known_until and not is_there:
            self._known_until = self._clock() + GOOD_FOR_SECONDS  # nobody has ever entered anything
        return self._clock() >= self._known_until

    def opened(self) -> Index:
        """The index, with everything entered."""
        self.enter_waiting()
        with self._lock:
            index = self._opened()
            if self._clock() >= self._known_until:
                self._known, self._origins = index.every_digest(), index.every_unnamed()
                self._known_until = self._clock() + GOOD_FOR_SECONDS
            return index

    def catalog(self) -> Catalog:
        """What sidecars say, each read once."""
        from anymatix_fetcher.library.catalog import Catalog  # noqa: PLC0415 - brings SQLite

        index = self.opened()
        with self._lock:
            if self._catalog is None:
                self._catalog = Catalog(index, self._disk)
            return self._catalog

    def _opened(self) -> Index:
        """The index. With the lock."""
        from anymatix_fetcher.library.index import Index  # noqa: PLC0415 - brings SQLite, which most needn't wait for

        if self._index is None:
            self._index = Index(self._path)
        return self._index

    def _enter(self, waiting: Sequence[_Waiting]) -> bool:
        from anymatix_fetcher.wiring.library_arrivals import arrival_of  # noqa: PLC0415 - brings SQLite

        entries = [arrival_of(one.kept).entry(one.state, one.read_at) for one in waiting]
        with self._lock:
            self._origins.update(origin for entry in entries for origin in entry.identities)
            return self._opened().add_many(entries)

    def learn(self, folders: Iterable[Path]) -> bool:
        """Enters what sidecars in ``folders`` and the caches say; false where that was done before."""
        from anymatix_fetcher.library.scanning import scan  # noqa: PLC0415 - as above

        index, catalog = self.opened(), self.catalog()
        with self._learning:
            new = {*folders, *self._caches} - self._learned
            if not new:
                return False
            for _ in scan(index, sorted(new - {*self._caches}), sorted(new & {*self._caches}), catalog):
                pass
            self._learned |= new
            self._known_until = float("-inf")
            return True

    def close(self) -> None:
        """Enters what waits, and closes it."""
        self.enter_waiting()
        with self._lock:
            if self._index is not None:
                self._index.close()
            self._index = None


class Entering:
    """The task that enters what waits for the index.

    Args:
        index: The index.
    """

    def __init__(self, index: LateIndex) -> None:
        self._index = index

    def step(self) -> Next:
        """Implements ``Task.step``."""
        self._index.enter_waiting()
        return Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        log.error("files can't be noted for a reason that is a bug", exc_info=error)


class LibrarySearch:
    """Implements the engine's ``LibrarySearch``: one look, in one step, that can be ended between pieces of files.

    Args:
        look: Looks; is given what to tell about bytes that are read.
        report: Takes the answer, from the worker's thread.
    """

    def __init__(self, look: Callable[[Callable[[int], None]], Searched], report: Callable[[Searched], None]) -> None:
        self._look = look
        self._report = report
        self._cancelled = Event()
        self.note = ""

    def cancel(self) -> None:
        """Implements ``LibrarySearch.cancel``."""
        self._cancelled.set()

    def step(self) -> Next:
        """Implements ``Task.step``."""
        self._report(self._look(self._on_bytes))
        return Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``: whatever it is, the file can still be downloaded."""
        ours = error_of(error)
        if isinstance(ours, InternalError):
            log.error("a search failed for a reason that is a bug", exc_info=error)
        elif not isinstance(ours, DownloadCancelled):
            log.info("what is here can't be used: %s", ours)
        self._report(Searched(None, error=error if isinstance(error, FetchError) else None))

    def _on_bytes(self, _: int) -> None:
        if self._cancelled.is_set():
            raise DownloadCancelled("the download was stopped")
        self.note = READING
