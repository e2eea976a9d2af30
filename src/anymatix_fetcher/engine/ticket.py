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

    def show(self, progress: Progress) -> None:
        """How it stands now."""
        self.progress = progress

    def enter(self, phase: Phase) -> None:
        """It is in this phase now."""
        self.progress = replace(self.progress, phase=phase)

    def cancel(self) -> None:
        """It is to be stopped; the session does so at its next turn. May be called from any thread."""
        self.cancelled = True

    def asked(self, requests: Mapping[Origin, int]) -> None:
        """So many requests were sent to each origin to resolve its reference."""
        self.requests = {**self.requests, **requests}

    def divide(self, parts: tuple[Ticket, ...]) -> None:
        """Its reference names several files: there is one ticket for each."""
        self.parts = parts

    def end(self, result: Result) -> None:
        """It is over."""
        self.result = result

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
