"""Records a completed file: writes its sidecar on a worker thread, and has it entered into the index with others."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.engine.shelf import Recorded
from anymatix_fetcher.errors import InternalError, StorageError
from anymatix_fetcher.storage.workers import Step
from anymatix_fetcher.wiring.library_arrivals import arrival_of
from anymatix_fetcher.wiring.library_search import Entered

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.engine.shelf import Arrived
    from anymatix_fetcher.storage.workers import Next, Task
    from anymatix_fetcher.wiring.library_search import LateIndex

log = logging.getLogger("anymatix_fetcher.wiring.library_shelf")


class Noting:
    """The task that writes a sidecar. If that fails, the file is complete all the same.

    Args:
        kept: The file.
        index: The index to enter it into.
        disk: The file system.
        wall_clock: Seconds since 1970.
        report: Receives ``Recorded``, on a worker thread.
        run: Runs a task on a worker.
    """

    def __init__(
        self,
        kept: Arrived,
        index: LateIndex,
        disk: Disk,
        wall_clock: Callable[[], float],
        report: Callable[[Recorded], None],
        run: Callable[[Task], object],
    ) -> None:
        self._kept = kept
        self._index = index
        self._disk = disk
        self._wall_clock = wall_clock
        self._report = report
        self._run = run

    def step(self) -> Next:
        """Implements ``Task.step``."""
        from anymatix_fetcher.library.recording import current_entry, note  # noqa: PLC0415 - brings SQLite

        arrival = replace(arrival_of(self._kept), blocks=self._kept.checksums())
        entry = current_entry(arrival, self._wall_clock())
        try:
            entered = Entered(entry, note(arrival, entry, self._disk))
        except StorageError:
            self._index.opened().add_many([entry])
            raise
        self._index.enter_learned(lambda: entered, arrival.digests, self._entered, self._run)
        return Step.DONE

    def _entered(self, _: Recorded) -> None:
        """With the sidecar the file is recorded, even where the index can't be written."""
        self._report(Recorded())

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        ours = error_of(error, self._kept.path)
        if isinstance(ours, InternalError):
            log.error("a bug prevents a sidecar from being written", exc_info=error)
        else:
            log.warning("the sidecar of %s can't be written: %s", self._kept.path, ours)
        self._report(Recorded(is_kept=False))
