"""Hundreds of redirects that mean no good, over real sockets: whoever is asked is asked by http, and told no secret."""

from __future__ import annotations

import random
from contextlib import closing
from functools import partial
from itertools import count, product
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import Engine, FetchError
from anymatix_fetcher.core.answers.explain import failure_error
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.messages import ExchangeFailed, ExchangeId, HeadArrived
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.sources.reading import RemoteFile
from anymatix_fetcher.transports.base import NetworkSettings
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.wiring.composition import open_transport
from tests.core.machine.hostile import SECRET, SECRET_FIELDS
from tests.servers.scripted import Close, ReadRequest, ScriptedServer, Send, Step, answer
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.transports.base import Transport

REDIRECTS = 300
FEW = 10
HOPS = 11

SCHEMES = ("http://", "HTTP://", "//", "///", "http:", "http:/", "http:\\\\", "file://", "ftp://", "javascript:")
HOSTS = (
    *("127.0.0.1:{home}", "127.0.0.1:{other}", "localhost:{home}", "LOCALHOST:{other}", "127.1:{home}", "127.0.0.1:1"),
    *("0x7f000001:{other}", "2130706433:{home}", "[::1]:{other}", "[::ffff:127.0.0.1]:{other}", "[::1", "127.0.0.1:0"),
    *("u:p@127.0.0.1:{other}", "u:p@127.0.0.1:{home}", "127.0.0.1:{home}@127.0.0.1:{other}", "127.0.0.1:{other}#"),
    *("127.0.0.1:{other}\\@127.0.0.1:{home}", "127.0.0.1:{home}\\.127.0.0.1:{other}", "127.0.0.1:{other}%40", "", "@"),
    *("127.0.0.1:{home}%2f@127.0.0.1:{other}", "127.0.0.1:99999", "127.0.0.1:{other}\t", "\xff.example", "a b"),
)
PATHS = (
    *("", "/", "/x?sig=a%2Bb", "/%2F%2F127.0.0.1:{other}", "//127.0.0.1:{other}/x", "/\\127.0.0.1", "/\xe9 \xff"),
    "/#x",
)
RELATIVE = (
    *("/x", "?x", "#x", "../../x", "//", ";x", "/" + "x" * 30_000, "\\\\127.0.0.1:{other}\\x"),
    "https://127.0.0.1:1/x",
)


def locations() -> list[str]:
    """Many of all that these make, always the same ones."""
    every = ["".join(parts) for parts in product(SCHEMES, HOSTS, PATHS)]
    return [*RELATIVE, *random.Random(7).sample(every, REDIRECTS - len(RELATIVE))]


@pytest.fixture
def other() -> Iterator[ScriptedServer]:
    found = answer(b"x", "Content-Range: bytes 0-0/1", status="206 Partial Content")
    with ScriptedServer([ReadRequest(), Send(found), Close()]) as server:
        yield server


def exchange_on(transport: Transport, request: Request, number: ExchangeId) -> Reply | FetchError:
    """What the request comes to, at once: nothing is tried again."""
    transport.start(number, request)
    while True:
        for event in transport.poll(1.0):
            match event:
                case HeadArrived() if event.exchange == number:
                    transport.cancel(number)
                    reply = Reply(b"x", event.head.status)
                    reply.head = event.head
                    return reply
                case ExchangeFailed() if event.exchange == number:
                    return failure_error(event.failure, request.url)


def outcome(resource: Resource, reply: Callable[[Request], Reply | FetchError], asked: list[Request]) -> str:
    """Where the file was found, or why it wasn't, in the words that people are told."""
    file = RemoteFile(resource)
    try:
        talk(file.open(), reply, asked)
    except FetchError as error:
        return f"{error!r} {error.hint}"
    return str(file.target)


def redirect(location: str, home: ScriptedServer, other: ScriptedServer) -> bytes:
    filled = location.replace("{home}", str(home.port)).replace("{other}", str(other.port))
    return f"HTTP/1.1 302 Found\r\nLocation: {filled}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")


@pytest.mark.parametrize("engine", [Engine.CURL, Engine.THREADS])
def test_wherever_redirects_lead_secrets_stay_at_home(engine: Engine, other: ScriptedServer) -> None:
    scripts: list[list[Step]] = [[ReadRequest()] for _ in range(REDIRECTS)]
    asked: list[Request] = []
    told: list[str] = []
    numbers = map(partial(ExchangeId, 0), count())
    transport = open_transport(NetworkSettings(proxy=""), engine, RateLimiter())
    with ScriptedServer(*scripts) as home, closing(transport):
        for script, location in zip(scripts, locations(), strict=True):
            script += [Send(redirect(location, home, other)), Close()]
        url = Url.parse(home.url(f"/model.bin?token={SECRET}"))
        resource = Resource(url, headers=Headers(SECRET_FIELDS))
        while home.connections < REDIRECTS:
            before = len(asked)
            told.append(outcome(resource, lambda request: exchange_on(transport, request, next(numbers)), asked))
            assert 0 < len(asked) - before <= HOPS
    assert {request.url.origin.scheme for request in asked} <= {"http", "https"}
    assert SECRET not in "".join(told)
    assert len(other.requests) > FEW
    assert SECRET.encode() not in b"".join(other.requests)
    at_home = [head for head in home.requests if SECRET.encode() in head]
    assert len(at_home) > REDIRECTS / 2
    assert all(f"\r\nHost: 127.0.0.1:{home.port}\r\n".encode() in head for head in at_home)
