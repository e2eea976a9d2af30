"""Records a completed file: writes its sidecar on a worker thread, and enters it into the index."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.engine.shelf import Recorded
from anymatix_fetcher.errors import InternalError
from anymatix_fetcher.storage.workers import Step
from anymatix_fetcher.wiring.library_arrivals import arrival_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.engine.shelf import Arrived
    from anymatix_fetcher.storage.workers import Next
    from anymatix_fetcher.wiring.library_search import LateIndex

log = logging.getLogger("anymatix_fetcher.wiring.library_shelf")


class Noting:
    """The task that writes a sidecar. If that fails, the file is complete all the same.

    Args:
        kept: The file.
        index: The index to enter it into.
        disk: The file system.
        wall_clock: Seconds since 1970.
        report: Receives ``Recorded``, on the worker thread.
    """

    def __init__(
        self,
        kept: Arrived,
        index: LateIndex,
        disk: Disk,
        wall_clock: Callable[[], float],
        report: Callable[[Recorded], None],
    ) -> None:
        self._kept = kept
        self._index = index
        self._disk = disk
        self._wall_clock = wall_clock
        self._report = report

    def step(self) -> Next:
        """Implements ``Task.step``."""
        from anymatix_fetcher.library.recording import record  # noqa: PLC0415 - brings SQLite

        arrival = replace(arrival_of(self._kept), blocks=self._kept.checksums())
        record(arrival, self._index.opened(), self._disk, self._wall_clock())
        self._report(Recorded())
        return Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        ours = error_of(error, self._kept.path)
        if isinstance(ours, InternalError):
            log.error("a bug prevents a sidecar from being written", exc_info=error)
        else:
            log.warning("the sidecar of %s can't be written: %s", self._kept.path, ours)
        self._report(Recorded(is_kept=False))
