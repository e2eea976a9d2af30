"""A source's dialogue with its host: sends its requests, retries them, and returns the responses.

It runs when a reference is resolved, and again if only the source can renew a URL.
"""

from __future__ import annotations

import logging
from functools import partial
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar

from anymatix_fetcher.core.answers.explain import failure_error
from anymatix_fetcher.core.answers.judge import Known, judge
from anymatix_fetcher.core.machine.exchange import SILENCE_SECONDS
from anymatix_fetcher.core.machine.retry import Patience
from anymatix_fetcher.core.pace.pause import countdown
from anymatix_fetcher.core.values.codings import UndecodableError, decoded
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Refused
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed, HeadArrived
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.engine.failing import error_for, let_go
from anymatix_fetcher.errors import AccessDeniedError, FetchError, UnexpectedAnswerError
from anymatix_fetcher.sources.base import MAX_DOCUMENT_BYTES, Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from anymatix_fetcher.core.pace.hosts import Hosts
    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.core.values.messages import ExchangeId
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.engine.answer_cache import Answers
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.transports.base import TransportEvent

T = TypeVar("T")

log = logging.getLogger("anymatix_fetcher.engine")

_OK, _REDIRECTS_FROM = 200, 300
_PASSING = frozenset({Refusal.UNAVAILABLE, Refusal.THROTTLED})
_FINAL_FAILURES = frozenset(
    {FailureKind.TLS, FailureKind.INSIDE, FailureKind.UNUSABLE, FailureKind.STORAGE, FailureKind.BUG}
)


