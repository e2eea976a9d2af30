"""One job in a session, as its caller sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import Progress, Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.engine.facts import Job, Phase
    from anymatix_fetcher.errors import FetchError


class Ticket:
    """One job in a session; its attributes may be read from any thread.

    ``progress`` is the last known progress; ``result`` is set when the job is over. A job that names several files has
    ``parts`` instead of a result, one for each file.

    Args:
        job: The job.
        number: The ticket's unique number.
        on_over: Called on the session's thread at its end; mustn't block.
    """

    def __init__(self, job: Job, number: int, on_over: Callable[[], object] = lambda: None) -> None:
        self.job = job
        self.on_over = on_over
        self.number = number
        self.progress = Progress(reference=job.shown_reference)
        self.result: Result | None = None
        self.parts: tuple[Ticket, ...] = ()
        self.requests: dict[Origin, int] = {}
        self.cancelled = False

    @property
    def is_over(self) -> bool:
        """Whether it has ended or was divided."""
        return self.result is not None or bool(self.parts)

    @property
    def files(self) -> tuple[Ticket, ...]:
        """The tickets of the job's files: its parts, or itself."""
        return self.parts or (self,)

    def show(self, progress: Progress) -> None:
        """Sets the progress."""
        self.progress = progress

    def enter(self, phase: Phase) -> None:
        """Sets the phase."""
        self.progress = replace(self.progress, phase=phase)

    def cancel(self) -> None:
        """Marks it as cancelled; the session stops it in its next iteration. May be called from any thread."""
        self.cancelled = True

    def asked(self, requests: Mapping[Origin, int]) -> None:
        """Adds the number of requests to each origin for resolving its reference."""
        self.requests = {**self.requests, **requests}

    def divide(self, parts: tuple[Ticket, ...]) -> None:
        """Divides it, because its reference names several files."""
        self.parts = parts

    def end(self, result: Result) -> None:
        """Sets the result."""
        self.result = result

    def wait(self, note: str) -> None:
        """Sets the note that says what it waits for."""
        if self.progress.note != note:
            self.progress = replace(self.progress, note=note)

    def failed(self, error: FetchError) -> Result:
        """The result of a job that ends with ``error``."""
        return Result(reference=self.job.shown_reference, status=Status.FAILED, error=error)


def without_costs(result: Result) -> Result:
    """The result of a job if another, equal job has fetched the file."""
    return replace(
        result,
        status=Status.PRESENT,
        bytes_downloaded=0,
        bytes_resumed=0,
        seconds=0.0,
        requests=0,
        origin_requests=0,
        renewals=0,
        connections_peak=0,
    )
