"""The tickets of a session, shared between its loop and its callers: the number of unfinished ones, and waiting."""

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
        failure: The error that ended the loop early; then nothing is executed any more.
    """

    def __init__(self) -> None:
        self.failure: FetchError | None = None
        self._by_number: dict[int, Ticket] = {}
        self._unfinished = 0
        self._changed = threading.Condition()

    def __iter__(self) -> Iterator[Ticket]:
        """Iterates over a snapshot, because other threads add and remove tickets."""
        return iter(list(self._by_number.values()))

    def __len__(self) -> int:
        return len(self._by_number)

    @property
    def is_idle(self) -> bool:
        """Whether every job is over."""
        return not self._unfinished

    def add(self, ticket: Ticket) -> bool:
        """Adds a ticket. If the loop has ended, the ticket ends at once, and this returns false."""
        with self._changed:
            if self.failure is not None:
                ticket.end(ticket.failed(self.failure))
                return False
            self._by_number[ticket.number] = ticket
            self._unfinished += 1
        return True

    def divide(self, ticket: Ticket, parts: tuple[Ticket, ...]) -> None:
        """Replaces a ticket by its parts."""
        self._by_number.update((part.number, part) for part in parts)
        with self._changed:
            ticket.divide(parts)
            self._unfinished += len(parts) - 1

    def forget(self, ticket: Ticket) -> None:
        """Drops a ticket that is over."""
        for one in (ticket, *ticket.parts):
            self._by_number.pop(one.number, None)

    def over(self, ticket: Ticket, result: Result) -> None:
        """Ends a ticket."""
        with self._changed:
            ticket.end(result)
            self._unfinished -= 1
            if not self._unfinished:
                self._changed.notify_all()

    def break_down(self, error: FetchError) -> None:
        """Ends all tickets, because the loop has ended, and wakes waiting callers."""
        with self._changed:
            self.failure = error
            for ticket in self:
                if not ticket.is_over:
                    ticket.end(ticket.failed(error))
            self._unfinished = 0
            self._changed.notify_all()

    def wait(self, timeout_seconds: float) -> bool:
        """Whether every job is over; waits for that up to the timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: self.is_idle, timeout_seconds)
