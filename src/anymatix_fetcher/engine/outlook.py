"""The progress and the result of one download, computed from its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import UNPROVED, Phase, Progress, Result, Status, moment, phase_of

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.download import Download
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.destination import Destination
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.errors import FetchError


class Outlook:
    """The view of one download.

    Args:
        job: The job.
        resource: The resolved reference.
        machine: Knows what has arrived.
        destination: Knows where it is.
        ports: The clock, and the transport's name.
    """

    def __init__(self, job: Job, resource: Resource, machine: Download, destination: Destination, ports: Ports) -> None:
        self._reference = job.shown_reference
        self._resource = resource
        self._machine = machine
        self._destination = destination
        self._ports = ports
        self._started_at = ports.clock()
        self._most_stored = 0

    def progress(self, result: Result | None, *, is_published: bool) -> Progress:
        """The current progress.

        Args:
            result: The result; ``None`` while it runs.
            is_published: Whether the file is published, and only being recorded.
        """
        now = self._ports.clock()
        machine, holder = self._machine, self._destination.holder
        stored, length, rate = machine.coverage.stored.total, machine.length, machine.rate(now)
        self._most_stored = max(self._most_stored, stored)
        to_go = length - stored if length is not None else None
        hashed = self._destination.part.hashed_bytes
        if holder is not None:
            length, stored = holder.length, holder.stored
        elif result is not None and result.size is not None:  # the file may have been here before
            length, stored = result.size, max(self._most_stored, result.size)
            hashed = hashed if result.verified in UNPROVED else result.size
        else:
            stored = self._most_stored
        return Progress(
            reference=self._reference,
            name=self._destination.name,
            phase=self._phase(result, is_published=is_published),
            length=length,
            bytes_stored=stored,
            bytes_resumed=machine.account.bytes_resumed,
            bytes_verified=hashed,
            bytes_per_second=rate,
            eta_seconds=to_go / rate if to_go is not None and rate > 0 and machine.flowing else None,
            connections=machine.flowing,
            stored=machine.coverage.stored,
            in_flight=machine.in_flight,
            seconds=now - self._started_at,
            note=self._note(result, now),
            path=self._destination.path,
            digests=machine.digests,
        )

    def _phase(self, result: Result | None, *, is_published: bool) -> Phase:
        if result is not None:
            return phase_of(result)
        if self._destination.holder is not None:
            return Phase.WAITING
        if is_published:
            return Phase.PUBLISHING
        return Phase.VERIFYING if self._destination.is_reading else Phase[self._machine.phase.name]

    def _note(self, result: Result | None, now: float) -> str:
        if self._destination.holder is not None:
            return "another process downloads it; waiting for its result"
        if result is not None:
            return self._remark(result) or self._destination.place_note
        return self._destination.note or self._machine.waiting_for(now) or self._destination.place_note

    def _remark(self, result: Result) -> str:
        """The warnings about the result, as they follow "it is"."""
        proof = self._resource.remark if result.error is None and result.verified in UNPROVED else ""
        return "; it is ".join(filter(None, (self._destination.part.warning, proof)))

    def result(
        self, status: Status, verified: str, *, size: int | None = None, error: FetchError | None = None
    ) -> Result:
        """The result.

        Args:
            status: The outcome.
            verified: How the content was verified.
            size: The file's size in bytes.
            error: The error; ``None`` on success.
        """
        account, destination = self._machine.account, self._destination
        sha256 = next((digest.hex for digest in destination.digests if digest.algorithm == "sha256"), None)
        return Result(
            reference=self._reference,
            status=status,
            path=destination.path if error is None else None,
            size=size,
            sha256=sha256,
            verified=verified,
            verified_at=None if verified == "none" else moment(destination.verified_at),
            bytes_downloaded=account.bytes_downloaded,
            bytes_resumed=account.bytes_resumed,
            seconds=self._ports.clock() - self._started_at,
            requests=account.requests,
            origin_requests=account.origin_requests,
            renewals=account.renewals,
            connections_peak=account.connections_peak,
            engine=self._ports.transport.name,
            http_version=account.http_version,
            error=error,
        )
