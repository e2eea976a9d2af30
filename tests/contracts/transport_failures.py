"""The transport contract: what goes wrong becomes a failure of the right kind, and what had arrived is stored."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.core.values.messages import ExchangeFailed
from anymatix_fetcher.core.values.spans import Span
from tests.contracts.transport import NO_PROXY, Conversation, MemorySink, TransportContract
from tests.servers.scripted import (
    Close,
    CloseWithoutNotice,
    ReadRequest,
    Reset,
    ScriptedServer,
    Send,
    Step,
    UntilClosed,
    WaitFor,
    answer,
)
from tests.servers.tls_material import make_tls_material

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.transports.base import NetworkSettings, Transport
    from tests.servers.tls_material import TlsMaterial

BODY = random.Random(2).randbytes(700_000)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CLOSE_DELIMITED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"


class FailureContract(TransportContract):
    def test_a_short_body_is_lost_and_what_came_is_stored(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(answer(BODY, length=len(BODY) + 1)), Close()]) as server:
            exchange, sink = talk.start(server.url()), MemorySink()
            talk.head(exchange)
            talk.transport.accept(exchange, sink, 0, None)
            failure = talk.failure(exchange)
        assert failure.kind is FailureKind.LOST
        assert bytes(sink.data) == BODY
        assert talk.stored(exchange) == Span(0, len(BODY))

    def test_a_reset_connection_is_lost(self, talk: Conversation) -> None:
        go = threading.Event()
        script = [ReadRequest(), Send(answer(b"some", length=100)), WaitFor(go), Reset()]
        with ScriptedServer(script) as server:
            exchange, sink = talk.start(server.url()), MemorySink()
            talk.head(exchange)
            talk.transport.accept(exchange, sink, 0, None)
            talk.poll_quietly()
            go.set()
            assert talk.failure(exchange).kind is FailureKind.LOST
        assert bytes(sink.data) == b"some"

    def test_a_connection_closed_without_an_answer_is_lost(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Close()]) as server:
            assert talk.failure(talk.start(server.url())).kind is FailureKind.LOST

    @pytest.mark.parametrize(
        "head", [b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Le", answer(b"x")[:-3]]
    )
    def test_a_connection_closed_within_the_head_is_no_answer(self, talk: Conversation, head: bytes) -> None:
        with ScriptedServer([ReadRequest(), Send(head), Close()]) as server:
            exchange = talk.start(server.url())
            assert talk.failure(exchange).kind in {FailureKind.LOST, FailureKind.PROTOCOL}
            assert [type(event) for event in talk.of(exchange)] == [ExchangeFailed]

    @pytest.mark.parametrize("body", [b"5\r\nhel", b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n", b""])
    def test_a_chunked_body_without_its_end_is_lost(self, talk: Conversation, body: bytes) -> None:
        with ScriptedServer([ReadRequest(), Send(CHUNKED + body), Close()]) as server:
            exchange, sink = talk.start(server.url()), MemorySink()
            talk.head(exchange)
            talk.transport.accept(exchange, sink, 0, None)
            assert talk.failure(exchange).kind is FailureKind.LOST

    def test_a_chunk_that_cannot_be_read_breaks_the_protocol(self, talk: Conversation) -> None:
        with ScriptedServer([ReadRequest(), Send(CHUNKED + b"5\r\nhello\r\nzz\r\n"), UntilClosed()]) as server:
            exchange, sink = talk.start(server.url()), MemorySink()
            talk.head(exchange)
            talk.transport.accept(exchange, sink, 0, None)
            assert talk.failure(exchange).kind is FailureKind.PROTOCOL
        assert bytes(sink.data) in {b"hello", b""}

    @pytest.mark.parametrize(
        "reply",
        [
            b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
            b"\x00\x01\x02\x03 not a status line\r\n\r\n",
            b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX-Odd: a\0b\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 6000 + b"Content-Length: 0\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ],
        ids=["SSH", "binary", "HTTP/1.2", "a NUL in a field", "too many fields", "another protocol"],
    )
    def test_what_is_no_http_breaks_the_protocol(self, talk: Conversation, reply: bytes) -> None:
        with ScriptedServer([ReadRequest(), Send(reply), Close()]) as server:
            assert talk.failure(talk.start(server.url())).kind is FailureKind.PROTOCOL

    @pytest.mark.parametrize(
        "field",
        [
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: +5",
            "Content-Length: -5",
            "Content-Length: 0x5",
            "Content-Length: 18446744073709551617",
            "Content-Length : 5",
            "Transfer-Encoding: gzip, chunked",
            "no colon",
        ],
    )
    def test_a_framing_that_can_be_read_in_two_ways_breaks_the_protocol(self, talk: Conversation, field: str) -> None:
        head = f"HTTP/1.1 200 OK\r\n{field}\r\n\r\n".encode()
        with ScriptedServer([ReadRequest(), Send(head + b"hello"), Close()]) as server:
            exchange = talk.start(server.url())
            assert talk.failure(exchange).kind is FailureKind.PROTOCOL
            assert [type(event) for event in talk.of(exchange)] == [ExchangeFailed]

    @pytest.mark.parametrize(
        ("field", "body"),
        [
            ("Content-Length: 5, 5", b"hello"),
            ("Content-Length: 5\r\nContent-Length: 5", b"hello"),
            ("Content-Length: 99\r\nTransfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
            ("Content-Length: 5\r\nTransfer-Encoding: identity", b"hello"),
        ],
    )
    def test_a_framing_that_is_odd_but_clear_is_followed(self, talk: Conversation, field: str, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\n{field}\r\n\r\n".encode()
        with ScriptedServer([ReadRequest(), Send(head + body), UntilClosed()]) as server:
            assert bytes(talk.store(talk.start(server.url())).data) == b"hello"

    def test_a_huge_head_is_refused(self, talk: Conversation) -> None:
        fields = (b"X-Filler: " + b"a" * 1000 + b"\r\n") * 100
        with ScriptedServer([ReadRequest(), Send(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n"), UntilClosed()]) as server:
            assert talk.failure(talk.start(server.url())).kind is FailureKind.PROTOCOL

    def test_interim_responses_without_end_are_refused(self, talk: Conversation) -> None:
        hints = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000
        with ScriptedServer([ReadRequest(), Send(hints), UntilClosed()]) as server:
            assert talk.failure(talk.start(server.url())).kind is FailureKind.PROTOCOL

    def test_a_refused_connection_is_not_connected(self, talk: Conversation) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert talk.failure(talk.start(f"http://127.0.0.1:{port}/")).kind is FailureKind.CONNECT

    def test_an_unknown_host_is_not_resolved(self, talk: Conversation) -> None:
        failure = talk.failure(talk.start("http://no-such-host.invalid/secret?token=canary"))
        assert failure.kind is FailureKind.RESOLVE
        assert "canary" not in str(failure)
        assert "no-such-host" not in str(failure)


class TlsContract(TransportContract):
    @pytest.fixture
    def trusting(
        self, open_transport: Callable[[NetworkSettings], Transport], tls_material: TlsMaterial
    ) -> Callable[[], Conversation]:
        settings = replace(NO_PROXY, ca_file=tls_material.authority)
        return lambda: Conversation(open_transport(settings))

    def test_a_certificate_by_an_unknown_authority_is_refused(
        self, talk: Conversation, tls_material: TlsMaterial
    ) -> None:
        with ScriptedServer([ReadRequest()], tls=tls_material.server_context()) as server:
            failure = talk.failure(talk.start(server.url()))
            assert server.requests == []
        assert failure.kind is FailureKind.TLS

    def test_a_certificate_for_another_host_is_refused(
        self, open_transport: Callable[[NetworkSettings], Transport], tmp_path: Path
    ) -> None:
        material = make_tls_material(tmp_path, names="DNS:elsewhere.example")
        with (
            closing(open_transport(replace(NO_PROXY, ca_file=material.authority))) as transport,
            ScriptedServer([ReadRequest()], tls=material.server_context()) as server,
        ):
            talk = Conversation(transport)
            assert talk.failure(talk.start(server.url())).kind is FailureKind.TLS
            assert server.requests == []

    def test_verification_can_be_turned_off(
        self, open_transport: Callable[[NetworkSettings], Transport], tls_material: TlsMaterial
    ) -> None:
        with (
            closing(open_transport(replace(NO_PROXY, verify_tls=False))) as transport,
            ScriptedServer([ReadRequest(), Send(answer(BODY)), Close()], tls=tls_material.server_context()) as server,
        ):
            talk = Conversation(transport)
            assert bytes(talk.store(talk.start(server.url())).data) == BODY

    def test_a_given_authority_is_trusted(
        self, trusting: Callable[[], Conversation], tls_material: TlsMaterial
    ) -> None:
        script = [ReadRequest(), Send(answer(BODY)), Close()]
        talk = trusting()
        with closing(talk.transport), ScriptedServer(script, tls=tls_material.server_context()) as server:
            assert bytes(talk.store(talk.start(server.url())).data) == BODY

    def test_ssl_cert_file_is_trusted(
        self,
        open_transport: Callable[[NetworkSettings], Transport],
        tls_material: TlsMaterial,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tls_material.authority))
        script = [ReadRequest(), Send(answer(BODY)), Close()]
        with (
            closing(open_transport(NO_PROXY)) as transport,
            ScriptedServer(script, tls=tls_material.server_context()) as server,
        ):
            talk = Conversation(transport)
            assert bytes(talk.store(talk.start(server.url())).data) == BODY

    def test_a_missing_file_of_authorities_is_said_and_nothing_else_is_trusted(
        self, open_transport: Callable[[NetworkSettings], Transport], tls_material: TlsMaterial, tmp_path: Path
    ) -> None:
        settings = replace(NO_PROXY, ca_file=tmp_path / "missing.pem")
        with (
            closing(open_transport(settings)) as transport,
            ScriptedServer([ReadRequest()], tls=tls_material.server_context()) as server,
        ):
            talk = Conversation(transport)
            assert talk.failure(talk.start(server.url())).kind is FailureKind.UNUSABLE

    @pytest.mark.parametrize(
        ("ending", "kind"), [(Close(), None), (CloseWithoutNotice(), FailureKind.LOST), (Reset(), FailureKind.LOST)]
    )
    def test_a_body_that_the_close_ends_needs_close_notify(
        self,
        trusting: Callable[[], Conversation],
        tls_material: TlsMaterial,
        ending: Step,
        kind: FailureKind | None,
    ) -> None:
        script = [ReadRequest(), Send(CLOSE_DELIMITED + BODY), ending]
        talk = trusting()
        with closing(talk.transport), ScriptedServer(script, tls=tls_material.server_context()) as server:
            exchange = talk.start(server.url())
            if kind is None:
                assert bytes(talk.store(exchange).data) == BODY
                return
            talk.head(exchange)
            talk.transport.accept(exchange, MemorySink(), 0, None)
            assert talk.failure(exchange).kind is kind

    def test_a_server_that_goes_away_in_the_handshake_says_nothing_about_its_certificate(
        self, talk: Conversation
    ) -> None:
        with ScriptedServer([Close()]) as server:
            exchange = talk.start(server.url().replace("http:", "https:"))
            assert talk.failure(exchange).kind in {FailureKind.CONNECT, FailureKind.LOST}

    def test_plain_http_on_a_tls_port_is_a_tls_failure(self, talk: Conversation) -> None:
        with ScriptedServer([Send(answer(b"plain")), UntilClosed()]) as server:
            exchange = talk.start(server.url().replace("http:", "https:"))
            assert talk.wait(exchange, ExchangeFailed).failure.kind is FailureKind.TLS
