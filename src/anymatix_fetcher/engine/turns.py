"""The downloads of a session that haven't started, by host."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.pace.hosts import Host
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.ticket import Ticket


FULL = "waiting for its turn: as many as can be at a time are under way"
SAME = "the same is downloaded already; waiting for its result"


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """One download that is ready to start.

    Args:
        ticket: Its ticket.
        resource: The resolved reference.
        host: The host of its first request.
    """

    ticket: Ticket
    resource: Resource
    host: Host


class HostTurns:
    """Starts downloads in their order, at the hosts that have room for another one.

    A job that equals a waiting or running one waits for that one's result (single flight).
    """

    def __init__(self) -> None:
        self._by_host: dict[Host, deque[Waiting]] = {}
        # By reference, which is usually unique, because comparing jobs means comparing many settings.
        self._first: dict[str, list[Ticket]] = {}
        self._same: dict[Ticket, list[Waiting]] = {}

    def add(self, waiting: Waiting) -> None:
        """Adds a download at the end."""
        job = waiting.ticket.job
        begun = self._first.setdefault(job.reference, [])
        first = next((ticket for ticket in begun if ticket.job == job), None)
        if first is None:
            begun.append(waiting.ticket)
        elif first is not waiting.ticket:
            self._same.setdefault(first, []).append(waiting)
            return
        self._by_host.setdefault(waiting.host, deque()).append(waiting)
        waiting.host.queue(1)

    def next(self, now: float) -> Waiting | None:
        """The next download to start, or ``None``."""
        heads = (waiting_here[0] for host, waiting_here in self._by_host.items() if waiting_here and host.room(now) > 0)
        chosen = min(heads, key=lambda waiting: waiting.ticket.number, default=None)
        if chosen is not None:
            self._by_host[chosen.host].popleft()
            chosen.host.queue(-1)
        return chosen

    def notes(self, now: float, *, full: bool) -> Iterator[tuple[Ticket, str]]:
        """What each download waits for, for people. ``full`` tells that the session's limit is reached."""
        for host, waiting_here in self._by_host.items():
            note = FULL if full and host.room(now) else host.waits_for(now)
            yield from ((waiting.ticket, note) for waiting in waiting_here)
        for same in self._same.values():
            yield from ((waiting.ticket, SAME) for waiting in same)

    def end(self, ticket: Ticket) -> list[Waiting]:
        """The equal downloads that have waited for the result of ``ticket``."""
        begun = self._first.get(ticket.job.reference, [])
        if ticket in begun:
            begun.remove(ticket)
            if not begun:
                del self._first[ticket.job.reference]
        return self._same.pop(ticket, [])

    def leave(self) -> Iterator[Ticket]:
        """Removes and yields the cancelled tickets."""
        for host, waiting_here in self._by_host.items():
            cancelled = [waiting.ticket for waiting in waiting_here if waiting.ticket.cancelled]
            if cancelled:
                self._by_host[host] = deque(waiting for waiting in waiting_here if not waiting.ticket.cancelled)
                host.queue(-len(cancelled))
                yield from cancelled
