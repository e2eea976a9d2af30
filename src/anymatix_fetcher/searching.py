"""Searches on a worker's thread, and the index, which is opened when the first of them needs it."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from threading import Event, Lock
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.shelf import Searched
from anymatix_fetcher.errors import DownloadCancelled, FetchError
from anymatix_fetcher.storage.workers import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from anymatix_fetcher.core.digests import Digest
    from anymatix_fetcher.engine.shelf import Kept
    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.ports import Disk
    from anymatix_fetcher.storage.workers import Next

log = logging.getLogger("anymatix_fetcher.shelf")

GOOD_FOR_SECONDS = 30.0
"""How long what was read of the index is taken for all that it knows: other processes add to it."""

READING = "a copy is here already: reading and linking it"


class LateIndex:
    """The index, opened when somebody asks it something; what is to be entered waits until then, or until the end.

    Args:
        path: Where it is kept.
        disk: To read sidecars.
        caches: Folders that know digests, as Hugging Face's.
        clock: Seconds, never going back.
    """

    def __init__(self, path: Path, disk: Disk, caches: tuple[Path, ...], clock: Callable[[], float]) -> None:
        self._path = path
        self._disk = disk
        self._caches = caches
        self._lock = Lock()
        self._learning = Lock()
        self._index: Index | None = None
        self._waiting: list[tuple[Kept, FileState, float]] = []
        self._learned: set[Path] = set()
        self._clock = clock
        self._known: set[Digest] = set()
        self._known_until = float("-inf")

    def enter(self, kept: Kept, state: FileState, wall_seconds: float) -> None:
        """Enters a file in this state, soon; ``wall_seconds`` is now, since 1970."""
        with suppress(ImportError):  # SQLite comes while others are on their way yet, and not when all are here
            import anymatix_fetcher.library.index  # noqa: F401, PLC0415
        with self._lock:
            self._waiting.append((kept, state, wall_seconds if kept.verified_at is None else kept.verified_at))
            self._known.update(kept.digests)

    def may_know(self, digests: Iterable[Digest], folders: Iterable[Path] = ()) -> bool:
        """Whether it is worth asking for one of these; quick, and asks nobody.

        Args:
            digests: What is wanted.
            folders: What would be learned from, had it never been looked through.
        """
        if self._may_learn(folders):
            return True
        if self._clock() >= self._known_until and self._index is None and not self._path.exists():
            self._known_until = self._clock() + GOOD_FOR_SECONDS  # nobody has ever entered anything
        return self._clock() >= self._known_until or not self._known.isdisjoint(digests)

    def _may_learn(self, folders: Iterable[Path]) -> bool:
        return any(map(os.path.isdir, {*folders, *self._caches} - self._learned))

    def opened(self) -> Index:
        """The index, with everything entered."""
        with self._lock:
            index = self._entered()
            if self._clock() >= self._known_until:
                self._known = index.every_digest()
                self._known_until = self._clock() + GOOD_FOR_SECONDS
            return index

    def _entered(self) -> Index:
        """The index; what waited is in it. With the lock."""
        from anymatix_fetcher.library.index import Index  # noqa: PLC0415 - brings SQLite, which most needn't wait for
        from anymatix_fetcher.noting import arrival_of  # noqa: PLC0415 - as above

        if self._index is None:
            self._index = Index(self._path)
        if self._waiting:
            self._index.add_many([arrival_of(kept).entry(state, read_at) for kept, state, read_at in self._waiting])
            self._waiting.clear()
        return self._index

    def learn(self, folders: Iterable[Path]) -> bool:
        """Enters what sidecars in ``folders`` and the caches say; false where that was done before."""
        from anymatix_fetcher.library.scanning import scan  # noqa: PLC0415 - as above

        index = self.opened()
        with self._learning:
            new = {*folders, *self._caches} - self._learned
            for _ in scan(index, sorted(new - {*self._caches}), sorted(new & {*self._caches}), self._disk):
                pass
            self._learned |= new
            self._known_until = float("-inf")
            return bool(new)

    def close(self) -> None:
        """Enters what waits, and closes it."""
        if self._waiting or self._index is not None:
            with self._lock, suppress(ImportError):  # some Pythons have no SQLite
                self._entered().close()
            self._index = None


class Search:
    """Implements the engine's ``Search``: one look, in one step, that can be ended between pieces of files.

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
        """Implements ``Search.cancel``."""
        self._cancelled.set()

    def step(self) -> Next:
        """Implements ``Task.step``."""
        self._report(self._look(self._on_bytes))
        return Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``: whatever it is, the file can still be downloaded."""
        if not isinstance(error, FetchError):
            log.error("a search failed for a reason that is a bug", exc_info=error)
        elif not isinstance(error, DownloadCancelled):
            log.info("what is here can't be used: %s", error)
        self._report(Searched(None, error=error if isinstance(error, FetchError) else None))

    def _on_bytes(self, _: int) -> None:
        if self._cancelled.is_set():
            raise DownloadCancelled("the download was stopped")
        self.note = READING
