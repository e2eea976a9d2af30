"""The tickets of a session, as its loop and its callers share them: how many aren't over, and waiting for that."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.engine.facts import Result
    from anymatix_fetcher.engine.ticket import Ticket
    from anymatix_fetcher.errors import FetchError


class Tickets:
    """The tickets of one session; every method may be called from any thread.

    Attributes:
        failure: Why the loop has ended before its time; nothing is carried out any more.
    """

    def __init__(self) -> None:
        self.failure: FetchError | None = None
        self._by_number: dict[int, Ticket] = {}
        self._unfinished = 0
        self._changed = threading.Condition()

    def __iter__(self) -> Iterator[Ticket]:
        """Each that is kept; others may come and go meanwhile."""
        return iter(list(self._by_number.values()))

    def __len__(self) -> int:
        return len(self._by_number)

    @property
    def is_idle(self) -> bool:
        """Whether every job is over."""
        return not self._unfinished

    def add(self, ticket: Ticket) -> bool:
        """Takes a new one in; where there is no loop any more it is over at once, and this is false."""
        with self._changed:
            if self.failure is not None:
                ticket.end(ticket.failed(self.failure))
                return False
            self._by_number[ticket.number] = ticket
            self._unfinished += 1
        return True

    def divide(self, ticket: Ticket, parts: tuple[Ticket, ...]) -> None:
        """The reference names several files: each is a download of its own."""
        self._by_number.update((part.number, part) for part in parts)
        with self._changed:
            ticket.divide(parts)
            self._unfinished += len(parts) - 1

    def forget(self, ticket: Ticket) -> None:
        """Keeps nothing of one that is over."""
        for one in (ticket, *ticket.parts):
            self._by_number.pop(one.number, None)

    def over(self, ticket: Ticket, result: Result) -> None:
        """One is over."""
        with self._changed:
            ticket.end(result)
            self._unfinished -= 1
            if not self._unfinished:
                self._changed.notify_all()

    def break_down(self, error: FetchError) -> None:
        """The loop has ended: all tickets end, and waiting callers are told."""
        with self._changed:
            self.failure = error
            for ticket in self:
                if not ticket.is_over:
                    ticket.end(ticket.failed(error))
            self._unfinished = 0
            self._changed.notify_all()

    def wait(self, timeout_seconds: float) -> bool:
        """Whether every job is over; waits at most so long for it."""
        with self._changed:
            return self._changed.wait_for(lambda: self.is_idle, timeout_seconds)
