"""Requests with one number share a connection, over HTTP/2, and don't hold up one another."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.http import Request
from anymatix_fetcher.core.values.messages import BodyEnded, ExchangeId
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.transports.curl.transport import CurlTransport
from tests.contracts.transport import NO_PROXY, Conversation, MemorySink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.nginx import Nginx
    from tests.servers.tls_material import TlsMaterial

SMALL = random.Random(5).randbytes(100_000)
LARGE = random.Random(6).randbytes(40_000_000)


@pytest.fixture
def talk(nginx: Nginx, tls_material: TlsMaterial) -> Iterator[Conversation]:
    for name, content in (("sharing-small.bin", SMALL), ("sharing-large.bin", LARGE)):
        if not (nginx.root / name).exists():
            (nginx.root / name).write_bytes(content)
    with closing(CurlTransport(replace(NO_PROXY, ca_file=tls_material.authority))) as transport:
        yield Conversation(transport)


def start(talk: Conversation, url: str, number: int, *, shared: int | None = 0) -> ExchangeId:
    exchange = ExchangeId(2, number)
    talk.transport.start(exchange, Request(Url.parse(url), shared_connection=shared))
    return exchange


def connection(talk: Conversation, exchange: ExchangeId) -> str | None:
    return talk.head(exchange).head.headers.get("X-Connection")


def test_a_hundred_small_files_come_over_one_connection(talk: Conversation, nginx: Nginx) -> None:
    exchanges = [start(talk, f"{nginx.http2}/numbered/sharing-small.bin", number) for number in range(100)]
    assert len({connection(talk, exchange) for exchange in exchanges}) == 1
    assert all(talk.store(exchange).data == SMALL for exchange in exchanges)


def test_others_keep_connections_of_their_own_beside_the_shared_one(talk: Conversation, nginx: Nginx) -> None:
    url = f"{nginx.http2}/numbered/sharing-small.bin"
    shared = [start(talk, url, number) for number in range(3)]
    own = [start(talk, url, number, shared=None) for number in range(3, 6)]
    assert len({connection(talk, exchange) for exchange in shared}) == 1
    assert len({connection(talk, exchange) for exchange in (*shared, *own)}) == 4


def test_each_lane_is_a_connection(talk: Conversation, nginx: Nginx) -> None:
    url = f"{nginx.http2}/numbered/sharing-small.bin"
    by_number = [[start(talk, url, 10 * shared + number, shared=shared) for number in range(5)] for shared in range(4)]
    connections = [{connection(talk, exchange) for exchange in exchanges} for exchanges in by_number]
    assert [len(numbers) for numbers in connections] == [1, 1, 1, 1]
    assert len(set.union(*connections)) == 4
    assert all(talk.store(exchange).data == SMALL for exchanges in by_number for exchange in exchanges)


def test_a_body_that_nobody_accepts_holds_up_no_other(talk: Conversation, nginx: Nginx) -> None:
    waiting = start(talk, f"{nginx.http2}/numbered/sharing-large.bin", 0)
    number = connection(talk, waiting)
    for count in range(1, 6):
        exchange = start(talk, f"{nginx.http2}/numbered/sharing-small.bin", count)
        assert connection(talk, exchange) == number
        assert talk.store(exchange).data == SMALL
    assert talk.store(waiting).data == LARGE


def test_a_body_that_is_cut_or_dropped_leaves_the_connection_to_the_others(talk: Conversation, nginx: Nginx) -> None:
    url = f"{nginx.http2}/numbered/sharing-large.bin"
    cut, dropped, other = (start(talk, url, number) for number in range(3))
    number = connection(talk, other)
    assert talk.store(cut, 0, 1000).data == LARGE[:1000]
    talk.head(dropped)
    talk.transport.cancel(dropped)
    sink = MemorySink()
    talk.transport.accept(other, sink, 0, None)
    talk.wait(other, BodyEnded)
    assert sink.data == LARGE
    assert connection(talk, start(talk, url, 4)) == number


def test_over_http_1_each_has_a_connection_of_its_own(talk: Conversation, nginx: Nginx) -> None:
    url = f"{nginx.tls}/numbered/sharing-large.bin"
    assert talk.store(start(talk, url, 0)).data == LARGE
    exchanges = [start(talk, url, number) for number in range(1, 5)]
    assert len({connection(talk, exchange) for exchange in exchanges}) == 4
    assert all(talk.store(exchange).data == LARGE for exchange in exchanges)
