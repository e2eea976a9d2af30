"""The session: one loop, one transport, any number of downloads.

The loop runs on its own thread, so that the caller's thread stays free for Ctrl-C, progress and an event loop. All
machines run on that thread. Other threads reach it through the inbox.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from functools import partial
from itertools import chain, count
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.explain import nothing_kept
from anymatix_fetcher.core.machine.download import Download
from anymatix_fetcher.core.pace.hosts import Hosts
from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.engine.dividing import parts_of
from anymatix_fetcher.engine.facts import Job, Phase, Result, phase_of
from anymatix_fetcher.engine.failing import error_for, let_go
from anymatix_fetcher.engine.host_knowledge import HostKnowledge
from anymatix_fetcher.engine.launching import Launcher
from anymatix_fetcher.engine.recall import Recall
from anymatix_fetcher.engine.reception import Reception
from anymatix_fetcher.engine.ticket import Ticket, without_costs
from anymatix_fetcher.engine.tickets import Tickets
from anymatix_fetcher.engine.turns import HostTurns, Waiting
from anymatix_fetcher.errors import DownloadCancelled, FetchError
from anymatix_fetcher.storage.workers import no_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.pace.settings import PaceSettings
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.driver import Driver, DriverEvent
    from anymatix_fetcher.engine.facts import Job, Result
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.sources.base import Resolving

log = logging.getLogger("anymatix_fetcher.engine")

TICK_SECONDS = 0.1
TICK_SECONDS_EACH = 0.005
"""With many downloads, each is ticked less often, so that ticking doesn't take the time of transferring."""
NOTING_SECONDS = 0.5
"""The interval between notes of waiting downloads, which suffices for a countdown in seconds."""
MOST_AT_ONCE = 32
"""The limit on downloads that are started before the network is polled. Downloads that start together also end
together, and the connection would be idle until the bytes of the next ones arrive."""
MOST_BEGUN = 192
"""The limit on concurrent downloads, including those being verified or published. Each has some open files, and systems
commonly allow a process a thousand. Hosts have lower limits; see ``core.pace.hosts``."""


NOTHING_BEGUN = "Nothing was begun; run it again."


