"""A runner whose jobs go as a test tells them, and a queue on it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import Job, Phase, Progress, Result, Status
from anymatix_fetcher.errors import DownloadCancelled, FetchError
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.queue.destinations import Destinations
from anymatix_fetcher.queue.opening import checker
from anymatix_fetcher.queue.queue import Queue
from anymatix_fetcher.queue.store import JobStore
from anymatix_fetcher.transports.limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PATIENCE_SECONDS = 60.0
SIZE = 1000


def until(condition: Callable[[], bool]) -> None:
    """Waits for other threads' work."""
    deadline, never = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        never.wait(0.01)


class FakeRunning:
    """A job that stands as it was told; implements ``Running``."""

    def __init__(self, job: Job, on_over: Callable[[], object]) -> None:
        self.job = job
        self._on_over = on_over
        self.is_stopped = self.is_forgotten = self.was_lost = False
        self.parts: list[Progress] = []  # of several files, each one's
        self.lingers = False  # whether it takes its time to stop
        name = job.reference.rpartition("/")[2]
        path = job.settings.output or job.settings.directory / name
        self.progress = Progress(job.shown_reference, name=path.name, length=SIZE, path=path)
        self.bug: Exception | None = None
        self._results: tuple[Result, ...] | None = None

    @property
    def results(self) -> tuple[Result, ...] | None:
        if self.bug is not None:
            raise self.bug
        return self._results

    @property
    def files(self) -> Sequence[Progress]:
        return self.parts or [self.progress]

    @property
    def destinations(self) -> Sequence[Path]:
        return [self.progress.path] if self.progress.path is not None else []

    def stop(self) -> None:
        self.is_stopped = True
        if self._results is None and not self.lingers:
            self.fail(DownloadCancelled("it was stopped"))

    def forget(self) -> None:
        self.is_forgotten = True

    def store(self, count: int) -> None:
        """So many bytes are here."""
        self.progress = replace(self.progress, bytes_stored=count, phase=Phase.TRANSFERRING, bytes_per_second=100.0)

    def finish(self) -> None:
        """It comes to its file."""
        path = self.progress.path
        assert path is not None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(SIZE))
        self.store(SIZE)
        self._results = (Result(reference=self.job.shown_reference, status=Status.DOWNLOADED, path=path, size=SIZE),)
        self._on_over()

    def fail(self, error: FetchError) -> None:
        """It comes to nothing."""
        self._results = (Result(reference=self.job.shown_reference, status=Status.FAILED, error=error),)
        self._on_over()


class FakeRunner:
    """Begins jobs that wait to be told; implements ``Runner``.

    Args:
        go: What each job does as soon as it has begun.
    """

    def __init__(self, go: Callable[[FakeRunning], None] = lambda _: None) -> None:
        self.started: list[FakeRunning] = []
        self.go = go

    def start(self, job: Job, on_over: Callable[[], object]) -> FakeRunning:
        running = FakeRunning(job, on_over)
        self.started.append(running)
        self.go(running)
        return running

    def paused_hosts(self) -> frozenset[str]:
        return frozenset()

    def close(self) -> None:
        for running in self.started:
            running.stop()

    def of(self, reference: str) -> FakeRunning:
        """The newest run of a reference."""
        return next(one for one in reversed(self.started) if one.job.reference == reference)


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A queue on a fake runner, turned by hand.

    Args:
        folder: For everything.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.runner = FakeRunner()
        self.queue = self._opened()

    def _opened(self) -> Queue:
        limiter = RateLimiter()
        destinations = Destinations(self.folder / "files", comfyui_folders(self.folder / "models"))
        store = JobStore(self.folder / "state", now=self.clock())
        return Queue(store, destinations, self.runner, limiter, check=checker(), clock=self.clock, draw=lambda: 0.5)

    def restart(self) -> None:
        """Another process takes the queue up."""
        self.queue.close()
        self.runner = FakeRunner()
        self.clock.now += 1.0
        self.queue = self._opened()

    def crash(self) -> None:
        """The process dies: what runs isn't told, and nothing is written any more."""
        self.queue._store.close()
        self.runner = FakeRunner()
        self.clock.now += 1.0
        self.queue = self._opened()

    def turn(self, seconds: float = 1.0) -> None:
        """Time passes, and the queue looks at everything."""
        self.clock.now += seconds
        self.queue.turn()
