"""What the threads transport does beyond the contract: real servers, proxies that break, threads that end."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.transports.base import EXCERPT_BYTES, MAX_HEAD_BYTES
from anymatix_fetcher.transports.threads.exchange import GATHER_BYTES
from anymatix_fetcher.transports.threads.transport import ThreadsTransport
from tests.contracts.transport import NO_PROXY, Conversation, MemorySink
from tests.servers.proxies import HttpProxy, SocksProxy
from tests.servers.scripted import Close, ReadRequest, ScriptedServer, Send, Step, UntilClosed, answer
from tests.transports.on_nginx import CONTENT, SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.nginx import Nginx
    from tests.servers.tls_material import TlsMaterial

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def talk(tls_material: TlsMaterial) -> Iterator[Conversation]:
    with closing(ThreadsTransport(replace(NO_PROXY, ca_file=tls_material.authority))) as transport:
        yield Conversation(transport)


class SlowSink(MemorySink):
    """Takes as long over a write as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.may_go_on = threading.Event()

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        self.entered.set()
        assert self.may_go_on.wait(10)
        super().write(offset, data)


def test_a_file_comes_whole_in_parallel_spans_over_http_1(talk: Conversation, origin: str, model: str) -> None:
    sink = MemorySink()
    spans = [Span(start, min(start + 700_001, SIZE)) for start in range(0, SIZE, 700_001)]
    exchanges = [talk.start(origin + model, span) for span in spans]
    for exchange, span in zip(exchanges, spans, strict=True):
        head = talk.head(exchange).head
        assert (head.status, head.http_version) == (206, "1.1")
        talk.transport.accept(exchange, sink, span.start, span.stop)
    for exchange, span in zip(exchanges, spans, strict=True):
        talk.wait(exchange, BodyEnded)
        assert talk.stored(exchange) == span
    assert bytes(sink.data) == CONTENT


def test_a_server_that_closes_after_three_requests_is_no_failure(talk: Conversation, origin: str, model: str) -> None:
    for index in range(7):
        exchange = talk.start(f"{origin}/three-a-connection{model}", Span(index, index + 5))
        assert talk.store(exchange, index).read(index) == CONTENT[index : index + 5]


def test_a_tls_connection_is_used_again(talk: Conversation, tls_material: TlsMaterial) -> None:
    script = [ReadRequest(), Send(answer(b"one"))] * 3 + [UntilClosed()]
    with ScriptedServer(script, tls=tls_material.server_context()) as server:
        for _ in range(3):
            assert bytes(talk.store(talk.start(server.url())).data) == b"one"
        assert server.connections == 1


@pytest.mark.parametrize("field", ["Connection: close", "Connection: Keep-Alive, Close", "Transfer-Encoding: chunked"])
def test_a_connection_that_will_end_or_may_be_out_of_step_is_not_used_again(talk: Conversation, field: str) -> None:
    body = b"3\r\none\r\n0\r\n\r\n" if "chunked" in field else b"one"
    response = f"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{field}\r\n\r\n".encode() + body
    with ScriptedServer([ReadRequest(), Send(response), UntilClosed()]) as server:
        for _ in range(2):
            assert bytes(talk.store(talk.start(server.url())).data) == b"one"
        assert server.connections == 2


def test_a_dead_idle_connection_is_not_replaced_once_an_answer_has_begun(talk: Conversation) -> None:
    script = [ReadRequest(), Send(answer(b"one")), ReadRequest(), Send(b"HTTP/1.1 2"), Close()]
    with ScriptedServer(script) as server:
        talk.store(talk.start(server.url()))
        assert talk.failure(talk.start(server.url())).kind is FailureKind.LOST
        assert server.connections == 1


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (answer(b"hello world"), b"hello world"),
        (b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n" + answer(b"hello"), b"hello"),
        (CHUNKED + b"1;a=b\r\nh\r\n4 \r\nello\r\n0\r\nX-Trailer: 1\r\n\r\n", b"hello"),
        (CHUNKED + b"2\nhe\n3\nllo\n0\n\n", b"hello"),
    ],
)
def test_an_answer_may_come_byte_by_byte(talk: Conversation, wire: bytes, body: bytes) -> None:
    with ScriptedServer([ReadRequest(), *(Send(bytes([byte])) for byte in wire), UntilClosed()]) as server:
        assert bytes(talk.store(talk.start(server.url())).data) == body


@pytest.mark.parametrize("chunk", [b"-1\r\n", b"5\r\nhelloX\r\n", b"1" * 16 + b"\r\n", b"\r\n", b"5" * MAX_HEAD_BYTES])
def test_chunks_that_cannot_be_read_break_the_protocol(talk: Conversation, chunk: bytes) -> None:
    with ScriptedServer([ReadRequest(), Send(CHUNKED + chunk + bytes(1000)), UntilClosed()]) as server:
        exchange = talk.start(server.url())
        talk.head(exchange)
        talk.transport.accept(exchange, MemorySink(), 0, None)
        assert talk.failure(exchange).kind is FailureKind.PROTOCOL


