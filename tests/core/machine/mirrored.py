"""A download with mirrors, for tests: what is asked where, and how places bring it."""

from __future__ import annotations

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from tests.core.machine.bench import MIB, ORIGIN, RIGHT, TAG, Bench

MIRROR = Url.parse("https://mirror.example/m.safetensors")
OTHER = Url.parse("https://other.example/m.safetensors")


def at(bench: Bench, url: Url) -> list[m.StartExchange]:
    return [start for start in bench.all(m.StartExchange) if start.request.url.origin == url.origin]


def asked(commands: list[m.Command]) -> list[m.StartExchange]:
    return [one for one in commands if isinstance(one, m.StartExchange)]


def opened(*mirrors: Url, connections: int = 1) -> tuple[Bench, m.StartExchange]:
    """The first place flows and has brought two blocks; and the first request for a mirror."""
    bench = Bench(mirrors=mirrors, digests=(RIGHT,), connections=connections)
    first = bench.open()
    bench.answer(first)
    (start,) = at(bench, mirrors[0])
    bench.bring(first.exchange, Span(0, 2 * MIB))
    return bench, start


def span_of(start: m.StartExchange) -> Span:
    assert start.request.span is not None
    return start.request.span


def brings(bench: Bench, start: m.StartExchange, length: int) -> list[m.StartExchange]:
    """An exchange brings all that it was asked for, equal to what is here; the requests that follow from it."""
    span, following = span_of(start), []
    bench.answer(start, tag=TAG if start.request.url == ORIGIN else '"another"', length=length)
    compare = bench.one(m.AcceptBody).compare
    following += bench.all(m.StartExchange)
    bench.send(m.BodyStored(start.exchange, span))
    following += bench.all(m.StartExchange)
    for first in range(span.start, span.stop, MIB) if compare else ():
        bench.send(m.BlockCompared(Span(first, first + MIB), equal=True))
        following += bench.all(m.StartExchange)
    bench.send(m.BodyEnded(start.exchange))
    return [*following, *bench.all(m.StartExchange)]
