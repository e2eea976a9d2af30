"""Bodies and connections that end otherwise than they should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.testing.wire import Client, Reply, fetch

if TYPE_CHECKING:
    from anymatix_fetcher.testing import File, Origin


@pytest.mark.parametrize(("rule", "end"), [("reset", "rst"), ("truncate", "fin"), ("silence", "silence")])
def test_a_body_breaks_off_exactly_there(origin: Origin, file: File, rule: str, end: str) -> None:
    origin.script(f"{rule}:after=1500001,request=1", f"{rule}:offset=2000000,request=2")
    reply = fetch(file.url, silence_seconds=0.2)
    assert (reply.end, reply.body) == (end, file.read(0, 1_500_001))
    reply = fetch(file.url, span=(1_900_000, 2_500_000), silence_seconds=0.2)
    assert (reply.end, reply.body) == (end, file.read(1_900_000, 2_000_000))
    assert fetch(file.url).body == file.read()


@pytest.mark.parametrize(("rule", "end"), [("reset", "rst"), ("truncate", "fin"), ("silence", "silence")])
def test_a_response_never_comes(origin: Origin, file: File, rule: str, end: str) -> None:
    origin.script(f"{rule}:request=1", f"{rule}:after=0,request=2")
    assert fetch(file.url, silence_seconds=0.1) == Reply(0, {}, b"", end)
    reply = fetch(file.url, silence_seconds=0.1)
    assert (reply.status, reply.body, reply.end) == (200, b"", end)


def test_an_ending_beyond_the_body_or_out_of_its_span_changes_nothing(origin: Origin, file: File) -> None:
    origin.script("reset:after=100", "truncate:offset=500000")
    assert fetch(file.url, span=(0, 50)).body == file.read(0, 50)
    assert fetch(file.url, span=(0, 100)).end == "whole"


def test_head_hangs_and_get_works(origin: Origin, file: File) -> None:
    origin.script("silence:method=HEAD")
    assert fetch(file.url, method="HEAD", silence_seconds=0.1).end == "silence"
    assert fetch(file.url, span=(0, 5)).body == file.read(0, 5)


def test_a_connection_closes_announced_or_not(origin: Origin, file: File) -> None:
    origin.script("close:request=1", "close:announced=no,request=2")
    for announced in (True, False):
        with Client(file.url) as client:
            reply = client.ask("/m.bin", span=(0, 5))
            assert reply.body == file.read(0, 5)
            assert (reply.headers.get("connection") == "close") == announced
            assert client.rest() == (b"", "fin")


def test_faults_add_up(origin: Origin, file: File) -> None:
    origin.script(
        "delay:seconds=0.01", "chunked", "validators:etag=none", "truncate:after=3", "status:code=500,request=2"
    )
    reply = fetch(file.url)
    assert (reply.body, reply.end) == (file.read(0, 3), "fin")
    assert fetch(file.url).status == 500
