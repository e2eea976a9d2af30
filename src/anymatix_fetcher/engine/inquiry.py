"""One question at a time, without a session: asked and answered on the caller's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.core.hosts import Hosts
from anymatix_fetcher.core.messages import ExchangeId
from anymatix_fetcher.engine.conversation import Conversation
from anymatix_fetcher.errors import DownloadCancelled, FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from anymatix_fetcher.core.http import Request
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.sources.base import Answer

T = TypeVar("T")

TURN_SECONDS = 0.1


class Inquiry:
    """Asks, and waits for the answer.

    Args:
        ports: The transport, which is the caller's to close, the clock and the randomness.
        is_cancelled: Whether to stop; whoever makes it true wakes the transport.
    """

    def __init__(self, ports: Ports, is_cancelled: Callable[[], bool]) -> None:
        self._ports = ports
        self._is_cancelled = is_cancelled
        self._hosts = Hosts()
        self._sent = 0

    def run(self, talk: Generator[Request, Answer, T]) -> T:
        """What the generator comes to.

        Raises:
            FetchError: It comes to nothing.
            DownloadCancelled: It was stopped.
        """
        conversation = Conversation(talk, self._ports, self._hosts, self._new_id, {})
        conversation.start()
        while conversation.outcome is None:
            if self._is_cancelled():
                conversation.end()
                raise DownloadCancelled("it was stopped before it had an answer")
            for event in self._ports.transport.poll(TURN_SECONDS):
                conversation.handle(event)
            conversation.tick()
        if isinstance(conversation.outcome, FetchError):
            raise conversation.outcome
        return conversation.outcome

    def _new_id(self) -> ExchangeId:
        self._sent += 1
        return ExchangeId(-1, self._sent)
