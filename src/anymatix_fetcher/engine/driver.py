"""The driver of one download: feeds its machine events, carries out its commands, and knows nothing better.

Whatever is decided is decided in ``core``; here is only who does it: the transport, the part file, the source. While
another process writes the destination, its `Claim` stands in line, and the machine doesn't run.
"""

from __future__ import annotations

import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, assert_never

from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.filenames import choose_name
from anymatix_fetcher.engine.appraisal import Appraisal
from anymatix_fetcher.engine.claim import Claim
from anymatix_fetcher.engine.facts import Result, Status
from anymatix_fetcher.engine.failing import FailingCleanly, let_go
from anymatix_fetcher.engine.scanned import Scanned
from anymatix_fetcher.engine.shelf import Recorded, Searched
from anymatix_fetcher.engine.shelving import Shelving
from anymatix_fetcher.engine.snapshot import Outlook
from anymatix_fetcher.engine.telling import Telling
from anymatix_fetcher.errors import DownloadCancelled, FetchError
from anymatix_fetcher.storage.existing import ExistingRead
from anymatix_fetcher.storage.takeover import TakenOver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.machine.download import Download
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.library.wanted import Found
    from anymatix_fetcher.storage.leftovers import Leftovers
    from anymatix_fetcher.storage.store import Store

log = logging.getLogger("anymatix_fetcher.engine")

DriverEvent: TypeAlias = m.Event | ExistingRead | Searched | Recorded | Scanned | TakenOver


