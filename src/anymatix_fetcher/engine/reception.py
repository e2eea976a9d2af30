"""The reception: resolves references to resources, several at a time."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.core.values.messages import ExchangeId
from anymatix_fetcher.engine.answer_cache import RecentAnswers
from anymatix_fetcher.engine.conversation import Conversation
from anymatix_fetcher.engine.failing import error_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.core.pace.hosts import Hosts
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.engine.answer_cache import Answers
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.engine.ticket import Ticket
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.sources.base import Resolving
    from anymatix_fetcher.transports.base import TransportEvent

    Resolution: TypeAlias = Conversation[tuple[Resource, ...]]

MOST_AT_ONCE = 16
"""The limit on concurrent source generators, because services count their requests."""
MOST_AT_A_TIME = 64
"""The limit on references that are started before the network is polled, so that requests go out meanwhile."""


class Reception:
    """Resolves jobs, and renews URLs that only their source can renew.

    Its exchanges have negative numbers, which distinguishes them from those of downloads.

    Args:
        resolve: Returns the generator that resolves a job's reference.
        ports: The dependencies.
        hosts: The session's hosts.
    """

    def __init__(self, resolve: Callable[[Job], Resolving], ports: Ports, hosts: Hosts) -> None:
        self._resolve = resolve
        self._ports = ports
        self._hosts = hosts
        self._waiting: deque[Ticket] = deque()
        self._talking: dict[Ticket, Resolution] = {}
        self._renewing: dict[Ticket, Resolution] = {}
        self._answers = RecentAnswers(ports.clock)
        self._numbers = count(1)

    def add(self, ticket: Ticket) -> None:
        """Adds a ticket to resolve."""
        self._waiting.append(ticket)

    def renew(self, ticket: Ticket) -> None:
        """Asks the source of ``ticket`` for a new URL."""
        self._renewing[ticket] = self._begin(ticket, {})

    def handle(self, event: TransportEvent) -> bool:
        """Takes a transport event; false if it belongs to a download."""
        if event.exchange.number > 0:
            return False
        self._each(lambda conversation: conversation.handle(event))
        return True

    def tick(self) -> None:
        """Lets time pass."""
        self._answers.forget_old()
        self._each(lambda conversation: conversation.tick())

    def resolved(self) -> Iterator[tuple[Ticket, tuple[Resource, ...] | FetchError, dict[Origin, int]]]:
        """Starts further tickets, and yields finished ones: ticket, outcome, and requests by origin."""
        for _ in range(MOST_AT_A_TIME):
            if not self.has_more:
                break
            ticket = self._waiting.popleft()
            try:
                self._talking[ticket] = self._begin(ticket, self._answers)
            except Exception as raised:  # noqa: BLE001 - ends this job only
                yield ticket, error_for(raised, ticket.job.shown_reference), {}
            yield from self._over(self._talking)
        yield from self._over(self._talking)

    def renewed(self) -> Iterator[tuple[Ticket, tuple[Resource, ...] | FetchError, dict[Origin, int]]]:
        """Yields the renewed tickets, in the same form."""
        yield from self._over(self._renewing)

    def leave(self) -> Iterator[Ticket]:
        """Removes and yields the tickets that were cancelled before they were resolved."""
        gone = [ticket for ticket in (*self._waiting, *self._talking) if ticket.cancelled]
        self._waiting = deque(ticket for ticket in self._waiting if not ticket.cancelled)
        for ticket in gone:
            conversation = self._talking.pop(ticket, None)
            if conversation is not None:
                conversation.end()
        yield from gone

    def forget(self, ticket: Ticket) -> None:
        """Forgets a download that has ended, and its renewals."""
        conversation = self._renewing.pop(ticket, None)
        if conversation is not None:
            conversation.end()

    def notes(self) -> Iterator[tuple[Ticket, str]]:
        """The notes for people on the tickets that are being resolved."""
        now = self._ports.clock()
        yield from ((ticket, conversation.waiting_for(now)) for ticket, conversation in self._talking.items())
        yield from ((ticket, "waiting to be looked up") for ticket in self._waiting)

    @property
    def has_more(self) -> bool:
        """Whether more references could be started now."""
        return bool(self._waiting) and len(self._talking) < MOST_AT_ONCE

    @property
    def is_idle(self) -> bool:
        """Whether no resolution or renewal is pending."""
        return not (self._waiting or self._talking or self._renewing)

    def _begin(self, ticket: Ticket, answers: Answers) -> Resolution:
        conversation = Conversation(
            self._resolve(ticket.job),
            self._ports,
            self._hosts,
            lambda: ExchangeId(ticket.number, -next(self._numbers)),
            answers,
        )
        conversation.start()
        return conversation

    def _each(self, action: Callable[[Resolution], None]) -> None:
        """Calls ``action`` with each conversation. An exception ends its own conversation only."""
        for conversation in [*self._talking.values(), *self._renewing.values()]:
            try:
                action(conversation)
            except Exception as raised:  # noqa: BLE001 - see above
                conversation.fail(raised)

    def _over(
        self, conversations: dict[Ticket, Resolution]
    ) -> Iterator[tuple[Ticket, tuple[Resource, ...] | FetchError, dict[Origin, int]]]:
        for ticket, conversation in list(conversations.items()):
            if conversation.outcome is not None:
                del conversations[ticket]
                yield ticket, conversation.outcome, conversation.requests
