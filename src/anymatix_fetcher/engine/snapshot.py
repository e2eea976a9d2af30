"""How one download looks from outside: its progress, and the result that it comes to. Nothing in here acts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import UNPROVED, Phase, Progress, Result, Status, moment, phase_of
from anymatix_fetcher.engine.takeover import Adoption

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.machine.download import Download
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.appraisal import Appraisal
    from anymatix_fetcher.engine.claim import Claim
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.holder import Holder
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.engine.shelving import Shelving
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.storage.store import Store


class Outlook:
    """What a driver knows, and how that looks.

    Args:
        job: What the caller wants.
        resource: What its reference resolved to.
        machine: Decides.
        ports: Do.
        shelving: The download's part of the shelf.
    """

    def __init__(self, job: Job, resource: Resource, machine: Download, ports: Ports, shelving: Shelving) -> None:
        self.job = job
        self.result: Result | None = None
        self._resource = resource
        self._machine = machine
        self._ports = ports
        self._shelving = shelving
        self._adoption = Adoption(job.settings.adopt_partial, ports.disk)
        self._store: Store | None = None
        self._claim: Claim | None = None
        self._appraisal: Appraisal | None = None
        self._found_at: Path | None = None
        self._already_there = False
        self._noted: Result | None = None
        self._digests: tuple[Digest, ...] = ()
        self._verified_at: float | None = None
        self._started_at = ports.clock()
        self._most_stored = 0
        self._shown_reference = job.shown_reference

    def progress(self) -> Progress:
        """How it stands now."""
        now = self._ports.clock()
        machine, store, holder = self._machine, self._store, self._holder
        stored = machine.coverage.stored.total
        self._most_stored = max(self._most_stored, stored)
        rate = machine.rate(now)
        length = machine.length
        to_go = length - stored if length is not None else None
        return Progress(
            reference=self._shown_reference,
            name=self._name,
            phase=self._phase,
            length=length if holder is None else holder.length,
            bytes_stored=self._most_stored if holder is None else holder.stored,
            bytes_resumed=machine.account.bytes_resumed,
            bytes_verified=store.hashed_bytes if store is not None else 0,
            bytes_per_second=rate,
            eta_seconds=to_go / rate if to_go is not None and rate > 0 and machine.flowing else None,
            connections=machine.flowing,
            stored=machine.coverage.stored,
            in_flight=machine.in_flight,
            seconds=now - self._started_at,
            note=self._note(now),
            path=self._path,
            digests=machine.digests,
        )

    def _have_read(self, digests: tuple[Digest, ...]) -> None:
        """The whole file has been read just now, and has these digests."""
        self._digests, self._verified_at = digests, self._ports.wall_clock()

    @property
    def _phase(self) -> Phase:
        if self.result is not None:
            return phase_of(self.result)
        if self._holder is not None:
            return Phase.WAITING
        if self._noted is not None:
            return Phase.PUBLISHING
        is_reading = self._reads_existing or self._shelving.note
        return Phase.VERIFYING if is_reading else Phase[self._machine.phase.name]

    def _note(self, now: float) -> str:
        if self._holder is not None:
            return "another process downloads it; waiting for its result"
        if self.result is not None and (remark := self._remark(self.result)):
            return remark
        doing = self._shelving.note or self._adoption.note(self._store)
        return doing or self._machine.waiting_for(now) or self._shelving.place.note

    def _remark(self, result: Result) -> str:
        """What a person should know of what came, after "it is"."""
        content = self._appraisal.warning if self._appraisal is not None else ""
        proof = self._resource.remark if result.error is None and result.verified in UNPROVED else ""
        return "; it is ".join(filter(None, (content, proof)))

    @property
    def _name(self) -> str | None:
        """The file's name, as far as it is known."""
        if self._found_at is not None:
            return self._found_at.name
        if self._claim is None or self._shelving.place.is_named_by_content:
            return self._shelving.name
        return self._claim.destination.name

    @property
    def _path(self) -> Path | None:
        """Where the file is, or shall be; while only its content would tell its name, where it is claimed."""
        return self._found_at or (self._claim.destination if self._claim is not None else None)

    @property
    def _machine_runs(self) -> bool:
        """Whether nobody else is waited for: another process, a reader, a search, or the writer of a sidecar."""
        is_free = self._holder is None and not self._reads_existing
        return is_free and not self._shelving.is_searching and self._noted is None

    @property
    def _holder(self) -> Holder | None:
        return self._claim.holder if self._claim is not None else None

    @property
    def _reads_existing(self) -> bool:
        return self._claim is not None and self._claim.reads_existing

    @property
    def _opened(self) -> Store:
        if self._store is None:
            raise AssertionError("the machine uses the part file before it is open")
        return self._store

    @property
    def _fallback(self) -> str:
        """A name for what has none, the same on every run."""
        return f"download-{hashlib.sha256(self._resource.url.reveal().encode()).hexdigest()[:8]}"

    @property
    def _status(self) -> Status:
        return Status.RESUMED if self._machine.account.bytes_resumed else Status.DOWNLOADED

    def _result(
        self, status: Status, verified: str, *, size: int | None = None, error: FetchError | None = None
    ) -> Result:
        account = self._machine.account
        sha256 = next((digest.hex for digest in self._digests if digest.algorithm == "sha256"), None)
        return Result(
            reference=self._shown_reference,
            status=status,
            path=self._path if error is None else None,
            size=size,
            sha256=sha256,
            verified=verified,
            verified_at=None if verified == "none" else moment(self._verified_at),
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

    @property
    def _is_litter(self) -> bool:
        """Whether nobody needs the part file: nothing has ever arrived, or nothing but what isn't a model."""
        machine = self._machine
        is_untouched = not machine.coverage.held and machine.account.bytes_downloaded == 0
        return is_untouched or (self._appraisal is not None and self._appraisal.found_worthless)
