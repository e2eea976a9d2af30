"""Resolves references to local files, ``sha256://<64 hex>``, without any network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.messages import CancelRequested, StorageFailed
from anymatix_fetcher.engine.facts import Phase, Progress, Result, Status, moment, phase_of
from anymatix_fetcher.engine.failing import let_go
from anymatix_fetcher.engine.shelf import Searched
from anymatix_fetcher.errors import DownloadCancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.engine.driver import DriverEvent
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.storage.workers import Worker


class Recall:
    """Runs one job to its end like a driver, but from local files only.

    Args:
        job: The job.
        ports: The shelf, and the workers that run its searches.
        report: Takes the answer to the session's loop.
    """

    def __init__(self, job: Job, ports: Ports, report: Callable[[DriverEvent], None]) -> None:
        self.result: Result | None = None
        self.is_elsewhere = False
        """Whether the file isn't here, and has to be resolved like any other reference."""
        self._job = job
        self._ports = ports
        self._search = ports.shelf.recall(job, report)
        self._worker: Worker | None = None
        self._started_at = ports.clock()

    @property
    def is_meant(self) -> bool:
        """Whether the reference is one to a local file."""
        return self._search is not None

    @property
    def is_held_up(self) -> bool:
        """True: it sends no requests."""
        return True

    def start(self) -> None:
        """Starts the search."""
        if self._search is not None:
            self._worker = self._ports.workers.start(self._search)

    def handle(self, event: DriverEvent) -> None:
        """Takes the answer, or a cancellation."""
        if self.result is not None or self.is_elsewhere:
            return
        match event:
            case Searched():
                self._end(event)
            case StorageFailed():
                self.fail(event.error)
            case CancelRequested():
                self.fail(DownloadCancelled("the search was stopped", hint="Nothing was changed."))
            case _:
                pass

    def tick(self, *, limited: bool = False) -> None:
        """Does nothing."""

    def progress(self) -> Progress:
        """The current progress."""
        note = self._search.note if self._search is not None else ""
        phase = Phase.VERIFYING if note else Phase.OPENING
        if self.result is not None:
            phase = phase_of(self.result)
        return Progress(
            reference=self._job.shown_reference,
            name=self.result.path.name if self.result is not None and self.result.path else None,
            phase=phase,
            length=self.result.size if self.result is not None else None,
            seconds=self._ports.clock() - self._started_at,
            note=note,
        )

    def fail(self, error: FetchError) -> None:
        """Ends it because of an unexpected exception."""
        if self.result is None:
            let_go(self._job.shown_reference, self._stop)
            self._end(Searched(None, error=error))

    def _stop(self) -> None:
        if self._search is not None and self._worker is not None:
            self._search.cancel()
            self._worker.stop()

    def _end(self, answer: Searched) -> None:
        found, seconds = answer.found, self._ports.clock() - self._started_at
        if found is None and answer.error is None:
            self.is_elsewhere = True
            return
        if found is None:
            self.result = Result(
                reference=self._job.shown_reference, status=Status.FAILED, seconds=seconds, error=answer.error
            )
            return
        sha256 = next((digest.hex for digest in found.digests if digest.algorithm == "sha256"), None)
        self.result = Result(
            reference=self._job.shown_reference,
            status=Status.PRESENT if found.method is None else Status.LINKED,
            path=found.path,
            size=found.size,
            sha256=sha256,
            verified=found.verified,
            verified_at=moment(found.verified_at),
            seconds=seconds,
        )
