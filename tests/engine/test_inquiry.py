from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.core.values.messages import BodyEnded, HeadArrived
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.inquiry import Inquiry
from anymatix_fetcher.engine.ports import Ports
from anymatix_fetcher.engine.waiting import tell, watching
from anymatix_fetcher.errors import DownloadCancelled
from anymatix_fetcher.sources.base import ask
from tests.engine.test_conversation import ByHand
from tests.simulation.breakage import Free
from tests.simulation.clock import VirtualClock
from tests.simulation.disk import SimulatedDisk
from tests.simulation.workers import SimulatedWorkers

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from anymatix_fetcher.core.values.messages import ExchangeId
    from anymatix_fetcher.sources.base import Answer
    from anymatix_fetcher.transports.base import TransportEvent

HUB, STORE = Url.parse("https://hub.example/a"), Url.parse("https://store.example/b")


class OneATurn(ByHand):
    """Answers one request with an empty 200 each time that it is polled, the oldest first, after ``empty`` polls."""

    def __init__(self, empty: int = 0) -> None:
        super().__init__()
        self.answered = 0
        self.empty = empty

    def poll(self, timeout_seconds: float) -> Sequence[TransportEvent]:
        assert timeout_seconds > 0
        if self.empty:
            self.empty -= 1
            return []
        exchange: ExchangeId = self.started[self.answered][0]
        self.answered += 1
        return [HeadArrived(exchange, ResponseHead(200, Headers())), BodyEnded(exchange)]


def inquiry(transport: OneATurn) -> Inquiry:
    clock = VirtualClock()
    ports = Ports(
        transport=transport,
        disk=SimulatedDisk(lambda *_: None),
        workers=SimulatedWorkers(clock, None),  # type: ignore[arg-type] # there is no work
        lock=Free,
        clock=clock,
        random=lambda: 1.0,
    )
    return Inquiry(ports, lambda: False)


def asking(url: Url) -> Generator[Request, Answer, int]:
    return (yield from ask(Request(url))).status


def test_who_watches_is_told_who_is_asked() -> None:
    told: list[str] = []
    with watching(told.append):
        assert inquiry(OneATurn(empty=2)).run(asking(HUB)) == 200
    assert told == ["asking hub.example"] * 2


def test_of_several_questions_the_answered_ones_are_counted() -> None:
    told: list[str] = []
    with watching(told.append):
        assert inquiry(OneATurn()).run_each([asking(HUB), asking(STORE), asking(HUB.join("/c"))]) == [200] * 3
    assert told == ["asking store.example and 1 more, 1 of 3 answered", "asking hub.example, 2 of 3 answered"]


def test_who_doesnt_watch_isnt_told_and_watching_ends_with_its_block() -> None:
    outer: list[str] = []
    inner: list[str] = []
    tell("nobody")
    with watching(outer.append):
        with pytest.raises(DownloadCancelled), watching(inner.append):
            raise DownloadCancelled("stopped")
        tell("outer")
    tell("nobody")
    assert (outer, inner) == (["outer"], [])
