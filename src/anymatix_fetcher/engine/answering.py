"""Workers that report the outcome of every task to its download."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.core.values.messages import StorageFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.storage.workers import Next, Task, Worker, Workers

log = logging.getLogger("anymatix_fetcher.engine")


class AnsweringWorkers:
    """Implements ``Workers`` with shared workers, and reports tasks that fail while reporting their failure.

    Args:
        workers: The shared workers.
        report: Takes ``StorageFailed`` to the download, from any thread.
    """

    def __init__(self, workers: Workers, report: Callable[[StorageFailed], None]) -> None:
        self._workers = workers
        self._report = report

    def start(self, task: Task, *, asleep: bool = False) -> Worker:
        """Implements ``Workers.start``."""
        return self._workers.start(_Answered(task, self._report), asleep=asleep)

    def hold(self) -> None:
        """Implements ``Workers.hold``."""
        self._workers.hold()

    def go_on(self) -> None:
        """Implements ``Workers.go_on``."""
        self._workers.go_on()


class _Answered:
    """A task with a failure that is reported even if its own report raises."""

    __slots__ = ("_report", "_task", "step")

    def __init__(self, task: Task, report: Callable[[StorageFailed], None]) -> None:
        self._task = task
        self._report = report
        self.step: Callable[[], Next] = task.step

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        try:
            self._task.fail(error)
        except Exception as second:
            log.exception("a task couldn't say that it had failed")
            self._report(StorageFailed(error_of(second)))
