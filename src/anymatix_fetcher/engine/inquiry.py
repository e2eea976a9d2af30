"""Runs source generators without a session, on the caller's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.core.answers.explain import nothing_kept
from anymatix_fetcher.core.pace.hosts import Hosts
from anymatix_fetcher.core.values.messages import ExchangeId
from anymatix_fetcher.engine.conversation import Conversation
from anymatix_fetcher.engine.waiting import tell
from anymatix_fetcher.errors import DownloadCancelled, FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.sources.base import Answer

T = TypeVar("T")

TURN_SECONDS = 0.1
MOST_AT_ONCE = 8
"""The limit on concurrent generators."""
ENOUGH_SECONDS = 20.0
"""A person is waiting: after this time a failed request isn't retried."""


class Inquiry:
    """Sends a request, and waits for the response.

    Args:
        ports: The transport, which the caller has to close, the clock and the randomness.
        is_cancelled: Whether to stop. The code that sets it also wakes the transport.
    """

    def __init__(self, ports: Ports, is_cancelled: Callable[[], bool]) -> None:
        self._ports = ports
        self._is_cancelled = is_cancelled
        self._hosts = Hosts()
        self._sent = 0

    def run(self, talk: Generator[Request, Answer, T]) -> T:
        """The generator's result.

        Raises:
            FetchError: It has failed.
            DownloadCancelled: It was stopped.
        """
        (outcome,) = self.run_each([talk])
        if isinstance(outcome, FetchError):
            raise outcome
        return outcome

    def run_each(self, talks: Sequence[Generator[Request, Answer, T]]) -> list[T | FetchError]:
        """The result of each generator, in order; several run concurrently.

        Raises:
            DownloadCancelled: It was stopped.
        """
        answers: dict[Request, Answer] = {}
        waiting = [
            Conversation(talk, self._ports, self._hosts, self._new_id, answers, ENOUGH_SECONDS) for talk in talks
        ]
        every, talking = list(waiting), list[Conversation[T]]()
        waiting.reverse()
        while waiting or talking:
            while waiting and len(talking) < MOST_AT_ONCE:
                talking.append(waiting.pop())
                talking[-1].start()
            self._turn(talking)
            self._tell(talking, len(every), len(waiting))
            talking = [conversation for conversation in talking if conversation.outcome is None]
        outcomes = [conversation.outcome for conversation in every if conversation.outcome is not None]
        return [nothing_kept(outcome) if isinstance(outcome, FetchError) else outcome for outcome in outcomes]

    def _turn(self, talking: list[Conversation[T]]) -> None:
        if all(conversation.outcome is not None for conversation in talking):
            return
        if self._is_cancelled():
            for conversation in talking:
                conversation.end()
            raise DownloadCancelled("no answer had come yet", hint="Ask again.")
        for event in self._ports.transport.poll(TURN_SECONDS):
            for conversation in talking:
                conversation.handle(event)
        for conversation in talking:
            conversation.tick()

    def _tell(self, talking: Sequence[Conversation[T]], total: int, waiting: int) -> None:
        going = [conversation for conversation in talking if conversation.outcome is None]
        if not going:
            return
        now = self._ports.clock()
        reasons = [reason for conversation in going if (reason := conversation.waiting_for(now))]
        first, *others = dict.fromkeys(conversation.host for conversation in going)
        doing = f"asking {first}{f' and {len(others)} more' if others else ''}"
        counted = f", {total - waiting - len(going)} of {total} answered" if total > 1 else ""
        tell(f"{doing}{counted}{f': {reasons[0]}' if len(reasons) == len(going) else ''}")

    def _new_id(self) -> ExchangeId:
        self._sent += 1
        return ExchangeId(-1, self._sent)
