"""The tasks of one store on workers: the follower, which sleeps until it is woken, and others until they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.storage.hashing import Follower
    from anymatix_fetcher.storage.workers import Task, Worker, Workers


class Background:
    """The tasks of one store.

    Args:
        workers: Run them.

    Attributes:
        was_woken: Whether the follower was ever woken, so that it may be hashing.
    """

    def __init__(self, workers: Workers) -> None:
        self.was_woken = False
        self._workers = workers
        self._following: Worker | None = None
        self._running: list[Worker] = []

    def run(self, task: Task) -> None:
        """Starts ``task``."""
        self._running.append(self._workers.start(task))

    def follow(self, follower: Follower) -> None:
        """Starts the follower asleep, unless it was started."""
        if self._following is None:
            self._following = self._workers.start(follower, asleep=True)

    def wake(self) -> None:
        """Wakes the follower, if it was started."""
        following = self._following
        if following is not None:
            self.was_woken = True
            following.wake()

    def stop(self) -> None:
        """Stops all tasks; returns when none is running."""
        for worker in (*self._running, *([self._following] if self._following else ())):
            worker.stop()
        self._running.clear()
        self._following = None
