"""The transport contract: heads, bodies, and who decides when they flow."""

from __future__ import annotations

import errno
import gzip
import json
import random
import threading
import time

import pytest

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed, ExchangeId, HeadArrived
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.transports.base import EXCERPT_BYTES
from tests.contracts.transport import Conversation, MemorySink, RaisingSink, TransportContract
from tests.servers.scripted import Close, ReadRequest, ScriptedServer, Send, UntilClosed, WaitFor, answer

BODY = random.Random(1).randbytes(1_500_000)


class WorkingSink(MemorySink):
    """Works on what it is given for a while, and keeps how much of that its transport took for waiting."""

    def __init__(self, talk: Conversation) -> None:
        super().__init__()
        self._talk = talk
        self.waited_meanwhile = 0.0

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        before, until = self._talk.transport.waited_seconds, time.monotonic() + 0.1
        while time.monotonic() < until:
            pass
        self.waited_meanwhile = self._talk.transport.waited_seconds - before
        super().write(offset, data)


class BodyContract(TransportContract):
    def test_the_events_come_in_the_order_of_the_contract(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY, "X-Some: thing")), Close()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange)
        kinds = [type(event) for event in talk.of(exchange)]
        assert kinds[0] is HeadArrived
        assert kinds[-1] is BodyEnded
        assert set(kinds[1:-1]) == {BodyStored}
        assert talk.stored(exchange) == Span(0, len(BODY))
        assert sink.read(0) == BODY
        head = talk.head(exchange).head
        assert (head.status, head.http_version, head.headers.get("x-some")) == (200, "1.1", "thing")

    def test_nothing_is_stored_before_accept_even_when_the_whole_body_has_arrived(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(b"small body")), Close()]) as server:
            exchange = talk.start(server.url())
            talk.head(exchange)
            talk.poll_quietly()
            assert [type(event) for event in talk.of(exchange)] == [HeadArrived]
            sink = talk.store(exchange, 7)
        assert sink.read(7) == b"small body"
        assert talk.stored(exchange) == Span(7, 17)

    def test_bytes_go_to_their_offset(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY, status="206 Partial Content")), Close()]) as server:
            exchange = talk.start(server.url(), Span(1000, 1000 + len(BODY)))
            sink = talk.store(exchange, 1000, 1000 + len(BODY))
        assert sink.read(0) == bytes(1000) + BODY

    @pytest.mark.parametrize("stop", [1, 16_384, 300_000, len(BODY) - 1])
    def test_a_body_is_cut_at_the_accepted_stop(self, talk: Conversation, stop: int) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY)), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange, 0, stop)
        assert bytes(sink.data) == BODY[:stop]
        assert talk.stored(exchange) == Span(0, stop)

    def test_a_body_of_unknown_length_is_cut_at_the_accepted_stop(self, talk: Conversation) -> None:
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        with ScriptedServer([ReadRequest(), Send(head + BODY), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange, 0, 1000)
        assert bytes(sink.data) == BODY[:1000]

    @pytest.mark.parametrize("surplus", [b"", b"E", BODY])
    @pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Connection: close"])
    def test_where_no_length_is_stated_the_end_tells_whether_the_body_goes_on(
        self, talk: Conversation, framing: str, surplus: bytes
    ) -> None:
        body = BODY[:1000] + surplus
        if "chunked" in framing:
            body = b"3e8\r\n" + BODY[:1000] + b"\r\n"
            body += b"%x\r\n%s\r\n" % (len(surplus), surplus) if surplus else b""
            body += b"0\r\n\r\n"
        head = f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode()
        with ScriptedServer([ReadRequest(), Send(head + body), Close()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange, 0, 1000)
        assert bytes(sink.data) == BODY[:1000]
        assert talk.wait(exchange, BodyEnded) == BodyEnded(exchange, goes_on=bool(surplus))

    def test_what_a_head_has_stated_says_nothing_when_it_is_cut(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY)), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            talk.store(exchange, 0, 1000)
        assert talk.wait(exchange, BodyEnded) == BodyEnded(exchange)

    def test_a_body_that_reaches_its_stop_ends_although_the_server_promises_more(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY[:1000], length=5000)), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange, 0, 1000)
        assert bytes(sink.data) == BODY[:1000]

    def test_narrowing_lowers_the_stop(self, talk: Conversation) -> None:
        more = threading.Event()
        script = [ReadRequest(), Send(answer(BODY[:1000], length=len(BODY))), WaitFor(more), Send(BODY[1000:])]
        with ScriptedServer([*script, UntilClosed()]) as server:
            exchange, sink = talk.start(server.url()), MemorySink()
            talk.head(exchange)
            talk.transport.accept(exchange, sink, 0, len(BODY))
            talk.wait(exchange, BodyStored)
            talk.transport.narrow(exchange, 500_000)
            talk.transport.narrow(exchange, 600_000)
            more.set()
            talk.wait(exchange, BodyEnded)
        assert bytes(sink.data) == BODY[:500_000]
        assert talk.stored(exchange) == Span(0, 500_000)

    @pytest.mark.parametrize("stop", [400, 1000])
    def test_narrowing_to_what_is_stored_already_ends_the_exchange(self, talk: Conversation, stop: int) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY[:1000], length=5000)), UntilClosed()]) as server:
            exchange, sink = talk.start(server.url()), MemorySink()
            talk.head(exchange)
            talk.transport.accept(exchange, sink, 0, 5000)
            talk.wait(exchange, BodyStored)
            talk.transport.narrow(exchange, stop)
            talk.wait(exchange, BodyEnded)
        assert bytes(sink.data) == BODY[:1000]

    def test_an_empty_body_ends_after_accept(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer()), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            talk.head(exchange)
            talk.poll_quietly()
            assert [type(event) for event in talk.of(exchange)] == [HeadArrived]
            sink = talk.store(exchange)
        assert [type(event) for event in talk.of(exchange)] == [HeadArrived, BodyEnded]
        assert sink.calls == 0

    @pytest.mark.parametrize("size", [0, 1, 65_536])
    def test_a_body_that_the_connections_close_ends_is_whole(self, talk: Conversation, size: int) -> None:
        head = b"HTTP/1.0 200 OK\r\n\r\n"
        with ScriptedServer([ReadRequest(), Send(head + BODY[:size]), Close()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange)
        assert bytes(sink.data) == BODY[:size]
        assert talk.head(exchange).head.http_version == "1.0"

    def test_a_chunked_body_is_whole_and_its_trailers_are_no_head(self, talk: Conversation) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        body = b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: HTTP/1.1 500 No\r\n\r\n"
        with ScriptedServer([ReadRequest(), Send(head + body), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange)
        assert bytes(sink.data) == b"hello world"
        assert talk.head(exchange).head.headers.get("X-Trailer") is None

    def test_a_coded_body_is_stored_as_it_came(self, talk: Conversation) -> None:
        packed = gzip.compress(b"plain text", mtime=0)
        with ScriptedServer([ReadRequest(), Send(answer(packed, "Content-Encoding: gzip")), Close()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange)
        assert bytes(sink.data) == packed
        assert talk.head(exchange).head.content_coding == "gzip"

    def test_a_redirect_is_reported_and_not_followed(self, talk: Conversation) -> None:
        redirect = answer(b"", "Location: /elsewhere?signature=%2f", status="302 Found")
        with ScriptedServer([ReadRequest(), Send(redirect), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            head = talk.head(exchange).head
            talk.store(exchange)
            assert len(server.requests) == 1
        assert (head.status, head.headers.get("Location")) == (302, "/elsewhere?signature=%2f")

    def test_interim_responses_are_skipped(self, talk: Conversation) -> None:
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 10
        with ScriptedServer([ReadRequest(), Send(hints + answer(b"hello")), Close()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange)
        assert bytes(sink.data) == b"hello"
        assert talk.head(exchange).head.headers.get("Link") is None

    def test_an_errors_excerpt_holds_its_first_text(self, talk: Conversation) -> None:
        page = "<Error>expir\u00e9d\x00\x1b[31m\n</Error>".encode()
        with ScriptedServer([ReadRequest(), Send(answer(page, status="403 Forbidden")), Close()]) as server:
            arrived = talk.head(talk.start(server.url()))
        assert arrived.head.status == 403
        assert arrived.excerpt == "<Error>expir\u00e9d[31m\n</Error>"

    def test_an_errors_excerpt_is_read_where_it_comes_compressed(self, talk: Conversation) -> None:
        text = json.dumps({"error": "expired", "more": "x" * 50_000, "random": random.Random(1).randbytes(9000).hex()})
        response = answer(gzip.compress(text.encode(), mtime=0), "Content-Encoding: gzip", status="403 Forbidden")
        with ScriptedServer([ReadRequest(), Send(response), Close()]) as server:
            arrived = talk.head(talk.start(server.url()))
        assert arrived.excerpt.startswith('{"error": "expired", "more": "xxx')
        assert len(arrived.excerpt) <= EXCERPT_BYTES

    def test_an_errors_excerpt_is_short(self, talk: Conversation) -> None:
        page = b"x" * (3 * EXCERPT_BYTES)
        with ScriptedServer([ReadRequest(), Send(answer(page, status="500 No")), Close()]) as server:
            arrived = talk.head(talk.start(server.url()))
        assert 0 < len(arrived.excerpt) <= EXCERPT_BYTES

    def test_an_error_without_a_body_has_an_empty_excerpt(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(status="416 Range Not Satisfiable")), UntilClosed()]) as server:
            arrived = talk.head(talk.start(server.url()))
        assert (arrived.head.status, arrived.excerpt) == (416, "")

    def test_an_errors_body_can_be_accepted_like_any_other(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(b"the reason", status="404 No")), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            sink = talk.store(exchange)
        assert bytes(sink.data) == b"the reason"

    def test_cancelling_before_the_head_gives_no_more_events(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            while not server.requests:
                talk.poll()
            talk.transport.cancel(exchange)
            talk.poll_quietly()
        assert talk.of(exchange) == []

    def test_cancelling_between_head_and_accept_gives_no_more_events(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY)), Close()]) as server:
            exchange, sink = talk.start(server.url()), MemorySink()
            talk.head(exchange)
            talk.transport.cancel(exchange)
            talk.transport.accept(exchange, sink, 0, None)
            talk.poll_quietly()
        assert [type(event) for event in talk.of(exchange)] == [HeadArrived]
        assert sink.calls == 0

    def test_cancelling_a_flowing_body_gives_no_more_events_and_no_more_bytes(self, talk: Conversation) -> None:
        more = threading.Event()
        script = [ReadRequest(), Send(answer(BODY[:1000], length=len(BODY))), WaitFor(more), Send(BODY[1000:])]
        with ScriptedServer(script) as server:
            exchange, sink = talk.start(server.url()), MemorySink()
            talk.head(exchange)
            talk.transport.accept(exchange, sink, 0, None)
            talk.wait(exchange, BodyStored)
            talk.transport.cancel(exchange)
            events, calls = len(talk.events), sink.calls
            more.set()
            talk.poll_quietly()
        assert (len(talk.events), sink.calls) == (events, calls)

    def test_cancelling_takes_back_events_that_were_not_fetched(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer()), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            talk.head(exchange)
            talk.poll_quietly()
            talk.transport.accept(exchange, MemorySink(), 0, None)
            talk.transport.cancel(exchange)
            talk.poll_quietly()
        assert [type(event) for event in talk.of(exchange)] == [HeadArrived]

    def test_unknown_exchanges_are_ignored(self, talk: Conversation) -> None:
        stranger = ExchangeId(9, 9)
        talk.transport.accept(stranger, MemorySink(), 0, None)
        talk.transport.narrow(stranger, 1)
        talk.transport.cancel(stranger)
        talk.poll_quietly()
        assert talk.events == []

    @pytest.mark.parametrize("size", [10, len(BODY)])
    def test_a_sink_that_cannot_store_fails_the_exchange_with_its_errno(self, talk: Conversation, size: int) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY[:size])), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            talk.head(exchange)
            talk.transport.accept(exchange, RaisingSink(OSError(errno.ENOSPC, "full")), 0, None)
            failure = talk.failure(exchange)
        assert (failure.kind, failure.os_error) == (FailureKind.STORAGE, errno.ENOSPC)
        assert talk.stored(exchange) == Span(0, 0)

    @pytest.mark.parametrize("size", [10, len(BODY)])
    def test_a_sink_with_a_bug_fails_its_exchange_and_no_other_one(
        self, talk: Conversation, size: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        script = [ReadRequest(), Send(answer(BODY[:size])), UntilClosed()]
        with ScriptedServer(script, script) as server:
            spoiled, sound = talk.start(server.url()), talk.start(server.url())
            talk.head(spoiled)
            talk.head(sound)
            sink = MemorySink()
            talk.transport.accept(spoiled, RaisingSink(ValueError("planted")), 0, None)
            talk.transport.accept(sound, sink, 0, size)
            failure = talk.failure(spoiled)
            talk.wait(sound, BodyEnded)
        assert (failure.kind, failure.detail) == (FailureKind.BUG, "ValueError")
        assert talk.stored(spoiled) == Span(0, 0)
        assert bytes(sink.data) == BODY[:size]
        assert "planted" in caplog.text  # the failure itself goes to people, who have no use for that

    def test_an_interrupt_within_a_sink_comes_out_of_poll_too(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY)), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            talk.head(exchange)
            talk.transport.accept(exchange, RaisingSink(KeyboardInterrupt("planted")), 0, None)
            with pytest.raises(KeyboardInterrupt, match="planted"):
                talk.wait(exchange, BodyEnded)
            assert isinstance(talk.wait(exchange, ExchangeFailed), ExchangeFailed)

    def test_the_time_in_which_nothing_comes_counts_as_waiting(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY[:1000], length=5000)), UntilClosed()]) as server:
            exchange = talk.start(server.url())
            talk.head(exchange)
            talk.transport.accept(exchange, MemorySink(), 0, 5000)
            talk.wait(exchange, BodyStored)
            before, began = talk.transport.waited_seconds, time.monotonic()
            while time.monotonic() - began < 0.2:
                talk.poll()
            waited = talk.transport.waited_seconds - before
        assert 0.1 < waited <= time.monotonic() - began

    def test_the_time_that_a_sink_takes_is_no_waiting(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(b"some bytes")), Close()]) as server:
            exchange, sink = talk.start(server.url()), WorkingSink(talk)
            talk.head(exchange)
            talk.transport.accept(exchange, sink, 0, None)
            talk.wait(exchange, BodyEnded)
        assert bytes(sink.data) == b"some bytes"
        assert sink.waited_meanwhile < 0.02
