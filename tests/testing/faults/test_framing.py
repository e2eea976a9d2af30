"""Lengths that lie, chunks, and what follows after a body."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from tests.testing.wire import Client, fetch

if TYPE_CHECKING:
    from anymatix_fetcher.testing import File, Origin


@pytest.mark.parametrize(
    ("rule", "length"),
    [("content-length:by=10", "20"), ("content-length:text=+10", "+10"), ("content-length:text=10, 10", "10, 10")],
)
def test_a_content_length_lies(origin: Origin, file: File, rule: str, length: str) -> None:
    origin.script(rule)
    reply = fetch(file.url, span=(10, 20))
    assert (reply.headers["content-length"], reply.body, reply.end) == (length, file.read(10, 20), reply.end)
    assert (reply.end == "fin") or length != "20"


def test_a_content_length_is_too_small(origin: Origin, file: File) -> None:
    origin.script("content-length:by=-4")
    with Client(file.url) as client:
        assert client.ask("/m.bin", span=(10, 20)).body == file.read(10, 16)
        assert client.rest() == (file.read(16, 20), "fin")


def test_chunks_have_no_length(origin: Origin, file: File) -> None:
    origin.script("chunked:size=1000")
    with Client(file.url) as client:
        for _ in range(2):
            reply = client.ask("/m.bin", span=(0, 10_500))
            assert (reply.status, reply.body, reply.end) == (206, file.read(0, 10_500), "whole")
            assert "content-length" not in reply.headers


def test_chunks_break_off(origin: Origin, file: File) -> None:
    origin.script(
        "chunked:end=missing,request=1",
        "chunked:end=broken,request=2",
        "chunked:length=present,request=3-",
        "truncate:after=5000,request=4",
    )
    assert fetch(file.url, span=(0, 9000)).end == "fin"
    assert fetch(file.url, span=(0, 9000)).end == "broken"
    assert fetch(file.url, span=(0, 9000)).headers["content-length"] == "9000"
    reply = fetch(file.url, span=(0, 9000))
    assert (reply.body, reply.end) == (file.read(0, 5000), "fin")


def test_the_end_of_the_connection_ends_the_body(origin: Origin, file: File) -> None:
    origin.script("close-delimited:request=1", "close-delimited:version=1.1,request=2", "chunked:request=3")
    for version in ("HTTP/1.0", "HTTP/1.1"):
        reply = fetch(file.url)
        assert (reply.version, reply.body, reply.end) == (version, file.read(), "fin")
        assert "content-length" not in reply.headers
    reply = fetch(file.url, version="HTTP/1.0")
    assert (reply.body, reply.end) == (file.read(), "fin")


def test_bytes_follow_after_the_body(origin: Origin, file: File) -> None:
    origin.script("extra:size=7,request=1", "extra:looks=response,request=2")
    with Client(file.url) as client:
        assert client.ask("/m.bin", span=(0, 5)).body == file.read(0, 5)
        while len(client.unread) < 7:
            client._more()
        assert client.unread == b"XXXXXXX"
    with Client(file.url) as client:
        assert client.ask("/m.bin", span=(0, 5)).body == file.read(0, 5)
        assert client.read().body == b"wrong"


def test_compression_is_forced(origin: Origin, file: File) -> None:
    origin.script("gzip")
    whole, part = fetch(file.url), fetch(file.url, span=(10, 5000))
    assert whole.headers["content-encoding"] == part.headers["content-encoding"] == "gzip"
    assert gzip.decompress(whole.body) == file.read()
    assert (part.status, gzip.decompress(part.body)) == (206, file.read(10, 5000))
