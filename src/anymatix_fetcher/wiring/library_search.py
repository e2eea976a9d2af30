"""Searches on a worker thread, and an index that is opened by the first search that needs it."""

from __future__ import annotations

import logging
import os
from threading import Event, Lock
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.engine.shelf import Recorded, Searched
from anymatix_fetcher.errors import DownloadCancelled, FetchError, InternalError
from anymatix_fetcher.storage.workers import After, Step

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
"""How long the cached knowledge of the index is used; other processes may add to it."""

READING = "a copy is already here: reading and linking it"

PAUSE_SECONDS = 0.03
"""After entering files, those that arrive within this time wait and are entered together: where many small files come
in quick succession, that takes a third of the switches between threads."""


class _Waiting(NamedTuple):
    """A file waiting to be entered."""

    kept: Arrived
    state: FileState
    read_at: float
    report: Callable[[Recorded], None]


class LateIndex:
    """An index that is opened on first use. Files to be entered wait until then, or until the end.

    Args:
        path: Its file; ``None`` for memory only.
        disk: The file system, to read sidecars.
        caches: Folders that know digests, such as Hugging Face's cache.
        clock: A monotonic clock, in seconds.
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
        self._entered_at = float("-inf")
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
        """Enters a file in this state soon. Files that arrive meanwhile are entered in one step.

        Args:
            kept: The file.
            state: Its state.
            wall_seconds: The current time, since 1970.
            report: Receives ``Recorded`` once it is entered, or can't be; called on any thread.
            run: Runs a task on a worker.
        """
        read_at = wall_seconds if kept.verified_at is None else kept.verified_at
        with self._lock:
            self._waiting.append(_Waiting(kept, state, read_at, report))
            self._known.update(kept.digests)
            is_first, self._is_entering = not self._is_entering, True
        if is_first:
            run(Entering(self))

    def pause_seconds(self) -> float:
        """How long to wait until the next files are entered, so that others can join them."""
        return self._entered_at + PAUSE_SECONDS - self._clock()

    def enter_waiting(self) -> None:
        """Enters the waiting files and reports each."""
        with self._lock:
            entered, self._waiting = self._waiting, []
            self._is_entering = False
            if entered:
                self._entered_at = self._clock()
        is_kept = False
        try:
            is_kept = not entered or self._enter(entered)
        except ImportError as error:  # some Pythons have no SQLite
            log.debug("files can't be entered into the index: %s", error)
            is_kept = True  # final, even if nothing was entered
        finally:
            for one in entered:
                one.report(Recorded(is_kept=is_kept))

    def may_know(self, digests: Iterable[Digest], folders: Iterable[Path] = ()) -> bool:
        """Whether a search for one of these digests may succeed. Fast: the index isn't opened.

        Args:
            digests: The digests to look for.
            folders: Folders to learn from if they weren't read before.
        """
        return self._may_learn(folders) or self._is_out_of_date() or not self._known.isdisjoint(digests)

    def _may_learn(self, folders: Iterable[Path]) -> bool:
        return any(map(os.path.isdir, {*folders, *self._caches} - self._learned))

    def may_have_brought(self, references: Iterable[str]) -> bool:
        """Whether a search for what one of these references fetched may succeed. Fast: the index isn't opened."""
        if self._is_out_of_date() or not self._origins:
            return self._is_out_of_date()
        from anymatix_fetcher.library.identity import unnamed  # noqa: PLC0415 - first downloads don't need it

        return not self._origins.isdisjoint(map(unnamed, references))

    def _is_out_of_date(self) -> bool:
        """Whether the index may have entries that weren't read yet."""
        is_there = self._index is not None or (self._path is not None and self._path.exists())
        if self._clock() >= self._known_until and not is_there:
            self._known_until = self._clock() + GOOD_FOR_SECONDS  # no process has entered anything yet
        return self._clock() >= self._known_until

    def opened(self) -> Index:
        """The index, with all waiting files entered."""
        self.enter_waiting()
        with self._lock:
            index = self._opened()
            if self._clock() >= self._known_until:
                self._known, self._origins = index.every_digest(), index.every_unnamed()
                self._known_until = self._clock() + GOOD_FOR_SECONDS
            return index

    def catalog(self) -> Catalog:
        """The facts from sidecars; each sidecar is read once."""
        from anymatix_fetcher.library.catalog import Catalog  # noqa: PLC0415 - brings SQLite

        index = self.opened()
        with self._lock:
            if self._catalog is None:
                self._catalog = Catalog(index, self._disk)
            return self._catalog

    def _opened(self) -> Index:
        """The index. The caller holds the lock."""
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
        """Enters the facts from the sidecars in ``folders`` and from the caches; false if that was done before."""
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
        """Enters the waiting files, and closes the index."""
        self.enter_waiting()
        with self._lock:
            if self._index is not None:
                self._index.close()
            self._index = None


class Entering:
    """The task that enters the waiting files.

    Args:
        index: The index.
    """

    def __init__(self, index: LateIndex) -> None:
        self._index = index

    def step(self) -> Next:
        """Implements ``Task.step``."""
        pause_seconds = self._index.pause_seconds()
        if pause_seconds > 0:
            return After(pause_seconds)
        self._index.enter_waiting()
        return Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        log.error("a bug prevents files from being entered into the index", exc_info=error)


class LibrarySearch:
    """Implements the engine's ``LibrarySearch``: a single step, which can be cancelled between pieces of files.

    Args:
        look: Searches; it is given a function to report bytes read.
        report: Receives the outcome, on the worker thread.
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
        """Implements ``Task.fail``: after any error the file can still be downloaded."""
        ours = error_of(error)
        if isinstance(ours, InternalError):
            log.error("a bug made a search fail", exc_info=error)
        elif not isinstance(ours, DownloadCancelled):
            log.info("local copies can't be used: %s", ours)
        self._report(Searched(None, error=error if isinstance(error, FetchError) else None))

    def _on_bytes(self, _: int) -> None:
        if self._cancelled.is_set():
            raise DownloadCancelled("the search was stopped", hint="Nothing was changed.")
        self.note = READING
