"""The session: one loop, one transport, any number of downloads.

The loop runs on a thread of its own, so that the caller's thread stays free for Ctrl-C, for progress and for an event
loop; everything that the machines see happens on that one thread. Other threads reach it through the inbox.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from anymatix_fetcher.core import messages as m
from anymatix_fetcher.core.download import Download
from anymatix_fetcher.core.pace import Pace
from anymatix_fetcher.core.urls import Url
from anymatix_fetcher.engine.driver import Driver
from anymatix_fetcher.engine.facts import Engine, Phase, Progress, Result, Status
from anymatix_fetcher.errors import DownloadCancelled, FetchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.resource import Resource
    from anymatix_fetcher.engine.driver import DriverEvent
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.ports import Ports

log = logging.getLogger("anymatix_fetcher.engine")

TICK_SECONDS = 0.1
ACTIVE_DOWNLOADS = 4
"""How many downloads run at a time; the others wait for their turn, in order."""


class Ticket:
    """One job in a session; its attributes may be read from any thread.

    ``progress`` is what was last told; ``result`` appears when the job is over; ``bug`` is an exception that should
    never have happened.
    """

    def __init__(self, job: Job, number: int) -> None:
        self.job = job
        self.number = number
        self.progress = Progress(reference=shown(job.reference))
        self.result: Result | None = None
        self.bug: Exception | None = None
        self.cancelled = False

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.result is not None or self.bug is not None


class Session:
    """Runs downloads until it is closed.

    Args:
        ports: The outside.
        resolve: What a job's reference means; raises ``FetchError`` where it means nothing.
    """

    def __init__(self, ports: Ports, resolve: Callable[[Job], Resource]) -> None:
        self._ports = ports
        self._resolve = resolve
        self._inbox: deque[tuple[int, DriverEvent]] = deque()
        self._queue: deque[Ticket] = deque()
        self._tickets: list[Ticket] = []
        self._active: dict[int, tuple[Ticket, Driver]] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._ticked_at = float("-inf")

    # For the caller, from any thread ----------------------------------------------------------------------

    def submit(self, job: Job) -> Ticket:
        """Adds a job; it starts when its turn comes."""
        ticket = Ticket(job, len(self._tickets))
        self._tickets.append(ticket)
        self._queue.append(ticket)
        self._ports.transport.wake()
        return ticket

    def start(self) -> None:
        """Lets the loop run, on a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="anymatix-fetcher", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Stops every job, begun or not. Doesn't block; may be called from a signal handler."""
        for ticket in list(self._tickets):
            ticket.cancelled = True
        self._ports.transport.wake()

    def wait(self, timeout_seconds: float) -> bool:
        """Whether every job is over; waits at most so long for it."""
        with self._changed:
            return self._changed.wait_for(self.is_idle, timeout_seconds)

    def is_idle(self) -> bool:
        """Whether every job is over."""
        return all(ticket.is_over for ticket in self._tickets)

    def close(self) -> None:
        """Stops what still runs and frees everything. Waits for the loop to end."""
        self.cancel()
        self._closing = True
        self._ports.transport.wake()
        if self._thread is not None:
            self._thread.join()
        self._ports.transport.close()

    # The loop ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not (self._closing and self.is_idle()):
            self.step()

    def step(self, timeout_seconds: float = TICK_SECONDS) -> None:
        """One turn of the loop: what has happened, and what follows from it."""
        self._start_waiting()
        events = self._ports.transport.poll(timeout_seconds if self._active else TICK_SECONDS)
        for ticket, driver in list(self._active.values()):
            self._guard(ticket, driver, driver.notice_compared)
        while self._inbox:
            number, event = self._inbox.popleft()
            self._deliver(number, event)
        for arrived in events:
            self._deliver(arrived.exchange.download, arrived)
        self._tick()

    def _deliver(self, number: int, event: DriverEvent) -> None:
        if number in self._active:  # else it is late: the download is over
            ticket, driver = self._active[number]
            self._guard(ticket, driver, partial(driver.handle, event))

    def _tick(self) -> None:
        now = self._ports.clock()
        if now - self._ticked_at < TICK_SECONDS and not any(ticket.cancelled for ticket, _ in self._active.values()):
            return
        self._ticked_at = now
        for ticket, driver in list(self._active.values()):
            if ticket.cancelled:
                self._guard(ticket, driver, partial(driver.handle, m.CancelRequested()))
            self._guard(ticket, driver, driver.tick)
            ticket.progress = driver.progress()

    def _guard(self, ticket: Ticket, driver: Driver, action: Callable[[], None]) -> None:
        """Runs ``action``; a bug in one download doesn't end the others."""
        if ticket.is_over:
            return
        try:
            action()
        except Exception as bug:  # noqa: BLE001 - whatever it is, the caller gets it, and the others go on
            driver.let_go()
            self._over(ticket, bug=bug)
            return
        if driver.result is not None:
            ticket.progress = driver.progress()
            self._over(ticket, result=driver.result)

    def _over(self, ticket: Ticket, *, result: Result | None = None, bug: Exception | None = None) -> None:
        self._active.pop(ticket.number, None)
        with self._changed:
            ticket.result, ticket.bug = result, bug
            self._changed.notify_all()

    # Starting ---------------------------------------------------------------------------------------------

    def _start_waiting(self) -> None:
        while self._queue and len(self._active) < ACTIVE_DOWNLOADS:
            ticket = self._queue.popleft()
            try:
                if ticket.cancelled:
                    raise DownloadCancelled("the download was stopped before it began")
                self._begin(ticket)
            except FetchError as error:
                failed = Result(reference=shown(ticket.job.reference), status=Status.FAILED, error=error)
                ticket.progress = replace(ticket.progress, phase=Phase.FAILED)
                self._over(ticket, result=failed)

    def _begin(self, ticket: Ticket) -> None:
        settings = ticket.job.settings
        resource = self._resolve(ticket.job)
        one_stream = settings.engine is Engine.SINGLE
        machine = Download(
            resource,
            Pace(settings.max_connections, fixed=1 if one_stream else settings.connections),
            number=ticket.number,
            random=self._ports.random,
            one_stream=one_stream,
        )
        report = partial(self._report, ticket.number)
        driver = Driver(ticket.job, resource, machine, self._ports, report)
        self._active[ticket.number] = (ticket, driver)
        self._guard(ticket, driver, driver.start)

    def _report(self, number: int, event: DriverEvent) -> None:
        """Takes an event from another thread to the loop."""
        self._inbox.append((number, event))
        self._ports.transport.wake()


def shown(reference: str) -> str:
    """A reference as it may be printed: a URL without its secrets, anything else as it is."""
    try:
        return str(Url.parse(reference))
    except ValueError:
        return reference if "://" not in reference else reference.partition("?")[0]
