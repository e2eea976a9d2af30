"""Steps of downloads whose stored bytes are compared with the server, for tests."""

from __future__ import annotations

from anymatix_fetcher.core.machine.comparison import PIECE_SHARE
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from tests.core.machine.bench import MIB, Bench

MIRROR = Url.parse("https://mirror.example/m.safetensors")
LOST = Failure(FailureKind.LOST)
PIECE = MIB // PIECE_SHARE
MD5 = Digest("md5", "a" * 32)


def next_request(bench: Bench) -> m.StartExchange:
    while not bench.all(m.StartExchange):
        assert not bench.machine.is_over
        bench.wait(0.25)
    return bench.all(m.StartExchange)[0]


def flowing(bench: Bench, *, tag: str | None = None) -> m.StartExchange:
    """One connection flows."""
    start = bench.open()
    bench.answer(start, tag=tag)
    return start


def broken_off(bench: Bench, at: int, *, tag: str | None = None) -> m.StartExchange:
    """One connection has brought so much and broke off: the next request."""
    start = flowing(bench, tag=tag)
    bench.bring(start.exchange, Span(0, at))
    bench.send(m.ExchangeFailed(start.exchange, LOST))
    return next_request(bench)


def compared(bench: Bench, start: m.StartExchange, *, equal: bool = True, tag: str | None = None) -> None:
    span = start.request.span
    assert span is not None
    bench.answer(start, tag=tag)
    assert bench.one(m.AcceptBody).compare
    bench.send(m.BodyStored(start.exchange, span))
    found = bench.send(m.BlockCompared(span, equal=equal))
    bench.commands = found + bench.send(m.BodyEnded(start.exchange))
