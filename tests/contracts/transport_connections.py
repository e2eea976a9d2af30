"""The transport contract: requests byte for byte, whose connections they go over, waking and closing."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.messages import ExchangeFailed
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from tests.contracts.transport import NO_PROXY, Conversation, MemorySink, TransportContract
from tests.servers.scripted import Close, ReadRequest, Reset, ScriptedServer, Send, UntilClosed, WaitFor, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.transports.base import NetworkSettings, Transport

ODD_TARGET = "/a/../%2e%2e/b%2fc%C3%A9//./d;x=1?sig=%2B+%7e%zz&u=http://x/y?z&empty"


class ConnectionContract(TransportContract):
    def test_a_request_goes_over_the_wire_as_it_is(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(b"x")), Close()]) as server:
            talk.store(talk.start(server.url(ODD_TARGET), Span(5, 10), headers=Headers((("If-Range", '"tag"'),))))
            line, *fields = server.requests[0].decode().rstrip("\r\n").split("\r\n")
        assert line == f"GET {ODD_TARGET} HTTP/1.1"
        assert sorted(fields, key=str.lower) == [
            "Accept-Encoding: identity",
            "Accept: */*",
            f"Host: 127.0.0.1:{server.port}",
            'If-Range: "tag"',
            "Range: bytes=5-9",
            "User-Agent: contract",
        ]

    def test_a_url_without_a_path_asks_for_the_root(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer()), Close()]) as server:
            talk.store(talk.start(server.url("?token=1")))
            assert server.requests[0].startswith(b"GET /?token=1 HTTP/1.1\r\n")

    def test_a_requests_own_fields_replace_the_usual_ones(self, talk: Conversation) -> None:
        own = Headers((("user-agent", "mine"), ("ACCEPT", "application/json"), ("X-Empty", "")))
        with ScriptedServer([ReadRequest(), Send(answer()), Close()]) as server:
            talk.store(talk.start(server.url(), headers=own))
            request = server.requests[0].lower()
        assert request.count(b"user-agent:") == request.count(b"\r\naccept:") == 1
        assert b"user-agent: mine\r\n" in request
        assert b"accept: application/json\r\n" in request
        assert b"x-empty:" in request

    @pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "\u20ac"])
    def test_a_field_that_cannot_be_sent_makes_the_request_unusable(self, talk: Conversation, value: str) -> None:
        with ScriptedServer([ReadRequest()]) as server:
            exchange = talk.start(server.url(), headers=Headers((("X-Own", value),)))
            assert talk.failure(exchange).kind is FailureKind.UNUSABLE
            assert server.connections == 0

    def test_cookies_and_referers_are_not_sent_on_later_requests(self, talk: Conversation) -> None:
        redirect = answer(b"", "Set-Cookie: a=b", "Location: /next", status="302 Found")
        with ScriptedServer([ReadRequest(), Send(redirect), ReadRequest(), Send(answer()), UntilClosed()]) as server:
            talk.store(talk.start(server.url("/first?secret")))
            talk.store(talk.start(server.url("/next")))
            later = server.requests[1].lower()
        assert b"cookie" not in later
        assert b"referer" not in later

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_a_request_for_public_addresses_opens_no_other_connection(self, talk: Conversation, host: str) -> None:
        with ScriptedServer([ReadRequest(), Send(answer())]) as server:
            failure = talk.failure(talk.start(server.url().replace("127.0.0.1", host), public_only=True))
            assert failure.kind is FailureKind.INSIDE
            assert "own network" in failure.detail
            assert server.connections == 0

    def test_a_request_for_public_addresses_takes_no_other_idle_connection(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(b"one"))] * 2 + [UntilClosed()]) as server:
            talk.store(talk.start(server.url()))
            assert talk.failure(talk.start(server.url(), public_only=True)).kind is FailureKind.INSIDE
            assert len(server.requests) == 1

    def test_a_connection_is_used_again_after_a_body_has_ended(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(b"one"))] * 3 + [UntilClosed()]) as server:
            for _ in range(3):
                assert bytes(talk.store(talk.start(server.url())).data) == b"one"
            assert server.connections == 1

    def test_a_fresh_connection_is_a_new_one(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(b"one"))] * 3 + [UntilClosed()]) as server:
            talk.store(talk.start(server.url()))
            talk.store(talk.start(server.url(), fresh_connection=True))
            assert server.connections == 2

    def test_a_connection_whose_body_was_cut_is_not_used_again(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(bytes(5000))), UntilClosed()]) as server:
            talk.store(talk.start(server.url()), 0, 10)
            talk.store(talk.start(server.url()), 0, 10)
            assert server.connections == 2

    def test_an_idle_connection_that_died_is_replaced_without_a_failure(self, talk: Conversation) -> None:
        dies = [ReadRequest(), Send(answer(b"one")), ReadRequest(), Close()]
        with ScriptedServer(dies, [ReadRequest(), Send(answer(b"two")), UntilClosed()]) as server:
            talk.store(talk.start(server.url()))
            assert bytes(talk.store(talk.start(server.url())).data) == b"two"
            assert server.connections == 2

    def test_bytes_beyond_the_promised_length_are_no_second_response(self, talk: Conversation) -> None:
        smuggled = answer(b"smuggled")
        script = [ReadRequest(), Send(answer(b"one") + smuggled), ReadRequest(), UntilClosed()]
        with ScriptedServer(script, [ReadRequest(), Send(answer(b"two")), UntilClosed()]) as server:
            assert bytes(talk.store(talk.start(server.url())).data) == b"one"
            assert bytes(talk.store(talk.start(server.url())).data) == b"two"

    def test_twenty_exchanges_at_once_have_twenty_connections(self, talk: Conversation) -> None:
        everybody = threading.Event()
        with ScriptedServer([ReadRequest(), WaitFor(everybody), Send(answer(b"body")), UntilClosed()]) as server:
            exchanges = [talk.start(server.url(f"/{index}")) for index in range(20)]
            deadline = time.monotonic() + 10
            while len(server.requests) < len(exchanges) and time.monotonic() < deadline:
                talk.poll()
            assert server.connections == 20
            everybody.set()
            for exchange in exchanges:
                assert bytes(talk.store(exchange).data) == b"body"

    def test_what_is_opened_ahead_is_no_event_and_no_more_than_what_starts(self, talk: Conversation) -> None:
        script = [ReadRequest(), Send(answer(b"one", length=4)), UntilClosed()]
        with ScriptedServer(script) as server:
            first = talk.start(server.url())
            talk.head(first)
            talk.transport.accept(first, MemorySink(), 0, None)
            talk.transport.open_ahead(Url.parse(server.url()).origin, 3)
            talk.transport.open_ahead(Url.parse("http://nobody.example/").origin, 3)
            talk.poll_quietly()
            assert {event.exchange for event in talk.events} == {first}
            for _ in range(3):
                talk.head(talk.start(server.url()))
            assert server.connections == 4

    def test_one_that_was_opened_ahead_and_has_ended_is_replaced_without_a_failure(self, talk: Conversation) -> None:
        flows, ends = [ReadRequest(), Send(answer(b"one", length=4)), UntilClosed()], threading.Event()
        with ScriptedServer(flows, [WaitFor(ends), Reset()], flows) as server:
            first = talk.start(server.url())
            talk.head(first)
            talk.transport.accept(first, MemorySink(), 0, None)
            talk.transport.open_ahead(Url.parse(server.url()).origin, 1)
            talk.poll_quietly()
            if server.connections == 2:  # a transport may do nothing
                ends.set()
                server.join(1)
                talk.head(talk.start(server.url()))
                assert server.connections == 3

    def test_another_thread_ends_a_long_poll(self, talk: Conversation) -> None:
        waker = threading.Timer(0.05, talk.transport.wake)
        waker.start()
        began = time.monotonic()
        assert list(talk.transport.poll(10)) == []
        assert time.monotonic() - began < 5
        waker.join()

    def test_waking_before_a_poll_ends_that_poll_and_no_other(self, talk: Conversation) -> None:
        for _ in range(100_000):
            talk.transport.wake()
        began = time.monotonic()
        talk.transport.poll(10)
        assert time.monotonic() - began < 5
        began = time.monotonic()
        talk.transport.poll(0.05)
        assert time.monotonic() - began > 0.03

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no interval timer to raise a signal")
    def test_a_signal_handler_ends_a_long_poll(self, talk: Conversation) -> None:
        previous = signal.signal(signal.SIGALRM, lambda _number, _frame: talk.transport.wake())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            began = time.monotonic()
            talk.transport.poll(10)
            assert time.monotonic() - began < 5
        finally:
            signal.signal(signal.SIGALRM, previous)

    def test_a_poll_without_anything_to_do_takes_its_time_and_no_more(self, talk: Conversation) -> None:
        began = time.monotonic()
        assert list(talk.transport.poll(0.05)) == []
        assert 0.03 < time.monotonic() - began < 2

    def test_closing_leaves_no_descriptor_and_may_be_done_twice(
        self, open_transport: Callable[[NetworkSettings], Transport]
    ) -> None:
        flows = Send(answer(b"y", length=2))
        with ScriptedServer([ReadRequest(), Send(answer(b"x")), ReadRequest(), flows, UntilClosed()]) as server:
            before = _descriptors()
            transport = open_transport(NO_PROXY)
            talk = Conversation(transport)
            talk.store(talk.start(server.url()))
            flowing = talk.start(server.url())
            talk.head(flowing)
            transport.accept(flowing, MemorySink(), 0, None)
            transport.open_ahead(Url.parse(server.url()).origin, 3)
            under_way = talk.start(server.url())
            talk.poll()
            held = talk.start(server.url())
            talk.poll()
            transport.close()
            transport.close()
            transport.wake()
            transport.accept(held, MemorySink(), 0, None)
            transport.cancel(under_way)
        del transport, talk
        gc.collect()
        assert _descriptors() <= before

    def test_a_proxy_that_cannot_be_one_makes_the_request_unusable(
        self, open_transport: Callable[[NetworkSettings], Transport]
    ) -> None:
        with closing(open_transport(replace(NO_PROXY, proxy="ftp://user:canary@127.0.0.1:1"))) as transport:
            talk = Conversation(transport)
            failure = talk.wait(talk.start("http://127.0.0.1:1/"), ExchangeFailed).failure
        assert failure.kind is FailureKind.UNUSABLE
        assert "canary" not in str(failure)


def _descriptors() -> int:
    if sys.platform != "linux":
        pytest.skip("open descriptors are counted in /proc, which only Linux has")
    return len(list(Path("/proc/self/fd").iterdir()))
