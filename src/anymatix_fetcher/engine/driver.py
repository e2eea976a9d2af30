"""The driver of one download: feeds its machine events, carries out its commands, and knows nothing better.

Whatever is decided is decided in ``core``; here is only who does it: the transport, the part file, the source. While
another process writes the destination, its `Claim` stands in line, and the machine doesn't run.
"""

from __future__ import annotations

import hashlib
import logging
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, assert_never

from anymatix_fetcher.core import messages as m
from anymatix_fetcher.core.filenames import choose_name
from anymatix_fetcher.core.http import Validator
from anymatix_fetcher.engine.appraisal import Appraisal
from anymatix_fetcher.engine.claim import Claim
from anymatix_fetcher.engine.facts import Phase, Progress, Result, Status
from anymatix_fetcher.engine.pickle_scan import Scanned
from anymatix_fetcher.errors import DownloadCancelled, FetchError
from anymatix_fetcher.storage.existing import ExistingRead

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.digests import Digest
    from anymatix_fetcher.core.download import Download
    from anymatix_fetcher.core.resource import Resource
    from anymatix_fetcher.engine.claim import Holder
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.storage.leftovers import Leftovers
    from anymatix_fetcher.storage.store import Store

log = logging.getLogger("anymatix_fetcher.engine")

DriverEvent: TypeAlias = m.Event | ExistingRead | Scanned


