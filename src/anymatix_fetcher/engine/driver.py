"""The driver of one download: feeds its machine events and executes its commands.

All decisions are made in ``core``. The driver passes commands on to transport, destination and source. While another
process has the destination's lease, the machine doesn't run.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, TypeAlias, assert_never

from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.engine.destination import Destination
from anymatix_fetcher.engine.facts import Status
from anymatix_fetcher.engine.failing import FailingCleanly, let_go
from anymatix_fetcher.engine.outlook import Outlook
from anymatix_fetcher.engine.scanned import Scanned
from anymatix_fetcher.engine.shelf import Recorded, Searched
from anymatix_fetcher.engine.transport_commands import TransportCommands
from anymatix_fetcher.errors import DownloadCancelled, FetchError
from anymatix_fetcher.storage.existing import ExistingRead
from anymatix_fetcher.storage.takeover import TakenOver

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.download import Download
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.facts import Job, Progress, Result
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.library.wanted import Found
    from anymatix_fetcher.storage.leftovers import Leftovers
    from anymatix_fetcher.storage.store import Store

log = logging.getLogger("anymatix_fetcher.engine")

DriverEvent: TypeAlias = m.Event | ExistingRead | Searched | Recorded | Scanned | TakenOver


class Driver:
    """Runs one job to its end.

    Args:
        job: The job.
        resource: The resolved reference.
        machine: Makes the decisions.
        ports: The transport, the disk, the workers and the clock.
        report: Takes events from other threads to the session's loop.
        renew: Asks the source for a new URL; ends with ``Renewed`` or ``RenewalFailed``.
        leftovers: The part files of earlier runs.

    Attributes:
        result: The result; ``None`` until then.
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
        self.result: Result | None = None
        self._subject = job.shown_reference
        self._resource = resource
        self._machine = machine
        self._ports = ports
        self._renew = renew
        self._destination = Destination(job, resource, machine, ports, report=report, leftovers=leftovers)
        self._outlook = Outlook(job, resource, machine, self._destination, ports)
        self._transport_commands = TransportCommands(ports.transport)
        self._events: deque[m.Event] = deque()
        self._failing_cleanly = FailingCleanly(self._storage_failed)
        self._published: Result | None = None
        """The result, which is reported once the file is recorded."""
        self._is_kept, self._already_there = True, False

    # From the session -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts. If the destination is known without a response, its lease comes first."""
        with self._failing_cleanly:
            path = self._destination.choose()
            if path is not None:
                self._begin(self._destination.acquire(path, has_looked=True))
            elif not self._destination.look_ahead():
                self._feed(m.Begin(storage_is_open=False))

    @property
    def is_held_up(self) -> bool:
        """Whether it sends no requests: it waits for a lease, for a search, or for a file to be read or recorded."""
        return self._destination.is_busy or self._published is not None

    def progress(self) -> Progress:
        """The current progress."""
        return self._outlook.progress(self.result, is_published=self._published is not None)

    def handle(self, event: DriverEvent) -> None:
        """Takes one event, after the part file's results about blocks that were fetched again."""
        if isinstance(event, m.BodyEnded | m.ExchangeFailed):
            self._transport_commands.ended(event.exchange)
        for found in self._destination.part.compared():
            self._take(found)
        self._take(event)

    def tick(self, *, limited: bool = False) -> None:
        """Lets time pass; called several times a second. ``limited`` tells that the rate limit is the bottleneck."""
        if self.result is not None:
            return
        with self._failing_cleanly:
            if self._destination.waits():
                self._begin(self._destination.try_again())
            elif not self.is_held_up:
                self.handle(m.Tick(limited=limited))

    def fail(self, error: FetchError) -> None:
        """Ends the download in any state, after an unexpected exception."""
        if self.result is None:
            self._fail(error)

    # Events -----------------------------------------------------------------------------------------------

    def _take(self, event: DriverEvent) -> None:
        if self.result is not None:
            return
        with self._failing_cleanly:
            if self._published is not None:
                if isinstance(event, Recorded | m.StorageFailed):
                    self._is_kept = isinstance(event, Recorded) and event.is_kept
                    self._end(self._published)
                return  # it is published, so later events change nothing
            match event:
                case ExistingRead():
                    self._existing_read(event)
                case Searched():
                    self._searched(event)
                case Scanned():
                    self._scanned(event)
                case TakenOver():
                    self._begin(self._destination.part.taken_over())
                case Recorded():
                    pass
                case m.CancelRequested():
                    self._cancel(event)
                case _:
                    self._feed(event)

    def _cancel(self, event: m.CancelRequested) -> None:
        """Stops, unless the file is published already: then the download has succeeded."""
        if self.is_held_up:
            self._drop_exchanges()
            self._fail(DownloadCancelled("the download was stopped", hint="Run it again to go on."))
        elif self._destination.part.withdraw():
            self._feed(event)

    def _begin(self, store: Store | None) -> None:
        """Tells the machine which blocks are stored, once the part file is open."""
        if store is None:
            return
        self._machine.lay_out(store.block_size)
        begins = self._destination.awaits_response
        self._feed(m.Begin(storage_is_open=True, kept=store.kept) if begins else m.StorageOpened(store.kept))

    def _existing_read(self, event: ExistingRead) -> None:
        self._destination.check_existing(event)
        self._drop_exchanges()
        wanted = self._machine.digests
        self._finish(Status.PRESENT, wanted[0].algorithm if wanted else "length", size=event.size)

    def _searched(self, event: Searched) -> None:
        destination, looked_ahead = self._destination, self._destination.looks_ahead
        kept_back = destination.searched(event)
        guessed = destination.guess(event) if looked_ahead else None
        if event.found is not None:
            self._found(event.found, kept_back)
        elif guessed is not None:
            self._begin(destination.acquire(guessed))
        elif destination.gives_up_guess() or not destination.is_leased:
            self._feed(m.Begin(storage_is_open=False))
        elif destination.part.opened is None:
            self._begin(destination.use())
        else:
            for command in kept_back:
                self._carry_out(command)
            self._go_on()

    def _found(self, found: Found, kept_back: list[m.Command]) -> None:
        """Ends the download with a local file; requests that were held back are uncounted."""
        for command in kept_back:
            if isinstance(command, m.StartExchange):
                at_origin = command.request.url.origin == self._resource.url.origin
                self._machine.account.unsent(at_origin=at_origin)
        self._drop_exchanges()
        self._destination.take(found)
        status = Status.PRESENT if found.method is None else Status.LINKED
        self._finish(status, found.verified, size=found.size, is_recorded=found.is_recorded)

    def _scanned(self, found: Scanned) -> None:
        refused = self._destination.part.scanned(found)
        if refused is not None:
            self._feed(refused)
        else:
            self._destination.publish()

    # Commands ---------------------------------------------------------------------------------------------

    def _feed(self, event: m.Event) -> None:
        self._events.append(event)
        self._go_on()

    def _go_on(self) -> None:
        """Feeds queued events to the machine, unless its commands are held back for a search."""
        destination = self._destination
        while self._events and not (self.result or self._machine.is_over or destination.keeps_back):
            event = self._events.popleft()
            if isinstance(event, m.Verified):
                destination.have_read(event.digests)
            elif isinstance(event, m.Published):
                self._already_there = event.already_there
            is_opening = self._machine.phase is MachinePhase.OPENING
            commands = self._machine.receive(event, self._ports.clock())
            if is_opening and destination.keep_back(commands):
                return
            for command in commands:
                self._carry_out(command)
            refused = destination.part.look() if self.result is None else None
            self._events.extendleft([refused] if refused is not None else ())

    def _carry_out(self, command: m.Command) -> None:  # noqa: C901, PLR0912 - one branch for each command
        match command:
            case m.StartExchange() | m.PeekBody() | m.NarrowBody() | m.CancelExchange() | m.OpenAhead():
                self._transport_commands.carry_out(command)
            case m.AcceptBody():
                part = self._destination.part.store
                sink = part.comparing if command.compare else part.sink
                self._ports.transport.accept(command.exchange, sink, command.start, command.stop)
            case m.LookAtBeginning():
                self._events.appendleft(self._transport_commands.beginning.look(command, self._machine.digests))
            case m.OpenStorage():
                self._begin(self._destination.acquire(self._destination.for_response(command)))
                self._events.extend([m.StorageAwaited()] if self._destination.holder is not None else ())
            case m.SetIdentity():
                self._destination.part.store.set_identity(command.identity)
                self._machine.lay_out(self._destination.part.store.block_size)
            case m.ProveBlocks():
                self._destination.part.store.prove(command.blocks)
            case m.ForgetBlocks():
                self._destination.part.forget(command.blocks)
            case m.Verify():
                verified = self._destination.part.store.verify(command.length)
                self._events.extend([verified] if verified is not None else ())
            case m.Publish():
                self._destination.check_held()
                if not self._destination.part.scan():
                    self._destination.publish()
            case m.Renew():
                log.info("%s: the address has expired; renewing it", self._subject)
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

    # The end ----------------------------------------------------------------------------------------------

    @property
    def _status(self) -> Status:
        if self._already_there:
            return Status.PRESENT
        return Status.RESUMED if self._machine.account.bytes_resumed else Status.DOWNLOADED

    def _storage_failed(self, error: FetchError) -> None:
        """Fails the download. A machine that has ended can't take the event, so the driver ends by itself."""
        self._events.clear()
        if self._published is not None:
            self._end(self._published)
        elif self._machine.is_over:
            self._fail(error)
        else:
            self._feed(m.StorageFailed(error))

    def _drop_exchanges(self) -> None:
        """Cancels all exchanges, and the machine unless it has ended."""
        self._transport_commands.drop_all(self._subject)
        if not self._machine.is_over:
            let_go(self._subject, lambda: self._machine.receive(m.CancelRequested(), self._ports.clock()))

    def _finish(self, status: Status, verified: str, *, size: int | None = None, is_recorded: bool = False) -> None:
        result = self._outlook.result(status, verified, size=self._machine.length if size is None else size)
        if self._destination.record(result, is_recorded=is_recorded):
            self._published = result  # the lease is kept until the file is recorded
        else:
            self._end(result)

    def _fail(self, error: FetchError) -> None:
        log.debug("%s failed: %s", self._subject, error)
        self._end(self._outlook.result(Status.FAILED, "none", error=error))

    def _end(self, result: Result) -> None:
        """Releases everything before setting the result, so that a caller that sees it may start again."""
        error = result.error
        is_litter = error is not None and not isinstance(error, DownloadCancelled) and self._is_litter
        is_known = error is None and self._is_kept  # otherwise the next run recognizes the file by the journal
        let_go(self._subject, self._drop_exchanges)
        self._destination.release(result.path, is_litter=is_litter, is_known=is_known)
        self.result = result

    @property
    def _is_litter(self) -> bool:
        """Whether the part file is worthless: nothing has arrived, or only content that isn't a model."""
        machine = self._machine
        is_untouched = not machine.coverage.held and machine.account.bytes_downloaded == 0
        return is_untouched or self._destination.part.is_worthless