class Driver(Outlook):
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
        super().__init__(job, resource, machine, ports, Shelving(job, resource, ports, report))
        self._report = report
        self._renew = renew
        self._leftovers = leftovers
        self._asked_for_storage = False
        self._is_guess, self._is_kept = False, True
        self._telling = Telling(ports.transport)
        self._events: deque[m.Event] = deque()
        self._failing_cleanly = FailingCleanly(self._storage_failed)

    # From the session -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins. The destination is claimed first where it is known without asking the server."""
        with self._failing_cleanly:
            self._shelving.choose()
            destination, place = self._shelving.destination, self._shelving.place
            if destination is None and not place.is_named_by_content:
                destination = self._leftovers.find(place.folder, self._resource.reference)
            if destination is not None and self._adoption.finds(destination.absolute()):
                self._feed(m.Begin(storage_is_open=False))  # whether that is this file, the server's answer tells
            elif destination is not None:
                self._stand_in_line(destination.absolute(), has_looked=True)
            elif not self._shelving.look_ahead(self._machine):
                self._feed(m.Begin(storage_is_open=False))

    @property
    def is_held_up(self) -> bool:
        """Whether it asks for nothing: another process has the destination, or what is there is being read."""
        return not self._machine_runs

    def handle(self, event: DriverEvent) -> None:
        """Takes one event, of anybody, after what the part file has found out by now about blocks that came again."""
        if isinstance(event, m.BodyEnded | m.ExchangeFailed):
            self._telling.ended(event.exchange)
        for found in self._store.compared() if self._store is not None else ():
            self._take(found)
        self._take(event)

    def _take(self, event: DriverEvent) -> None:
        if self.result is not None:
            return
        with self._failing_cleanly:
            if self._noted is not None:
                if isinstance(event, Recorded | m.StorageFailed):
                    self._is_kept = isinstance(event, Recorded) and event.is_kept
                    self._end(self._noted)
                return  # it is at its destination: whatever else happens comes too late
            match event:
                case ExistingRead():
                    self._existing_read(event)
                case Searched():
                    self._searched(event)
                case Scanned():
                    self._scanned(event)
                case TakenOver():
                    self._adoption.end()
                    self._begin(self._opened)
                case Recorded():
                    pass
                case m.CancelRequested():
                    self._cancel(event)
                case _:
                    self._feed(event)

    def _cancel(self, event: m.CancelRequested) -> None:
        """Stops, unless the file has its name already: then the download has succeeded."""
        if not self._machine_runs:
            self._drop_exchanges()
            self._fail(DownloadCancelled("the download was stopped"))
        elif self._store is None or self._store.withdraw():
            self._feed(event)

    def tick(self, *, limited: bool = False) -> None:
        """Lets time pass; called several times a second. ``limited`` tells that our own limit on the rate binds."""
        if self.result is not None:
            return
        with self._failing_cleanly:
            if self._claim is not None and self._claim.waits():
                self._try_claim(self._claim)
            elif self._machine_runs:
                self.handle(m.Tick(limited=limited))

    # Commands ---------------------------------------------------------------------------------------------

    def _feed(self, event: m.Event) -> None:
        self._events.append(event)
        self._go_on()

    def _go_on(self) -> None:
        """Tells the machine what has happened, unless what it wants next is kept back."""
        while self._events and not (self.result or self._machine.is_over or self._shelving.keeps_back):
            event = self._events.popleft()
            if isinstance(event, m.Verified):
                self._have_read(event.digests)
            elif isinstance(event, m.Published):
                self._already_there = event.already_there
            is_opening = self._machine.phase is MachinePhase.OPENING
            commands = self._machine.receive(event, self._ports.clock())
            if is_opening and self._is_kept_back(commands):
                return
            for command in commands:
                self._carry_out(command)
            if self._appraisal and self._appraisal.is_looking and not (self.result or self._machine.is_in_doubt):
                refused = self._appraisal.look(self._machine.coverage.stored.front(), self._machine.length)
                self._events.extendleft([refused] if refused is not None else ())

    def _is_kept_back(self, commands: list[m.Command]) -> bool:
        """Whether a digest has become known on the way to the bytes, and they may be here already."""
        if self._claim is None or self._store is None or self._machine.is_over or self._adoption.replaces:
            return False
        return self._shelving.keep_back(commands, self._claim.destination, self._machine)

    def _carry_out(self, command: m.Command) -> None:  # noqa: C901, PLR0912 - one branch for each command
        match command:
            case m.StartExchange() | m.PeekBody() | m.NarrowBody() | m.CancelExchange() | m.OpenAhead():
                self._telling.tell(command)
            case m.AcceptBody():
                sink = self._opened.comparing if command.compare else self._opened.sink
                self._ports.transport.accept(command.exchange, sink, command.start, command.stop)
            case m.LookAtBeginning():
                self._events.appendleft(self._telling.beginning.look(command, self._machine.digests))
            case m.OpenStorage():
                self._asked_for_storage = True
                name = self._resource.name or choose_name(
                    command.head.headers, command.url.last_segment, self._fallback
                )
                self._stand_in_line(self._shelving.working(name).absolute())
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
                verified = self._opened.verify(command.length)
                self._events.extend([verified] if verified is not None else ())
            case m.Publish():
                if self._claim is not None:
                    self._claim.check_held()
                if self._appraisal is None or not self._appraisal.scan(self._machine.length or 0):
                    self._publish()
            case m.Renew():
                log.info("%s: the address has expired; renewing it", self._shown_reference)
                if self._resource.renewed_by_source:
                    self._renew()
                else:
                    self._events.append(m.Renewed(self._resource))
            case m.Finish():
                self._finish(Status.PRESENT if self._already_there else self._status, command.verified)
            case m.Fail():
                self._fail(command.error)
            case _:
                assert_never(command)

    # The destination --------------------------------------------------------------------------------------

    def _stand_in_line(self, destination: Path, *, has_looked: bool = False) -> None:
        self._shelving.place.check(destination)
        self._claim = Claim(destination, self._resource.reference, self._ports)
        self._try_claim(self._claim, has_looked=has_looked)

    def _try_claim(self, claim: Claim, *, has_looked: bool = False) -> None:
        if not claim.try_acquire():
            return
        if not has_looked:
            self._adoption.finds(claim.destination)
        is_there = self._is_there(claim)
        if self._adoption.replaces or not self._shelving.search(claim.destination, self._machine, is_there=is_there):
            self._claimed(claim, is_there=is_there)

    def _claimed(self, claim: Claim, *, is_there: bool) -> None:
        """The destination is ours, and what is wanted isn't here as far as is known without reading anything."""
        if is_there:
            claim.read_existing(self._machine.digests, self._report)
        else:
            self._open_store(claim.destination)

    def _is_there(self, claim: Claim) -> bool:
        """Whether something is at the destination that isn't to be replaced."""
        may_go = self.job.settings.overwrite or self._adoption.replaces
        return not may_go and claim.finds_something()

    def _searched(self, event: Searched) -> None:
        looked_ahead = self._shelving.looks_ahead
        kept_back = self._shelving.searched(event)
        guessed = self._shelving.guessed() if looked_ahead and event.is_likely else None
        if event.found is not None:
            self._found(event.found, kept_back)
        elif guessed is not None:
            self._is_guess = True
            self._stand_in_line(guessed.absolute())
        elif self._claim is None:
            self._feed(m.Begin(storage_is_open=False))
        elif self._is_guess:
            self._give_up_guess(self._claim)
        elif self._store is None:
            self._claimed(self._claim, is_there=self._is_there(self._claim))
        else:
            for command in kept_back:
                self._carry_out(command)
            self._go_on()

    def _give_up_guess(self, claim: Claim) -> None:
        """The copy that seemed to be here can't be used: so the server says how the file is called."""
        self._is_guess = False
        claim.release()
        self._claim = None
        self._feed(m.Begin(storage_is_open=False))

    def _found(self, found: Found, kept_back: list[m.Command]) -> None:
        """It is here: nothing more is asked for, and what had been begun goes."""
        account = self._machine.account
        unsent = [command for command in kept_back if isinstance(command, m.StartExchange)]
        account.requests -= len(unsent)
        account.origin_requests -= sum(one.request.url.origin == self._resource.url.origin for one in unsent)
        self._drop_exchanges()
        if self._store is not None:
            let_go(self._shown_reference, self._store.discard)  # litter that can't be removed does no harm
        self._digests, self._verified_at, self._found_at = found.digests, found.verified_at, found.path
        status = Status.PRESENT if found.method is None else Status.LINKED
        self._finish(status, found.verified, size=found.size, is_recorded=found.is_recorded)

    def _open_store(self, destination: Path) -> None:
        settings, machine = self.job.settings, self._machine
        if self._asked_for_storage:
            self._adoption.prepare(machine.length, machine.digests, overwrite=settings.overwrite)
        self._store = self._ports.open_store(
            destination,
            reference=self._resource.reference,
            disk=self._ports.disk,
            workers=self._ports.workers,
            report=self._report,
            algorithms=tuple(dict.fromkeys(digest.algorithm for digest in machine.digests)),
            overwrite=settings.overwrite,
            any_reference=settings.take_over,
            replaces=self._adoption.replaces,
        )
        self._appraisal = Appraisal(self._store, destination, self._name or destination.name, settings, self._report)
        if not self._adoption.begin(self._store, machine.length, self._report):
            self._begin(self._store)

    def _begin(self, store: Store) -> None:
        """The machine gets to know what is here."""
        self._machine.lay_out(store.block_size)
        kept = store.kept
        self._feed(m.StorageOpened(kept) if self._asked_for_storage else m.Begin(storage_is_open=True, kept=kept))

    def _existing_read(self, event: ExistingRead) -> None:
        if self._claim is None:
            raise AssertionError("a file is read for a claim only")
        self._have_read(event.digests)
        wanted = self._machine.digests
        self._claim.check_existing(event, wanted)
        self._drop_exchanges()
        self._finish(Status.PRESENT, wanted[0].algorithm if wanted else "length", size=event.size)

    def _scanned(self, found: Scanned) -> None:
        refused = self._appraisal.scanned(found) if self._appraisal is not None else None
        if refused is not None:
            self._feed(refused)
        else:
            self._publish()

    def _publish(self) -> None:
        self._adoption.check_unchanged()
        named_by, self._found_at = self._shelving.final(self._digests)
        self._opened.publish(named_by, self._found_at)

    # The end ----------------------------------------------------------------------------------------------

    def _storage_failed(self, error: FetchError) -> None:
        """The machine drops what it has under way; one that is over has decided already, and what it holds goes."""
        self._events.clear()
        if self._noted is not None:
            self._end(self._noted)
        elif self._machine.is_over:
            self._fail(error)
        else:
            self._feed(m.StorageFailed(error))

    def fail(self, error: FetchError) -> None:
        """Ends it, whatever state it is in: something was raised that nobody expected."""
        if self.result is None:
            self._fail(error)

    def _drop_exchanges(self) -> None:
        """Ends what is under way, and the machine where it isn't over."""
        self._telling.drop_all(self._shown_reference)
        if not self._machine.is_over:
            let_go(self._shown_reference, lambda: self._machine.receive(m.CancelRequested(), self._ports.clock()))

    def _finish(self, status: Status, verified: str, *, size: int | None = None, is_recorded: bool = False) -> None:
        result = self._result(status, verified, size=self._machine.length if size is None else size)
        # What was found here didn't come by the part file.
        store = self._store if status in (Status.DOWNLOADED, Status.RESUMED) else None
        if store is not None:
            let_go(self._shown_reference, self._adoption.tidy)
        elif self._claim is not None:
            let_go(self._shown_reference, self._claim.drop_part)
        read_at = self._verified_at
        if self._shelving.record(result, self._digests, verified_at=read_at, store=store, is_recorded=is_recorded):
            self._noted = result  # the lock is kept until it is written
        else:
            self._end(result)

    def _fail(self, error: FetchError) -> None:
        log.debug("%s failed: %s", self._shown_reference, error)
        self._end(self._result(Status.FAILED, "none", error=error))

    def _end(self, result: Result) -> None:
        """Lets go of everything; before the result can be seen, so that whoever sees it may start anew."""
        is_litter = result.error is not None and not isinstance(result.error, DownloadCancelled) and self._is_litter
        is_known = result.error is None and self._is_kept  # else the journal tells the next run what the file is
        held: list[Callable[[], object]] = [self._drop_exchanges, self._shelving.stop]
        if self._claim is not None:
            held.append(self._claim.stop_reading)
        if self._appraisal is not None:
            held.append(self._appraisal.abandon)
        if self._store is not None:
            held += [self._store.discard, self._store.close] if is_litter else [self._store.close]
            held += [self._store.tidy] if is_known else []
        if self._claim is not None:
            held.append(partial(self._claim.release, result.path, is_known=is_known))
        let_go(self._shown_reference, *held)
        self.result = result