class _Document:
    """Collects a body in memory; implements ``Sink``."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        self.data[offset : offset + len(data)] = data


class Conversation(Generic[T]):
    """Runs a source's generator, which yields one request at a time.

    Args:
        talk: The generator.
        ports: The transport, the clock and the randomness.
        hosts: The hosts, which are told about a requested pause.
        new_id: Returns the ids of the exchanges.
        answers: The cache of responses, so that a session sends the same request once.
        enough_seconds: The time after which a failed request isn't retried.

    Attributes:
        outcome: The generator's result or the error; ``None`` until then.
        requests: The number of requests, by origin.
    """

    def __init__(
        self,
        talk: Generator[Request, Answer, T],
        ports: Ports,
        hosts: Hosts,
        new_id: Callable[[], ExchangeId],
        answers: Answers,
        enough_seconds: float = inf,
    ) -> None:
        self.outcome: T | FetchError | None = None
        self.requests: dict[Origin, int] = {}
        self._talk = talk
        self._ports = ports
        self._hosts = hosts
        self._new_id = new_id
        self._answers = answers
        self._enough_seconds = enough_seconds
        self._taken_at = 0.0
        self._patience = Patience(ports.random)
        self._request: Request | None = None
        self._exchange: ExchangeId | None = None
        self._head: ResponseHead | None = None
        self._document = _Document()
        self._heard_at = 0.0

    def start(self) -> None:
        """Runs the generator up to its first request, or to its end."""
        self._advance(None)

    def tick(self) -> None:
        """Sends a request that had to wait, and ends one without a response."""
        now = self._ports.clock()
        if self.outcome is not None:
            return
        if self._exchange is None:
            self._send_when_due(now)
        elif now - self._heard_at >= SILENCE_SECONDS:
            self._hang_up()
            self._failed(Failure(FailureKind.SILENT, f"no answer for {SILENCE_SECONDS:.0f} s"), now)

    def handle(self, event: TransportEvent) -> None:
        """Takes a transport event."""
        if self.outcome is not None or event.exchange != self._exchange:
            return
        now = self._heard_at = self._ports.clock()
        match event:
            case HeadArrived():
                self._head_arrived(event, now)
            case BodyStored():
                if event.span.stop >= MAX_DOCUMENT_BYTES and self._wants_all:
                    self._too_long()
            case BodyEnded():
                self._exchange = None
                self._arrived(bytes(self._document.data))
            case ExchangeFailed():
                self._exchange = None
                self._failed(event.failure, now)

    @property
    def host(self) -> str:
        """The host of the current request; empty if there is none."""
        return self._request.url.host if self._request is not None else ""

    def waiting_for(self, now: float) -> str:
        """Why no request is in flight, for people; empty if one is."""
        if self._exchange is not None or self._request is None:
            return ""
        pause = self._hosts.pause_at(self._request.url.origin, now)
        if pause is not None and pause.until > self._patience.not_before:
            return pause.told(now)
        return countdown(self._patience.reason, self._patience.not_before, now)

    def end(self) -> None:
        """Ends the dialogue."""
        self._hang_up()
        self._talk.close()

    def fail(self, raised: Exception) -> None:
        """Ends it because of an unexpected exception."""
        self.outcome = error_for(raised, "a source")
        let_go("a source", self.end)

    # The source -------------------------------------------------------------------------------------------

    def _advance(self, answer: Answer | None) -> None:
        self._ask(partial(next, self._talk) if answer is None else partial(self._talk.send, answer))

    def _give_up(self, error: FetchError) -> None:
        """The request has failed; the error is raised in the generator, which may know another way."""
        self._ask(partial(self._talk.throw, error))

    def _ask(self, go_on: Callable[[], Request]) -> None:
        """Resumes the generator. An exception from it ends its own job only."""
        try:
            request = go_on()
        except StopIteration as end:
            self.outcome = end.value
            if end.value is None:
                self.outcome = error_for(AssertionError("the source came to nothing"), "a source")
        except Exception as raised:  # noqa: BLE001 - see above
            self.outcome = error_for(raised, "a source")
        else:
            self._take(request)

    def _take(self, request: Request) -> None:
        self._request, self._taken_at = request, self._ports.clock()
        self._patience = Patience(self._ports.random)
        self._send_when_due(self._taken_at)

    # The exchange -----------------------------------------------------------------------------------------

    @property
    def _asked(self) -> Request:
        if self._request is None:
            raise AssertionError("nothing was asked")
        return self._request

    def _send_when_due(self, now: float) -> None:
        known = self._answers.get(self._asked)
        if known is not None:
            self._advance(known)
            return
        if now < self._patience.not_before or self._hosts.pause_at(self._asked.url.origin, now) is not None:
            return
        self._exchange = self._new_id()
        self._head, self._document, self._heard_at = None, _Document(), now
        origin = self._asked.url.origin
        self.requests[origin] = self.requests.get(origin, 0) + 1
        log.debug("asking %s", self._asked.url)
        self._ports.transport.start(self._exchange, self._asked)

    def _hang_up(self) -> None:
        if self._exchange is not None:
            self._ports.transport.cancel(self._exchange)
            self._exchange = None

    def _head_arrived(self, event: HeadArrived, now: float) -> None:
        self._head = event.head
        self._patience.heard()
        span = self._asked.span
        brings_what_was_asked = span is None or span.start == 0 or event.head.status == HTTPStatus.PARTIAL_CONTENT
        if _OK <= event.head.status < _REDIRECTS_FROM and brings_what_was_asked:
            if self._wants_all and (event.head.content_length or 0) > MAX_DOCUMENT_BYTES:
                self._too_long()
                return
            most = self._asked.most or (MAX_DOCUMENT_BYTES if span is None else len(span))
            self._ports.transport.accept(event.exchange, self._document, 0, most)
            return
        self._hang_up()
        refused = judge(self._asked, event.head, Known(), event.excerpt)
        if not (isinstance(refused, Refused) and refused.kind in _PASSING and self._waits(refused, now)):
            self._answered(event.excerpt.encode())

    @property
    def _wants_all(self) -> bool:
        return self._asked.span is None and self._asked.most is None

    def _too_long(self) -> None:
        self._hang_up()
        self._give_up(
            UnexpectedAnswerError(
                f"{self._asked.url.host} sends too long an answer",
                hint="It isn't what a catalogue sends: check the reference, and the endpoint if one is set.",
            )
        )

    def _waits(self, refused: Refused, now: float) -> bool:
        """Whether a temporary refusal is worth a retry."""
        stated = refused.retry_after_seconds
        if stated is None and (self._has_enough(now) or self._is_denied(refused)):
            return False
        if refused.kind is not Refusal.THROTTLED:
            return self._may_try_again(now)
        patient = self._patience.throttled(now, stated)
        if patient:
            self._hosts.pause(self._asked.url.origin, self._patience.not_before, self._patience.reason)
        return patient

    def _has_enough(self, now: float) -> bool:
        return now - self._taken_at >= self._enough_seconds

    def _may_try_again(self, now: float) -> bool:
        """Schedules a retry after a failure, if one is left."""
        patient, most = self._patience.failed(now, now), self._asked.tries
        return patient and (most is None or self._patience.failures < most)

    def _is_denied(self, refused: Refused) -> bool:
        """Whether the service states that a retry can't help."""
        explained = self._asked.explained
        return explained is not None and isinstance(explained(refused, self._asked), AccessDeniedError)

    def _arrived(self, body: bytes) -> None:
        """Takes a complete body. A document that was compressed unasked is decoded, a part of a file isn't."""
        coding = self._head.content_coding if self._head is not None and self._asked.span is None else ""
        try:
            document = decoded(body, coding, most=MAX_DOCUMENT_BYTES)
        except UndecodableError as reason:
            self._give_up(UnexpectedAnswerError(f"{self._asked.url.host} {reason}", hint="Try again later."))
        else:
            self._answered(document)

    def _answered(self, body: bytes) -> None:
        if self._head is None:
            raise AssertionError("a body ends after its head")
        answer = Answer(self._asked.url, self._head, body)
        if _OK <= self._head.status < _REDIRECTS_FROM and self._asked.span is None:
            self._answers[self._asked] = answer
        self._advance(answer)

    def _failed(self, failure: Failure, now: float) -> None:
        if failure.kind in _FINAL_FAILURES or self._has_enough(now) or not self._may_try_again(now):
            self._give_up(failure_error(failure, self._asked.url))