def test_trailers_without_end_break_the_protocol(talk: Conversation) -> None:
    trailers = b"X-Trailer: 1234567890\r\n" * (MAX_HEAD_BYTES // 20)
    with ScriptedServer([ReadRequest(), Send(CHUNKED + b"0\r\n" + trailers), UntilClosed()]) as server:
        exchange = talk.start(server.url())
        talk.head(exchange)
        talk.transport.accept(exchange, MemorySink(), 0, None)
        assert talk.failure(exchange).kind is FailureKind.PROTOCOL


def test_a_head_line_without_end_breaks_the_protocol(talk: Conversation) -> None:
    with ScriptedServer([ReadRequest(), Send(b"x" * (3 * MAX_HEAD_BYTES)), UntilClosed()]) as server:
        assert talk.failure(talk.start(server.url())).kind is FailureKind.PROTOCOL


def test_an_answer_without_a_body_ends_although_it_states_a_length(talk: Conversation) -> None:
    response = answer(status="304 Not Modified", length=5000)
    with ScriptedServer([ReadRequest(), Send(response), UntilClosed()]) as server:
        assert talk.store(talk.start(server.url())).calls == 0


def test_an_errors_body_is_stored_whole_after_its_excerpt(talk: Conversation) -> None:
    page = Random(5).randbytes(5 * EXCERPT_BYTES)
    with ScriptedServer([ReadRequest(), Send(answer(page, status="500 No")), UntilClosed()]) as server:
        assert bytes(talk.store(talk.start(server.url()), 0, 3 * EXCERPT_BYTES).data) == page[: 3 * EXCERPT_BYTES]


def test_the_sink_is_called_with_large_pieces(talk: Conversation, origin: str, model: str) -> None:
    sink = talk.store(talk.start(origin + model))
    assert bytes(sink.data) == CONTENT
    # Time may cut a piece short in between, but TLS's 250 records don't come one by one.
    assert sink.calls <= 5 * (SIZE // GATHER_BYTES + 1)


def test_a_slow_body_is_stored_while_it_arrives(talk: Conversation, nginx: Nginx, model: str) -> None:
    exchange, sink = talk.start(f"{nginx.plain}/slow{model}"), MemorySink()
    talk.head(exchange)
    talk.transport.accept(exchange, sink, 0, None)
    first = talk.wait(exchange, BodyStored)
    assert 0 < len(first.span) < SIZE
    assert sink.read(0, first.span.stop) == CONTENT[: first.span.stop]
    talk.transport.cancel(exchange)


def test_cancelling_waits_for_a_write_that_is_under_way(talk: Conversation) -> None:
    with ScriptedServer([ReadRequest(), Send(answer(CONTENT)), UntilClosed()]) as server:
        exchange, sink = talk.start(server.url()), SlowSink()
        talk.head(exchange)
        talk.transport.accept(exchange, sink, 0, None)
        assert sink.entered.wait(10)
        release = threading.Timer(0.05, sink.may_go_on.set)
        release.start()
        talk.transport.cancel(exchange)
        assert sink.may_go_on.is_set()
        assert sink.calls == 1
        release.join()
        talk.poll_quietly()
    assert sink.calls == 1
    assert not [event for event in talk.of(exchange) if isinstance(event, BodyStored)]


def test_no_thread_outlives_the_transport(talk: Conversation) -> None:
    before = set(threading.enumerate())
    with ScriptedServer([ReadRequest(), UntilClosed()]) as silent, ScriptedServer([ReadRequest()]) as closing_at_once:
        helpers = set(threading.enumerate())
        for _ in range(5):
            talk.start(silent.url())
            talk.start(closing_at_once.url())
            talk.start(silent.url().replace("http:", "https:"))
        talk.poll_quietly()
        talk.transport.close()
        ours = {thread for thread in threading.enumerate() if thread.name.startswith("anymatix-fetcher")}
        assert not ours - helpers - before


def test_closing_interrupts_a_handshake_that_does_not_end(talk: Conversation) -> None:
    with ScriptedServer([UntilClosed()]) as server:
        exchange = talk.start(server.url().replace("http:", "https:"))
        talk.poll_quietly()
        began = time.monotonic()
        talk.transport.close()
        assert time.monotonic() - began < 4
        assert talk.of(exchange) == []


def test_what_the_standard_library_cannot_do_is_said() -> None:
    settings = replace(NO_PROXY, proxy="https://127.0.0.1:9")
    with closing(ThreadsTransport(settings)) as transport:
        talk = Conversation(transport)
        failure = talk.failure(talk.start("https://origin.test/"))
    assert failure.kind is FailureKind.UNUSABLE
    assert "https:// proxy" in failure.detail


def test_tls_goes_through_socks(tls_material: TlsMaterial) -> None:
    script = [ReadRequest(), Send(answer(b"tunnelled")), Close()]
    with SocksProxy() as proxy, ScriptedServer(script, tls=tls_material.server_context()) as server:
        settings = replace(NO_PROXY, proxy=proxy.url(), ca_file=tls_material.authority)
        with closing(ThreadsTransport(settings)) as transport:
            talk = Conversation(transport)
            assert bytes(talk.store(talk.start(server.url())).data) == b"tunnelled"
        assert proxy.asked == ["127.0.0.1"]


def test_a_tunnel_is_used_again(tls_material: TlsMaterial) -> None:
    script = [ReadRequest(), Send(answer(b"one"))] * 2 + [UntilClosed()]
    with HttpProxy() as proxy, ScriptedServer(script, tls=tls_material.server_context()) as server:
        settings = replace(NO_PROXY, proxy=proxy.url(), ca_file=tls_material.authority)
        with closing(ThreadsTransport(settings)) as transport:
            talk = Conversation(transport)
            for _ in range(2):
                assert bytes(talk.store(talk.start(server.url())).data) == b"one"
        assert len(proxy.heads) == server.connections == 1


SOCKS_GREETING = b"\x05\x00"


@pytest.mark.parametrize(
    ("scheme", "script"),
    [
        ("http", [ReadRequest(), Close()]),
        ("http", [ReadRequest(), Send(b"SSH-2.0-OpenSSH\r\n"), UntilClosed()]),
        ("http", [ReadRequest(), Send(b"HTTP/1.1 200 OK\r\n\r\nsmuggled"), UntilClosed()]),
        ("http", [ReadRequest(), Send(b"HTTP/1.1 503 No\r\n\r\n"), UntilClosed()]),
        ("socks5h", [Close()]),
        ("socks5h", [Send(b"HTTP/1.1 400 No\r\n\r\n"), UntilClosed()]),
        ("socks5h", [Send(b"\x05\xff"), UntilClosed()]),
        ("socks5h", [Send(SOCKS_GREETING + b"\x05\x05\x00\x01" + bytes(6)), UntilClosed()]),
        ("socks5h", [Send(SOCKS_GREETING + b"\x05\x5a\x00\x01" + bytes(6)), UntilClosed()]),
        ("socks5h", [Send(SOCKS_GREETING + b"\x05\x00\x00\x03"), Close()]),
    ],
)
def test_a_proxy_that_breaks_the_handshake_is_a_proxy_failure(scheme: str, script: list[Step]) -> None:
    with ScriptedServer(script) as server:
        settings = replace(NO_PROXY, proxy=f"{scheme}://127.0.0.1:{server.port}")
        with closing(ThreadsTransport(settings)) as transport:
            talk = Conversation(transport)
            assert talk.failure(talk.start("https://origin.test/")).kind is FailureKind.PROXY


def test_a_name_too_long_for_socks_makes_the_request_unusable() -> None:
    with ScriptedServer([Send(SOCKS_GREETING), UntilClosed()]) as server:
        settings = replace(NO_PROXY, proxy=f"socks5h://127.0.0.1:{server.port}")
        with closing(ThreadsTransport(settings)) as transport:
            talk = Conversation(transport)
            assert talk.failure(talk.start(f"http://{'a' * 256}.test/")).kind is FailureKind.UNUSABLE


@pytest.mark.parametrize(
    ("address", "own", "sent"),
    [
        ("http://us%65r:p%40ss@127.0.0.1:{}/", Headers(), b"Authorization: Basic dXNlcjpwQHNz\r\n"),
        ("http://user:pass@127.0.0.1:{}/", Headers.of(authorization="Bearer own"), b"authorization: Bearer own\r\n"),
    ],
)
def test_credentials_in_the_address_are_sent_as_basic_ones(
    talk: Conversation, address: str, own: Headers, sent: bytes
) -> None:
    with ScriptedServer([ReadRequest(), Send(answer()), UntilClosed()]) as server:
        talk.store(talk.start(address.format(server.port), headers=own))
        request = server.requests[0]
    assert sent in request
    assert request.lower().count(b"authorization:") == 1
    assert b"@" not in request


def test_a_failed_exchange_leaves_the_others_alone(talk: Conversation) -> None:
    with ScriptedServer([ReadRequest(), Close()], [ReadRequest(), Send(answer(b"body")), UntilClosed()]) as server:
        first = talk.start(server.url())
        talk.wait(first, ExchangeFailed)
        assert bytes(talk.store(talk.start(server.url())).data) == b"body"


def test_importing_the_transport_needs_neither_pycurl_nor_http_client() -> None:
    program = "import sys, anymatix_fetcher.transports.threads.transport; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not {"pycurl", "asyncio", "email", "http.client", "urllib.request"} & set(run.stdout.split())
