"""Rates, trickles and delays."""

from __future__ import annotations

import threading
import time

from anymatix_fetcher.testing import Fault, File, Origin
from tests.testing.wire import Client, fetch

SLACK_SECONDS = 0.4
TRIES = 10
"""A busy machine may take longer now and then, but not each time; that a limit is kept has to hold every time."""


def takes(url: str, least_seconds: float, seconds: float, count: int = 1) -> bool:
    """Whether fetching takes so long, by so many connections at a time."""
    for _ in range(TRIES):
        spent = timed(url, count)
        assert spent > least_seconds
        if spent < seconds + SLACK_SECONDS:
            return True
    return False


def timed(url: str, count: int = 1) -> float:
    started = time.monotonic()
    threads = [threading.Thread(target=fetch, args=(url,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - started


def test_a_connection_is_throttled_exactly(origin: Origin, file: File) -> None:
    origin.script("throttle:rate=6M")
    assert takes(file.url, 0.475, 0.5)
    assert takes(file.url, 0.475, 0.5, 2)


def test_all_connections_share_a_total(origin: Origin, file: File) -> None:
    origin.script(Fault.throttle(rate=12_000_000, scope="total"))
    assert takes(file.url, 0.475, 0.5, 2)


def test_the_sum_collapses_beyond_a_number_of_transfers(origin: Origin) -> None:
    origin.script("collapse:rate=10M,above=1,share=0.2")
    origin.add("/c.bin", size="500KB")
    assert takes(origin.url("/c.bin"), 0.04, 0.05)
    # Both at 2 MB/s in all, until one of them has ended.
    assert takes(origin.url("/c.bin"), 0.35, 0.5, 2)


def test_throttling_is_smooth(origin: Origin, file: File) -> None:
    origin.script("throttle:rate=5M")
    gaps = []
    with Client(file.url) as client:
        client.sock.sendall(b"GET /m.bin HTTP/1.1\r\nRange: bytes=0-999999\r\n\r\n")
        last, received = time.monotonic(), 0
        while received < 1_000_000:
            received += len(client.sock.recv(1 << 20))
            gaps.append(time.monotonic() - last)
            last = time.monotonic()
    assert len(gaps) >= 8


def test_a_body_trickles_from_some_point_on(origin: Origin, file: File) -> None:
    origin.script("trickle:rate=1000,after=100000,request=1", "trickle:rate=1000,offset=200000,request=2")
    for start, fast in ((0, 100_000), (150_000, 50_000)):
        stop = start + fast + 100
        started = time.monotonic()
        assert fetch(file.url, span=(start, stop)).body == file.read(start, stop)
        assert 0.095 < time.monotonic() - started < 10, "at this rate all of it would take minutes"


def test_the_head_comes_late_or_in_drops(origin: Origin, file: File) -> None:
    origin.script("delay:seconds=0.1,request=1", "slow-head:rate=2000,request=2")
    for _ in range(2):
        started = time.monotonic()
        assert fetch(file.url, span=(0, 5)).body == file.read(0, 5)
        assert time.monotonic() - started >= 0.1
