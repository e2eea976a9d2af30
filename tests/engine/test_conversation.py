"""A source's questions on a transport: retried, paused, answered, and never asked twice."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from itertools import count
from math import inf
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.machine.exchange import SILENCE_SECONDS
from anymatix_fetcher.core.pace.hosts import Hosts
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed, ExchangeId, HeadArrived
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.conversation import Conversation
from anymatix_fetcher.engine.ports import Ports
from anymatix_fetcher.errors import (
    AccessDeniedError,
    FetchError,
    NotFoundError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from anymatix_fetcher.sources.base import MAX_DOCUMENT_BYTES, Answer, ask
from tests.simulation.breakage import Free
from tests.simulation.clock import VirtualClock
from tests.simulation.disk import SimulatedDisk
from tests.simulation.workers import SimulatedWorkers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.core.values.http import Refused
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.sources.base import Resolving
    from anymatix_fetcher.transports.base import Sink, TransportEvent

API = Url.parse("https://api.example/models/1")
FILE = Url.parse("https://files.example/m.bin")


class ByHand:
    """A transport that does nothing by itself; implements ``Transport``."""

    name = "by hand"
    waited_seconds = 0.0

    def __init__(self) -> None:
        self.started: list[tuple[ExchangeId, Request]] = []
        self.sinks: dict[ExchangeId, Sink] = {}
        self.cancelled: list[ExchangeId] = []

    def start(self, exchange: ExchangeId, request: Request) -> None:
        self.started.append((exchange, request))

    def open_ahead(self, origin: Origin, count: int) -> None:
        raise AssertionError(origin, count)

    def accept(self, exchange: ExchangeId, sink: Sink, start: int, stop: int | None) -> None:
        assert (start, stop) == (0, MAX_DOCUMENT_BYTES)
        self.sinks[exchange] = sink

    def narrow(self, exchange: ExchangeId, stop: int) -> None:
        raise AssertionError(exchange, stop)

    def cancel(self, exchange: ExchangeId) -> None:
        self.cancelled.append(exchange)

    def poll(self, timeout_seconds: float) -> Sequence[TransportEvent]:
        raise AssertionError(timeout_seconds)

    def wake(self) -> None:
        """Nobody sleeps."""

    def close(self) -> None:
        """Nothing is open."""


def source(*urls: Url, request: Request | None = None) -> Resolving:
    """Asks these, in the manner of ``request``, and names the file after the last answer."""
    answer = None
    for url in urls:
        headers = Headers((("Authorization", "Bearer SECRET"),))
        answer = yield from ask(replace(request or Request(url), url=url, headers=headers))
        if answer.status == 404:
            raise NotFoundError("there is no such model")
    return (Resource(FILE, reference=answer.text if answer else ""),)


class Talk:
    """One conversation and its outside."""

    def __init__(
        self, resolving: Resolving, answers: dict[Request, Answer] | None = None, *, enough_seconds: float = inf
    ) -> None:
        self.clock = VirtualClock()
        self.transport = ByHand()
        self.hosts = Hosts()
        ports = Ports(
            transport=self.transport,
            disk=SimulatedDisk(lambda *_: None),
            workers=SimulatedWorkers(self.clock, None),  # type: ignore[arg-type] # nobody works
            lock=Free,
            clock=self.clock,
            random=lambda: 1.0,
        )
        numbers = count(1)
        self.answers = {} if answers is None else answers
        self.conversation = Conversation(
            resolving, ports, self.hosts, lambda: ExchangeId(0, -next(numbers)), self.answers, enough_seconds
        )
        self.conversation.start()

    @property
    def last(self) -> tuple[ExchangeId, Request]:
        return self.transport.started[-1]

    def head(self, status: int, *fields: tuple[str, str], excerpt: str = "") -> None:
        self.conversation.handle(HeadArrived(self.last[0], ResponseHead(status, Headers(fields)), excerpt))

    def body(self, data: bytes) -> None:
        exchange = self.last[0]
        self.transport.sinks[exchange].write(0, data)
        self.conversation.handle(BodyStored(exchange, Span(0, len(data))))
        self.conversation.handle(BodyEnded(exchange))

    def fail(self, kind: FailureKind) -> None:
        self.conversation.handle(ExchangeFailed(self.last[0], Failure(kind, "so it goes")))

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.conversation.tick()

    def resource(self) -> Resource:
        outcome = self.conversation.outcome
        assert isinstance(outcome, tuple)
        return outcome[0]


def test_a_source_that_asks_nothing_is_done_at_once() -> None:
    assert Talk(source()).resource().url == FILE


def test_an_answer_is_handed_back_whole() -> None:
    talk = Talk(source(API))
    talk.head(200)
    talk.body(b"the model")
    assert talk.resource().reference == "the model"
    assert talk.conversation.requests == {API.origin: 1}


def test_an_error_status_is_the_sources_to_understand() -> None:
    talk = Talk(source(API))
    talk.head(404, excerpt='{"error": "none"}')
    assert isinstance(talk.conversation.outcome, NotFoundError)
    assert talk.transport.cancelled == [talk.last[0]]


def test_redirects_are_walked_and_the_secret_stays_behind() -> None:
    talk = Talk(source(API))
    talk.head(302, ("Location", "https://other.example/x"))
    assert talk.last[1].url.reveal() == "https://other.example/x"
    assert talk.last[1].headers.get("Authorization") is None
    talk.head(200)
    talk.body(b"moved")
    assert talk.resource().reference == "moved"


def test_a_redirect_to_plain_http_is_refused() -> None:
    talk = Talk(source(API))
    talk.head(302, ("Location", "http://api.example/models/1"))
    assert isinstance(talk.conversation.outcome, UnexpectedAnswerError)


def test_a_lost_connection_is_tried_again_after_a_while() -> None:
    talk = Talk(source(API))
    talk.fail(FailureKind.LOST)
    assert len(talk.transport.started) == 1
    talk.wait(1.0)
    assert len(talk.transport.started) == 2
    talk.head(200)
    talk.body(b"back")
    assert talk.resource().reference == "back"


def test_a_host_that_is_never_reached_is_given_up() -> None:
    talk = Talk(source(API))
    for _ in range(10):
        talk.fail(FailureKind.CONNECT)
        talk.wait(60.0)
    assert isinstance(talk.conversation.outcome, RetriesExhaustedError)
    assert len(talk.transport.started) == 4


def test_a_certificate_that_isnt_trusted_isnt_tried_again() -> None:
    talk = Talk(source(API))
    talk.fail(FailureKind.TLS)
    assert isinstance(talk.conversation.outcome, FetchError)


def test_an_unavailable_host_is_asked_again_and_a_throttling_one_when_it_wants_to_be() -> None:
    talk = Talk(source(API))
    talk.head(502)
    talk.wait(1.0)
    talk.head(429, ("Retry-After", "50"))
    assert talk.hosts.pause_at(API.origin, talk.clock.now) is not None
    talk.wait(49.0)
    assert len(talk.transport.started) == 2
    assert "in 2 s" in talk.conversation.waiting_for(talk.clock.now)
    talk.wait(3.0)
    assert len(talk.transport.started) == 3
    talk.head(200)
    talk.body(b"there")
    assert talk.resource().reference == "there"


def test_a_question_to_a_host_that_others_were_told_to_leave_alone_says_what_it_waits_for() -> None:
    talk = Talk(source(API))
    talk.head(502)
    talk.hosts.pause(API.origin, talk.clock.now + 30.0, "the server asks to wait")
    assert talk.conversation.waiting_for(talk.clock.now) == "the server asks to wait: next request in 30 s"


def test_a_wish_beyond_all_patience_is_handed_to_the_source_and_pauses_nobody() -> None:
    talk = Talk(source(API))
    talk.head(429, ("Retry-After", "86400"))
    assert talk.hosts.pause_at(API.origin, talk.clock.now) is None
    assert talk.conversation.outcome is not None


def denied(refused: Refused, request: Request) -> FetchError:
    return AccessDeniedError(f"{request.url.host} gives no more: {refused.status}")


@pytest.mark.parametrize(("fields", "requests"), [((), 1), ((("Retry-After", "5"),), 2)])
def test_what_the_service_means_to_be_final_isnt_asked_again(
    fields: tuple[tuple[str, str], ...], requests: int
) -> None:
    talk = Talk(source(API, request=Request(API, explained=denied)))
    talk.head(429, *fields)
    talk.wait(30.0)
    assert len(talk.transport.started) == requests
    assert (talk.conversation.outcome is None) == (requests > 1)


@pytest.mark.parametrize("status", [429, 500])
def test_who_sits_and_waits_isnt_kept_for_minutes_by_a_host_that_always_refuses(status: int) -> None:
    talk = Talk(source(API), enough_seconds=20.0)
    while talk.conversation.outcome is None:
        talk.head(status)
        talk.wait(35.0)
    assert len(talk.transport.started) == 2


def test_a_question_that_is_worth_so_many_tries_is_asked_no_more_often() -> None:
    talk = Talk(source(API, request=Request(API, tries=3)))
    while talk.conversation.outcome is None:
        talk.fail(FailureKind.LOST)
        talk.wait(35.0)
    assert len(talk.transport.started) == 3


def test_silence_is_an_answer_too() -> None:
    talk = Talk(source(API))
    talk.wait(SILENCE_SECONDS)
    talk.wait(1.0)
    assert len(talk.transport.started) == 2
    assert talk.transport.cancelled == [talk.transport.started[0][0]]


def test_who_sits_and_waits_isnt_kept_for_a_minute_by_a_host_that_says_nothing() -> None:
    talk = Talk(source(API), enough_seconds=20.0)
    talk.wait(SILENCE_SECONDS)
    assert isinstance(talk.conversation.outcome, RetriesExhaustedError)
    assert len(talk.transport.started) == 1


def test_who_sits_and_waits_is_patient_with_what_fails_at_once() -> None:
    talk = Talk(source(API), enough_seconds=20.0)
    for _ in range(2):
        talk.fail(FailureKind.CONNECT)
        talk.wait(2.0)
    assert len(talk.transport.started) == 3
    assert talk.conversation.outcome is None


def test_the_same_question_is_asked_once_for_all() -> None:
    answers: dict[Request, Answer] = {}
    first = Talk(source(API), answers)
    first.head(200)
    first.body(b"known")
    second = Talk(source(API), answers)
    assert second.resource().reference == "known"
    assert not second.transport.started


def test_an_endless_answer_is_cut_off() -> None:
    talk = Talk(source(API))
    talk.head(200)
    talk.conversation.handle(BodyStored(talk.last[0], Span(0, MAX_DOCUMENT_BYTES)))
    assert isinstance(talk.conversation.outcome, UnexpectedAnswerError)


@pytest.mark.parametrize(
    ("coding", "data"), [("gzip", gzip.compress(b"the model", mtime=0)), ("deflate", zlib.compress(b"the model"))]
)
def test_an_answer_that_comes_compressed_is_read(coding: str, data: bytes) -> None:
    talk = Talk(source(API))
    talk.head(200, ("Content-Encoding", coding))
    talk.body(data)
    assert talk.resource().reference == "the model"


@pytest.mark.parametrize(
    ("coding", "data", "reason"),
    [
        ("gzip", gzip.compress(b"\0" * (MAX_DOCUMENT_BYTES + 1), mtime=0), "sends too long an answer"),
        ("br", b"the model", "by br, which wasn't asked for"),
        ("gzip", b"the model", "can't be read"),
    ],
)
def test_what_cant_be_read_of_it_is_said(coding: str, data: bytes, reason: str) -> None:
    talk = Talk(source(API))
    talk.head(200, ("Content-Encoding", coding))
    talk.body(data)
    outcome = talk.conversation.outcome
    assert isinstance(outcome, UnexpectedAnswerError)
    assert reason in outcome.message


def test_late_events_and_an_end_change_nothing() -> None:
    talk = Talk(source(API))
    old = talk.last[0]
    talk.fail(FailureKind.LOST)
    talk.wait(1.0)
    talk.conversation.handle(HeadArrived(old, ResponseHead(200)))
    assert not talk.transport.sinks
    talk.conversation.end()
    assert talk.transport.cancelled == [talk.last[0]]
