"""Turns: the downloads of a session that haven't begun, by the host that they wait for."""

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
    """One download that could begin.

    Args:
        ticket: Whose it is.
        resource: What its reference resolved to.
        host: Where it will ask.
    """

    ticket: Ticket
    resource: Resource
    host: Host


class HostTurns:
    """The download that came first begins first, among those whose host has room for one more.

    A job that equals another one that waits or is under way waits for that one's result: it would only stand in its
    way.
    """

    def __init__(self) -> None:
        self._by_host: dict[Host, deque[Waiting]] = {}
        # By reference, for most have one of their own: a job has many settings to compare.
        self._first: dict[str, list[Ticket]] = {}
        self._same: dict[Ticket, list[Waiting]] = {}

    def add(self, waiting: Waiting) -> None:
        """One more, at the end."""
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
        """The next download to begin, or ``None``."""
        heads = (waiting_here[0] for host, waiting_here in self._by_host.items() if waiting_here and host.room(now) > 0)
        chosen = min(heads, key=lambda waiting: waiting.ticket.number, default=None)
        if chosen is not None:
            self._by_host[chosen.host].popleft()
            chosen.host.queue(-1)
        return chosen

    def notes(self, now: float, *, full: bool) -> Iterator[tuple[Ticket, str]]:
        """What each waits for, for people; ``full`` tells that no more can be under way at a time."""
        for host, waiting_here in self._by_host.items():
            note = FULL if full and host.room(now) else host.waits_for(now)
            yield from ((waiting.ticket, note) for waiting in waiting_here)
        for same in self._same.values():
            yield from ((waiting.ticket, SAME) for waiting in same)

    def end(self, ticket: Ticket) -> list[Waiting]:
        """Those who have waited for the result of ``ticket``, which is there now."""
        begun = self._first.get(ticket.job.reference, [])
        if ticket in begun:
            begun.remove(ticket)
            if not begun:
                del self._first[ticket.job.reference]
        return self._same.pop(ticket, [])

    def leave(self) -> Iterator[Ticket]:
        """Those that were cancelled; they don't wait any longer."""
        for host, waiting_here in self._by_host.items():
            cancelled = [waiting.ticket for waiting in waiting_here if waiting.ticket.cancelled]
            if cancelled:
                self._by_host[host] = deque(waiting for waiting in waiting_here if not waiting.ticket.cancelled)
                host.queue(-len(cancelled))
                yield from cancelled
