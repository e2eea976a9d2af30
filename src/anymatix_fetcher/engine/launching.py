"""Makes the drivers of a session's downloads, each with its shares of the hosts that it uses."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.answering import AnsweringWorkers
from anymatix_fetcher.engine.driver import Driver
from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.engine.recall import Recall
from anymatix_fetcher.engine.turns import Waiting
from anymatix_fetcher.storage.leftovers import Leftovers

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.download import Download
    from anymatix_fetcher.core.pace.hosts import Host, Hosts, Share
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.engine.driver import DriverEvent
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.engine.settings import Settings
    from anymatix_fetcher.engine.ticket import Ticket


class Launcher:
    """Makes what runs the tickets of one session, and keeps their shares of hosts until they are over.

    Args:
        ports: The dependencies.
        hosts: The session's hosts.
        new_machine: Creates the machine of each download; called like :class:`Download`.
        report: Takes a ticket's number and its events from other threads to the session's loop.
        renew: Asks the source of a ticket for a new URL.
    """

    def __init__(
        self,
        ports: Ports,
        hosts: Hosts,
        new_machine: Callable[..., Download],
        *,
        report: Callable[[int, DriverEvent], None],
        renew: Callable[[Ticket], None],
    ) -> None:
        self._ports = ports
        self._hosts = hosts
        self._new_machine = new_machine
        self._report = report
        self._renew = renew
        self._leftovers = Leftovers(ports.disk, ports.clock)
        self._shares: dict[int, list[tuple[Host, Share]]] = {}

    def waiting(self, ticket: Ticket, resource: Resource) -> Waiting:
        """A resolved ticket, to be queued at the host of its first request."""
        return Waiting(ticket, resource, self._host(resource.url.origin, ticket.job.settings))

    def recall(self, ticket: Ticket) -> Recall:
        """The search for the local file that a ticket's reference may name."""
        report = partial(self._report, ticket.number)
        return Recall(ticket.job, self._ports_of(report), report)

    def driver(self, waiting: Waiting) -> Driver:
        """The driver of the next download, which takes a share of its host."""
        ticket, settings = waiting.ticket, waiting.ticket.job.settings
        report = partial(self._report, ticket.number)
        machine = self._new_machine(
            waiting.resource,
            self._joined(ticket, waiting.host),
            number=ticket.number,
            random=self._ports.random,
            one_stream=settings.engine is Engine.SINGLE,
            join=partial(self._join, ticket),
            overwrite=settings.overwrite,
            as_is=settings.as_is,
        )
        return Driver(
            ticket.job,
            waiting.resource,
            machine,
            self._ports_of(report),
            report=report,
            renew=partial(self._renew, ticket),
            leftovers=self._leftovers,
        )

    def idle(self, ticket: Ticket) -> None:
        """Declares that the ticket's download waits, so that it takes no part of its shares."""
        for _, share in self._shares.get(ticket.number, ()):
            share.want(0, 0)

    def release(self, ticket: Ticket) -> bool:
        """Gives the ticket's shares back; returns whether there were any, so that something was learned."""
        shares = self._shares.pop(ticket.number, [])
        for host, share in shares:
            host.leave(share, share.total)
        return bool(shares)

    def _ports_of(self, report: Callable[[DriverEvent], None]) -> Ports:
        return replace(self._ports, workers=AnsweringWorkers(self._ports.workers, report))

    def _host(self, origin: Origin, settings: Settings) -> Host:
        connections = 1 if settings.engine is Engine.SINGLE else settings.connections
        return self._hosts.host(origin, settings.max_connections, connections)

    def _join(self, ticket: Ticket, origin: Origin) -> Share:
        """A share of the host at ``origin`` for a mirror of the ticket's file."""
        return self._joined(ticket, self._host(origin, ticket.job.settings))

    def _joined(self, ticket: Ticket, host: Host) -> Share:
        share = host.join()
        self._shares.setdefault(ticket.number, []).append((host, share))
        return share