class Session:
    """Runs downloads until it is closed.

    Args:
        ports: The dependencies.
        resolve: Returns the generator that resolves a job's reference.
        new_machine: Creates the machine of each download; called like :class:`Download`.
        pace: The figures of the controller that chooses how many connections a host has.
    """

    def __init__(
        self,
        ports: Ports,
        resolve: Callable[[Job], Resolving],
        new_machine: Callable[..., Download] = Download,
        pace: PaceSettings = DEFAULT_SETTINGS,
    ) -> None:
        self._ports = ports
        self._inbox: deque[tuple[int, DriverEvent]] = deque()
        self._submitted: deque[Ticket] = deque()
        self._numbers = count()
        self._tickets = Tickets()
        self._turns = HostTurns()
        self._hosts = Hosts(pace)
        self._reception = Reception(resolve, ports, self._hosts)
        self._host_knowledge = HostKnowledge(self._hosts, ports)
        self._launcher = Launcher(ports, self._hosts, new_machine, report=self._report, renew=self._reception.renew)
        self._active: dict[int, tuple[Ticket, Driver | Recall]] = {}
        self._cancelled = False
        self._closing = False
        self._thread: threading.Thread | None = None
        self._ticked_at = self._noted_at = float("-inf")

    # For the caller, from any thread ----------------------------------------------------------------------

    def submit(self, job: Job, on_over: Callable[[], object] = lambda: None) -> Ticket:
        """Adds a job; it starts when its turn comes. ``on_over`` is called on the loop's thread at its end."""
        ticket = Ticket(job, next(self._numbers), on_over)
        if self._tickets.add(ticket):
            self._submitted.append(ticket)
            self._ports.transport.wake()
        return ticket

    def start(self) -> None:
        """Starts the loop's thread. If the system can't create one, every job ends with that error."""
        thread = threading.Thread(target=self._run, name="anymatix-fetcher", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._give_up(no_thread())
        else:
            self._thread = thread

    def cancel(self) -> None:
        """Stops every job, started or not. Doesn't block; may be called from a signal handler."""
        for ticket in self._tickets:
            ticket.cancel()
        self._cancelled = True
        self._ports.transport.wake()

    def stop(self, ticket: Ticket) -> None:
        """Stops one job and keeps what has arrived. Doesn't block."""
        for one in (ticket, *ticket.parts):
            one.cancel()
        self._cancelled = True
        self._ports.transport.wake()

    def forget(self, ticket: Ticket) -> None:
        """Drops a job that is over, because a session may last for months."""
        self._tickets.forget(ticket)

    def paused_hosts(self) -> list[str]:
        """The origins that are paused because they asked for it."""
        now = self._ports.clock()
        return [str(origin) for origin, pause in list(self._hosts.pauses.items()) if pause.until > now]

    def wait(self, timeout_seconds: float) -> bool:
        """Whether every job is over; waits for that up to the timeout."""
        return self._tickets.wait(timeout_seconds)

    def is_idle(self) -> bool:
        """Whether every job is over."""
        return self._tickets.is_idle

    @property
    def failure(self) -> FetchError | None:
        """The error that ended the loop early; such a session executes nothing any more."""
        return self._tickets.failure

    def close(self) -> None:
        """Stops all jobs and releases everything. Waits for the loop's end."""
        self.cancel()
        self._closing = True
        self._ports.transport.wake()
        if self._thread is not None:
            self._thread.join()
        else:
            self._free()
        self._ports.transport.close()

    # The loop ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not (self._closing and self.is_idle()):
                self.step()
        except BaseException as raised:  # noqa: BLE001 - without this, callers would wait forever
            self._give_up(raised)
        self._free()

    def _free(self) -> None:
        let_go("the session", self._host_knowledge.end, self._ports.shelf.close)

    def _give_up(self, raised: BaseException) -> None:
        """The loop has ended: every download releases its resources, and waiting callers are told."""
        error = error_for(raised, "the session")
        for ticket, driver in list(self._active.values()):
            let_go(ticket.job.shown_reference, partial(driver.fail, error))
        self._active.clear()
        self._tickets.break_down(error)

    def step(self, timeout_seconds: float = TICK_SECONDS) -> None:
        """One iteration of the loop."""
        self._receive_submitted()
        if self._begin_waiting() or self._reception.has_more:
            timeout_seconds = 0.0
        elif not self._active:
            timeout_seconds = TICK_SECONDS
        self._ports.workers.go_on()
        events = self._ports.transport.poll(timeout_seconds)
        self._hosts.workload.add(self._ports.transport.waited_seconds, self._ports.clock())
        self._ports.workers.hold()
        while self._inbox:
            self._deliver(*self._inbox.popleft())
        for arrived in events:
            if not self._reception.handle(arrived):
                self._deliver(arrived.exchange.download, arrived)
        self._tick()

    def _deliver(self, number: int, event: DriverEvent) -> None:
        if number in self._active:  # otherwise it is late: the download is over
            ticket, driver = self._active[number]
            self._guard(ticket, driver, partial(driver.handle, event))

    def _tick(self) -> None:
        now = self._ports.clock()
        pause_seconds = max(TICK_SECONDS, TICK_SECONDS_EACH * len(self._active))
        if now - self._ticked_at < pause_seconds and not any(ticket.cancelled for ticket, _ in self._active.values()):
            return
        self._ticked_at = now
        self._reception.tick()
        self._tell_who_waits(now)
        limited = self._ports.limiter.binds
        self._hosts.heed_limit(now, binds=limited)
        for ticket, driver in list(self._active.values()):
            if ticket.cancelled:
                self._guard(ticket, driver, partial(driver.handle, m.CancelRequested()))
            self._guard(ticket, driver, partial(self._look_at, ticket, driver, limited=limited))
        self._host_knowledge.keep_up(now)

    def _look_at(self, ticket: Ticket, driver: Driver | Recall, *, limited: bool) -> None:
        driver.tick(limited=limited)
        self._show(ticket, driver)
        if driver.is_held_up:
            self._launcher.idle(ticket)

    @staticmethod
    def _show(ticket: Ticket, driver: Driver | Recall) -> None:
        ticket.show(driver.progress())

    def _tell_who_waits(self, now: float) -> None:
        if now - self._noted_at >= NOTING_SECONDS:
            self._noted_at = now
            queued = self._turns.notes(now, full=len(self._active) >= MOST_BEGUN)
            for ticket, note in chain(self._reception.notes(), queued):
                ticket.wait(note)

    def _guard(self, ticket: Ticket, driver: Driver | Recall, action: Callable[[], None]) -> None:
        """Runs ``action``. An exception ends this download only."""
        if ticket.is_over:
            return
        try:
            action()
        except Exception as raised:  # noqa: BLE001 - the caller receives it, and other downloads continue
            error = error_for(raised, ticket.job.shown_reference)
            let_go(ticket.job.shown_reference, partial(driver.fail, error))
            if driver.result is None:
                self._fail(ticket, error)
                return
        if isinstance(driver, Recall) and driver.is_elsewhere:
            del self._active[ticket.number]
            self._reception.add(ticket)
        elif driver.result is not None:
            let_go(ticket.job.shown_reference, partial(self._show, ticket, driver))
            self._over(ticket, driver.result)

    def _own(self, ticket: Ticket, action: Callable[[], None]) -> None:
        """Runs ``action`` for a ticket without a driver. An exception ends this ticket only."""
        try:
            action()
        except Exception as raised:  # noqa: BLE001 - as above
            self._fail(ticket, error_for(raised, ticket.job.shown_reference))

    def _over(self, ticket: Ticket, result: Result) -> None:
        self._active.pop(ticket.number, None)
        self._reception.forget(ticket)
        if self._launcher.release(ticket):
            self._host_knowledge.note_news()
        self._tickets.over(ticket, result)
        let_go(ticket.job.shown_reference, ticket.on_over)
        for same in self._turns.end(ticket):
            self._end_same(same, result)

    def _end_same(self, same: Waiting, result: Result) -> None:
        """Ends an equal job that has waited for this result, or lets it start after a failure."""
        if same.ticket.cancelled:
            self._fail(same.ticket, DownloadCancelled("the download was stopped before it began", hint=NOTHING_BEGUN))
            return
        if result.error is not None:
            self._turns.add(same)
            return
        same.ticket.enter(Phase.DONE)
        self._over(same.ticket, without_costs(result))

    # Starting ---------------------------------------------------------------------------------------------

    def _receive_submitted(self) -> None:
        while self._submitted:
            ticket = self._submitted.popleft()
            self._own(ticket, partial(self._receive, ticket))
        for ticket, outcome, requests in self._reception.resolved():
            ticket.asked(requests)
            if isinstance(outcome, FetchError):
                self._fail(ticket, nothing_kept(outcome))
            elif len(outcome) == 1 and not outcome[0].folder:
                self._own(ticket, partial(self._enqueue, ticket, outcome[0]))
            else:
                self._own(ticket, partial(self._divide, ticket, outcome))
        for ticket, outcome, requests in self._reception.renewed():
            ticket.asked(requests)
            renewed = m.RenewalFailed(outcome) if isinstance(outcome, FetchError) else m.Renewed(outcome[0])
            self._deliver(ticket.number, renewed)

    def _receive(self, ticket: Ticket) -> None:
        recall = self._launcher.recall(ticket)
        if recall.is_meant:
            self._active[ticket.number] = (ticket, recall)
            self._guard(ticket, recall, recall.start)
        else:
            self._reception.add(ticket)

    def _enqueue(self, ticket: Ticket, resource: Resource) -> None:
        self._turns.add(self._launcher.waiting(ticket, resource))

    def _divide(self, ticket: Ticket, resources: tuple[Resource, ...]) -> None:
        """Splits a ticket with a reference that names several files."""
        parts = parts_of(ticket, resources, self._numbers)
        self._tickets.divide(ticket, parts)
        for part, resource in zip(parts, resources, strict=True):
            self._enqueue(part, resource)

    def _begin_waiting(self) -> bool:
        """Starts the next downloads; returns whether there may be more."""
        if self._cancelled:
            self._cancelled = False
            for ticket in [*self._reception.leave(), *self._turns.leave()]:
                self._fail(ticket, DownloadCancelled("the download was stopped before it began", hint=NOTHING_BEGUN))
        for _ in range(min(MOST_AT_ONCE, MOST_BEGUN - len(self._active))):
            waiting = self._turns.next(self._ports.clock())
            if waiting is None:
                return False
            self._own(waiting.ticket, partial(self._begin, waiting))
        return len(self._active) < MOST_BEGUN

    def _fail(self, ticket: Ticket, error: FetchError) -> None:
        if not ticket.is_over:
            result = ticket.failed(error)
            ticket.enter(phase_of(result))
            self._over(ticket, result)

    def _begin(self, waiting: Waiting) -> None:
        ticket, driver = waiting.ticket, self._launcher.driver(waiting)
        self._active[ticket.number] = (ticket, driver)
        self._guard(ticket, driver, driver.start)

    def _report(self, number: int, event: DriverEvent) -> None:
        """Takes an event from another thread to the loop."""
        self._inbox.append((number, event))
        self._ports.transport.wake()