class _FailingCleanly:
    """A block whose ``FetchError`` ends it and is handed over; entered for every event, so it is no generator."""

    __slots__ = ("_take",)

    def __init__(self, take: Callable[[FetchError], None]) -> None:
        self._take = take

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Hands the error over."""
        if not isinstance(error, FetchError):
            return False
        self._take(error)
        return True


class Driver:
    """Brings one job to its end.

    Args:
        job: What the caller wants.
        resource: What its reference resolved to.
        machine: Decides.
        ports: Do.
        report: Takes events from other threads back to the session's loop.
        renew: Has the source give the address anew; answered by ``Renewed`` or ``RenewalFailed``.
        leftovers: What earlier runs have begun.
    """

    def __init__(
        self,
        job: Job,
        resource: Resource,
        machine: Download,
        ports: Ports,
        *,
        report: Callable[[DriverEvent], None],
        renew: Callable[[], None],
        leftovers: Leftovers,
    ) -> None:
        self.job = job
        self.result: Result | None = None
        self._resource = resource
        self._machine = machine
        self._ports = ports
        self._report = report
        self._renew = renew
        self._leftovers = leftovers
        self._store: Store | None = None
        self._claim: Claim | None = None
        self._appraisal: Appraisal | None = None
        self._asked_for_storage = False
        self._events: deque[m.Event] = deque()
        self._digests: tuple[Digest, ...] = ()
        self._started_at = ports.clock()
        self._most_stored = 0
        self._failing_cleanly = _FailingCleanly(self._storage_failed)
        self._shown_reference = job.shown_reference

    # From the session -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins. The destination is claimed first where it is known without asking the server."""
        settings = self.job.settings
        with self._failing_cleanly:
            named = settings.directory / self._resource.name if self._resource.name else None
            destination = settings.output or named or self._leftovers.find(settings.directory, self._resource.reference)
            if destination is not None:
                self._stand_in_line(destination.absolute())
            else:
                self._feed(m.Begin(storage_is_open=False))

    @property
    def is_held_up(self) -> bool:
        """Whether it asks for nothing: another process has the destination, or what is there is being read."""
        return not self._machine_runs

    def handle(self, event: DriverEvent) -> None:
        """Takes one event: of the transport, of storage, or of the caller."""
        if self.result is not None:
            return
        with self._failing_cleanly:
            if isinstance(event, ExistingRead):
                self._existing_read(event)
            elif isinstance(event, Scanned):
                self._scanned(event)
            elif isinstance(event, m.CancelRequested) and not self._machine_runs:
                self._fail(DownloadCancelled("the download was stopped"))
            else:
                self._feed(event)

    def tick(self, *, limited: bool = False) -> None:
        """Lets time pass; called several times a second. ``limited`` tells that our own limit on the rate binds."""
        if self.result is not None:
            return
        with self._failing_cleanly:
            if self._claim is not None and self._claim.holder is not None:
                self._try_claim(self._claim)
            elif self._machine_runs:
                self._feed(m.Tick(limited=limited))

    def notice_compared(self) -> None:
        """Hands on what the part file found out about blocks that came again; before each event."""
        if self._store is not None and self.result is None:
            for compared in self._store.compared():
                self.handle(compared)

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
            name=self._claim.destination.name if self._claim is not None else self._resource.name,
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
        )

    @property
    def _phase(self) -> Phase:
        if self.result is not None and self.result.error is None:
            return Phase.DONE
        if self._holder is not None:
            return Phase.WAITING
        return Phase.VERIFYING if self._reads_existing else Phase[self._machine.phase.name]

    def _note(self, now: float) -> str:
        if self._holder is not None:
            return "another process downloads it; waiting for its result"
        if self.result is not None and self._appraisal is not None:
            return self._appraisal.warning
        return self._machine.waiting_for(now)

    # Commands ---------------------------------------------------------------------------------------------

    @property
    def _machine_runs(self) -> bool:
        return self._holder is None and not self._reads_existing

    def _feed(self, event: m.Event) -> None:
        self._events.append(event)
        while self._events and self.result is None:
            event = self._events.popleft()
            if isinstance(event, m.Verified):
                self._digests = event.digests
            for command in self._machine.receive(event, self._ports.clock()):
                self._carry_out(command)
            if self._appraisal is not None and self._appraisal.is_looking and self.result is None:
                refused = self._appraisal.look(self._machine.coverage.stored.front(), self._machine.length)
                self._events.extend([refused] if refused is not None else ())

    def _carry_out(self, command: m.Command) -> None:  # noqa: C901, PLR0912 - one branch for each command
        transport = self._ports.transport
        match command:
            case m.StartExchange():
                log.debug("asking %s for %s", command.request.url, command.request.span or "the whole")
                transport.start(command.exchange, command.request)
            case m.AcceptBody():
                sink = self._opened.comparing if command.compare else self._opened.sink
                transport.accept(command.exchange, sink, command.start, command.stop)
            case m.NarrowBody():
                transport.narrow(command.exchange, command.stop)
            case m.CancelExchange():
                transport.cancel(command.exchange)
            case m.OpenStorage():
                self._asked_for_storage = True
                name = self._resource.name or choose_name(
                    command.head.headers, command.url.last_segment, self._fallback
                )
                self._stand_in_line((self.job.settings.directory / name).absolute())
            case m.SetIdentity():
                self._opened.set_identity(command.identity)
                self._machine.lay_out(self._opened.block_size)
            case m.ProveBlocks():
                self._opened.prove(command.blocks)
            case m.ForgetBlocks():
                self._opened.forget(command.blocks)
                if self._appraisal is not None and 0 in command.blocks:
                    self._appraisal.begin_anew()
            case m.Verify():
                self._opened.verify(command.length)
            case m.Publish():
                if self._claim is not None:
                    self._claim.check_held()
                if self._appraisal is None or not self._appraisal.scan(self._machine.length or 0):
                    self._opened.publish()
            case m.Renew():
                log.info("%s: the address has expired; renewing it", self._shown_reference)
                if self._resource.renewed_by_source:
                    self._renew()
                else:
                    self._events.append(m.Renewed(self._resource))
            case m.Finish():
                self._finish(self._status, command.verified)
            case m.Fail():
                self._fail(command.error)
            case _:
                assert_never(command)

    @property
    def _fallback(self) -> str:
        """A name for what has none, the same on every run."""
        return f"download-{hashlib.sha256(self._resource.url.reveal().encode()).hexdigest()[:8]}"

    @property
    def _opened(self) -> Store:
        if self._store is None:
            raise AssertionError("the machine uses the part file before it is open")
        return self._store

    # The destination --------------------------------------------------------------------------------------

    @property
    def _holder(self) -> Holder | None:
        return self._claim.holder if self._claim is not None else None

    @property
    def _reads_existing(self) -> bool:
        return self._claim is not None and self._claim.reads_existing

    def _stand_in_line(self, destination: Path) -> None:
        self._claim = Claim(destination, self._resource.reference, self._ports)
        self._try_claim(self._claim)

    def _try_claim(self, claim: Claim) -> None:
        if not claim.try_acquire():
            return
        if not self.job.settings.overwrite and self._ports.disk.kind(claim.destination) is not None:
            claim.read_existing(self._machine.digests, self._report)
        else:
            self._open_store(claim.destination)

    def _open_store(self, destination: Path) -> None:
        self._store = self._ports.open_store(
            destination,
            reference=self._resource.reference,
            disk=self._ports.disk,
            workers=self._ports.workers,
            report=self._report,
            algorithms=tuple(dict.fromkeys(digest.algorithm for digest in self._machine.digests)),
            overwrite=self.job.settings.overwrite,
            any_reference=self.job.settings.take_over,
        )
        self._machine.lay_out(self._store.block_size)
        self._appraisal = Appraisal(self._store, destination, self.job.settings, self._report)
        kept = self._store.kept
        if kept is not None and self.job.settings.take_over:
            # What was said of it under another address says nothing of this one: its blocks have to.
            kept = replace(kept, identity=m.Identity(kept.identity.length, Validator()))
        self._feed(m.StorageOpened(kept) if self._asked_for_storage else m.Begin(storage_is_open=True, kept=kept))

    def _existing_read(self, event: ExistingRead) -> None:
        if self._claim is None:
            raise AssertionError("a file is read for a claim only")
        self._digests = event.digests
        wanted = self._machine.digests
        self._claim.check_existing(event, wanted)
        self._finish(Status.PRESENT, wanted[0].algorithm if wanted else "length", size=event.size)

    def _scanned(self, found: Scanned) -> None:
        refused = self._appraisal.scanned(found) if self._appraisal is not None else None
        if refused is not None:
            self._feed(refused)
        else:
            self._opened.publish()

    # The end ----------------------------------------------------------------------------------------------

    def _storage_failed(self, error: FetchError) -> None:
        """The machine drops what it has under way."""
        self._events.clear()
        self._feed(m.StorageFailed(error))

    def let_go(self) -> None:
        """Drops part file and lock without a result: the session met a bug."""
        for command in self._machine.receive(m.CancelRequested(), self._ports.clock()):
            if isinstance(command, m.CancelExchange):
                self._ports.transport.cancel(command.exchange)
        if self._store is not None:
            self._store.close()
        if self._claim is not None:
            self._claim.release()

    @property
    def _status(self) -> Status:
        return Status.RESUMED if self._machine.account.bytes_resumed else Status.DOWNLOADED

    def _finish(self, status: Status, verified: str, *, size: int | None = None) -> None:
        self._end(self._result(status, verified, size=self._machine.length if size is None else size))

    def _fail(self, error: FetchError) -> None:
        log.debug("%s failed: %s", self._shown_reference, error)
        self._end(self._result(Status.FAILED, "none", error=error))

    def _result(
        self, status: Status, verified: str, *, size: int | None = None, error: FetchError | None = None
    ) -> Result:
        account = self._machine.account
        sha256 = next((digest.hex for digest in self._digests if digest.algorithm == "sha256"), None)
        return Result(
            reference=self._shown_reference,
            status=status,
            path=self._claim.destination if self._claim is not None and error is None else None,
            size=size,
            sha256=sha256,
            verified=verified,
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

    def _end(self, result: Result) -> None:
        """Lets go of everything; before the result can be seen, so that whoever sees it may start anew."""
        if self._claim is not None:
            self._claim.stop_reading()
        if self._appraisal is not None:
            self._appraisal.abandon()
        if self._store is not None:
            cancelled = isinstance(result.error, DownloadCancelled)
            if result.error is not None and not cancelled and self._is_litter:
                self._store.discard()
            self._store.close()
        if self._claim is not None:
            self._claim.release()
        self.result = result

    @property
    def _is_litter(self) -> bool:
        """Whether nobody needs the part file: nothing has ever arrived, or nothing but what isn't a model."""
        machine = self._machine
        is_untouched = not machine.coverage.held and machine.account.bytes_downloaded == 0
        return is_untouched or (self._appraisal is not None and self._appraisal.found_worthless)
