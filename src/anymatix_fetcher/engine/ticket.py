"""One job in a session, as its caller sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import Progress, Result, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.errors import FetchError


class Ticket:
    """One job in a session; its attributes may be read from any thread.

    ``progress`` is what was last told; ``result`` appears when the job is over. A job whose reference names several
    files has ``parts`` instead of a result: one for each.

    Args:
        job: What its caller wants.
        number: Tells it from others.
        on_over: Called on the session's thread when it is over; mustn't block.
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
        """Whether nothing will change any more."""
        return self.result is not None or bool(self.parts)

    @property
    def files(self) -> tuple[Ticket, ...]:
        """The tickets of the single files that the job has come to; itself, as far as is known."""
        return self.parts or (self,)

    def wait(self, note: str) -> None:
        """It hasn't begun yet; ``note`` says what it waits for."""
        if self.progress.note != note:
            self.progress = replace(self.progress, note=note)

    def failed(self, error: FetchError) -> Result:
        """The result of a job that ends with ``error``."""
        return Result(reference=self.job.shown_reference, status=Status.FAILED, error=error)


def without_costs(result: Result) -> Result:
    """The result of a job for which another one, the same, has fetched the file."""
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
