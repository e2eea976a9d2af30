"""The machine and the reader of remote files against answers that mean no good: they end, and tell nobody anything."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anymatix_fetcher.core.machine.download import Download
from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.hosts import Host, Hosts
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.sources.reading import RemoteFile
from tests.core.machine.bench import MIB, RIGHT
from tests.core.machine.hostile import HOME, SECRET, SECRET_FIELDS, heads, keeps_secrets_at_home
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.urls import Origin

MOST_REQUESTS = 1500
"""Four redirects before each refusal, for as long as there is patience, at the first place and at four mirrors."""
SOON = 200
AT_ONCE = [ResponseHead(429, Headers.of(retry_after="0"))]
ALWAYS_ANOTHER_MIRROR = [
    ResponseHead(301, Headers.of(location="5/")),
    ResponseHead(200, Headers.of(link="<>; rel=duplicate")),
]
BODIES = 4
MOST_SECONDS = 4 * 3600
RESOURCE = Resource(HOME, digests=(RIGHT,), headers=Headers(SECRET_FIELDS), reference=HOME.reveal())


class Talk:
    """A machine whose every request is answered by the next of some heads, over and over; few bytes ever come."""

    def __init__(self, answers: list[ResponseHead]) -> None:
        self.machine = Download(RESOURCE, _join(HOME.origin), random=lambda: 0.5, join=_join)
        self.asked: list[Request] = []
        self.errors: list[FetchError] = []
        self._answers = answers
        self._pending: deque[m.StartExchange] = deque()
        self._bodies = BODIES
        self._now = 100.0

    def run(self) -> None:
        """Lets it go on to its end."""
        self._send(m.Begin(storage_is_open=False))
        ticks = 0
        while not self.machine.is_over and len(self.asked) <= MOST_REQUESTS and ticks < MOST_SECONDS:
            if self._pending:
                start, head = self._pending.popleft(), self._answers[len(self.asked) % len(self._answers)]
                self._send(m.HeadArrived(start.exchange, head, echo(start.request) if head.status >= 400 else ""))
            else:
                self._now += 1.0
                ticks += 1
                self._send(m.Tick())

    def _send(self, event: m.Event) -> None:
        for command in self.machine.receive(event, self._now):
            match command:
                case m.StartExchange():
                    self.asked.append(command.request)
                    self._pending.append(command)
                case m.CancelExchange():
                    self._pending = deque(start for start in self._pending if start.exchange != command.exchange)
                case m.AcceptBody():
                    self._bring(command)
                    self._send(m.ExchangeFailed(command.exchange, Failure(FailureKind.LOST, "closed")))
                case m.Renew():
                    self._send(m.Renewed(RESOURCE))
                case m.Fail():
                    self.errors.append(command.error)
                case _:
                    self._keep(command)

    def _keep(self, command: m.Command) -> None:
        """What storage does, at once."""
        match command:
            case m.OpenStorage():
                self._send(m.StorageOpened())
            case m.SetIdentity():
                self.machine.lay_out(MIB)
            case m.ProveBlocks():
                self._send(m.BlocksProved(command.blocks, SpanSet()))
            case m.Verify():
                self._send(m.Verified((RIGHT,)))
            case m.Publish():
                self._send(m.Published())

    def _bring(self, accepted: m.AcceptBody) -> None:
        stop = min(accepted.start + 2 * MIB, accepted.stop if accepted.stop is not None else MIB)
        if self._bodies and not accepted.compare and stop > accepted.start:
            self._bodies -= 1
            self._send(m.BodyStored(accepted.exchange, Span(accepted.start, stop)))


def echo(request: Request) -> str:
    """An error's body that repeats all that was sent."""
    values = " / ".join(value for _, value in request.wire_headers)
    return f"no, {values} isn't right for {request.url.reveal()}"


def _join(origin: Origin) -> Share:
    return Host(origin, Pace(fixed=4), Hosts()).join()


@settings(max_examples=300)
@given(heads)
@example(AT_ONCE)
@example(ALWAYS_ANOTHER_MIRROR)
def test_whatever_is_answered_a_download_ends_and_its_secrets_stay_at_home(answers: list[ResponseHead]) -> None:
    talked = Talk(answers)
    talked.run()
    assert talked.machine.is_over
    assert len(talked.asked) <= MOST_REQUESTS
    keeps_secrets_at_home(talked.asked)
    for error in talked.errors:
        assert SECRET not in f"{error!r} {error.hint} {error.__cause__!r} {error.__context__!r}"


@pytest.mark.parametrize("answers", [AT_ONCE, ALWAYS_ANOTHER_MIRROR])
def test_a_server_that_leads_on_and_on_is_soon_left(answers: list[ResponseHead]) -> None:
    talked = Talk(answers)
    talked.run()
    assert talked.machine.is_over
    assert len(talked.asked) <= SOON


@settings(max_examples=200)
@given(heads, st.integers(0, 30))
def test_whatever_is_answered_a_piece_is_read_or_refused_and_secrets_stay_at_home(
    answers: list[ResponseHead], length: int
) -> None:
    asked: list[Request] = []

    def reply(request: Request) -> Reply:
        assert len(asked) <= SOON
        head = answers[len(asked) % len(answers)]
        made = Reply(echo(request) if head.status >= 400 else b"x" * length, head.status)
        made.head = head
        return made

    file, said = RemoteFile(RESOURCE), ""
    try:
        piece = talk(file.open(), reply, asked)
        assert len(piece) <= 1
        said = str(file.target)
    except FetchError as error:
        said = f"{error!r} {error.hint}"
    assert SECRET not in said
    assert len(asked) <= 30
    keeps_secrets_at_home(asked)
