"""What the curl transport does beyond the contract: real servers, HTTP/2, the system's certificates, few sink calls."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.transports.curl.exchange import GATHER_BYTES
from anymatix_fetcher.transports.curl.transport import CurlTransport
from tests.contracts.transport import NO_PROXY, Conversation, MemorySink
from tests.servers.scripted import Close, ReadRequest, ScriptedServer, Send, UntilClosed, answer
from tests.transports.on_nginx import CONTENT, SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.nginx import Nginx
    from tests.servers.tls_material import TlsMaterial


SETTINGS_FRAME = bytes.fromhex("000000 04 00 00000000")
INTERNAL_ERROR = bytes.fromhex("000004 03 00 00000001 00000002")
ENHANCE_YOUR_CALM = bytes.fromhex("000008 07 00 00000000 00000000 0000000b")


@pytest.fixture
def talk(tls_material: TlsMaterial) -> Iterator[Conversation]:
    with closing(CurlTransport(replace(NO_PROXY, ca_file=tls_material.authority))) as transport:
        yield Conversation(transport)


def test_a_file_comes_whole_in_parallel_spans(talk: Conversation, origin: str, model: str) -> None:
    sink = MemorySink()
    spans = [Span(start, min(start + 700_001, SIZE)) for start in range(0, SIZE, 700_001)]
    exchanges = [talk.start(origin + model, span) for span in spans]
    for exchange, span in zip(exchanges, spans, strict=True):
        assert talk.head(exchange).head.status == 206
        talk.transport.accept(exchange, sink, span.start, span.stop)
    for exchange, span in zip(exchanges, spans, strict=True):
        talk.wait(exchange, BodyEnded)
        assert talk.stored(exchange) == span
    assert bytes(sink.data) == CONTENT


def test_the_faster_one_of_equally_good_ciphers_is_offered_first(talk: Conversation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        offer = pool.submit(_first_offer, listener)
        talk.wait(talk.start(f"https://127.0.0.1:{listener.getsockname()[1]}/file"), ExchangeFailed)
        assert offer.result() == bytes.fromhex("1301 1302 1303")


def _first_offer(listener: socket.socket) -> bytes:
    """The first three cipher suites of a ClientHello (RFC 8446, section 4.1.2), which isn't answered."""
    listener.settimeout(20)
    connection, _ = listener.accept()
    with connection:
        hello = connection.recv(4096)
    fixed = 5 + 4 + 2 + 32  # the record's and the message's head, the version, the random bytes
    suites = fixed + 1 + hello[fixed] + 2  # after the session's id and the list's length
    return hello[suites : suites + 6]


def test_the_version_is_agreed_on_in_the_handshake_and_can_be_kept_to_http_1(
    talk: Conversation, nginx: Nginx, model: str
) -> None:
    for url, http1_only, version in (
        (nginx.plain, False, "1.1"),
        (nginx.tls, False, "1.1"),
        (nginx.http2, False, "2"),
        (nginx.http2, True, "1.1"),
        (nginx.http2, False, "2"),
    ):
        exchange = talk.start(url + model, http1_only=http1_only)
        assert bytes(talk.store(exchange).data) == CONTENT
        assert talk.head(exchange).head.http_version == version


def test_parallel_connections_of_a_file_speak_http_1(talk: Conversation, nginx: Nginx, model: str) -> None:
    for parallel, version in ((False, "2"), (True, "1.1"), (False, "2")):
        exchange = talk.start(nginx.http2 + model, Span(0, 100), parallel=parallel)
        assert bytes(talk.store(exchange).data) == CONTENT[:100]
        assert talk.head(exchange).head.http_version == version


def test_http_3_falls_back_where_the_server_has_none(nginx: Nginx, model: str) -> None:
    settings = replace(NO_PROXY, ca_file=nginx.authority, http3=True)
    with closing(CurlTransport(settings)) as transport:
        talk = Conversation(transport)
        exchange = talk.start(nginx.http2 + model)
        assert bytes(talk.store(exchange).data) == CONTENT
        assert talk.head(exchange).head.http_version == "2"


@pytest.mark.skipif(sys.platform != "linux", reason="sockets are counted in /proc, which only Linux has")
def test_http_2_exchanges_at_once_have_a_connection_each_and_idle_ones_are_used_again(
    talk: Conversation, nginx: Nginx, model: str
) -> None:
    before = _sockets()
    for _ in range(2):
        exchanges = []
        for _ in range(10):
            # One after the other: a connection that is known to speak HTTP/2 could be shared from now on.
            exchanges.append(talk.start(nginx.http2 + model, Span(0, 10)))
            talk.head(exchanges[-1])
        assert _sockets() == before + 10
        for exchange in exchanges:
            assert bytes(talk.store(exchange).data) == CONTENT[:10]


def test_a_server_that_closes_after_three_requests_is_no_failure(talk: Conversation, origin: str, model: str) -> None:
    for index in range(7):
        exchange = talk.start(f"{origin}/three-a-connection{model}", Span(index, index + 5))
        assert talk.store(exchange, index).read(index) == CONTENT[index : index + 5]


def test_an_http_2_body_is_cut_at_its_stop(talk: Conversation, nginx: Nginx, model: str) -> None:
    exchange = talk.start(nginx.http2 + model)
    assert bytes(talk.store(exchange, 0, 1_000_000).data) == CONTENT[:1_000_000]


@pytest.mark.parametrize("frames", [SETTINGS_FRAME + ENHANCE_YOUR_CALM, SETTINGS_FRAME + INTERNAL_ERROR])
def test_trouble_with_http_2_is_told_apart(talk: Conversation, tls_material: TlsMaterial, frames: bytes) -> None:
    context = tls_material.server_context()
    context.set_alpn_protocols(["h2"])
    with ScriptedServer([Send(frames), UntilClosed()], tls=context) as server:
        assert talk.failure(talk.start(server.url())).kind is FailureKind.HTTP2


def test_the_sink_is_called_with_large_pieces(talk: Conversation, origin: str, model: str) -> None:
    exchange = talk.start(origin + model)
    sink = talk.store(exchange)
    assert bytes(sink.data) == CONTENT
    # A flush by time may come in between, but not one for each of libcurl's 250 pieces or more.
    assert sink.calls <= 3 * (SIZE // GATHER_BYTES + 1)


def test_a_slow_body_is_stored_while_it_arrives(talk: Conversation, nginx: Nginx, model: str) -> None:
    exchange, sink = talk.start(f"{nginx.plain}/slow{model}"), MemorySink()
    talk.head(exchange)
    talk.transport.accept(exchange, sink, 0, None)
    first = talk.wait(exchange, BodyStored)
    assert 0 < len(first.span) < SIZE
    assert sink.read(0, first.span.stop) == CONTENT[: first.span.stop]
    talk.transport.cancel(exchange)


def test_too_many_exchanges_for_a_server_are_answers_like_any_other(talk: Conversation, nginx: Nginx) -> None:
    with (nginx.root / "sparse.bin").open("wb") as file:
        file.truncate(256 << 20)  # more than the sockets' buffers hold, so that no response ends by itself
    exchanges = [talk.start(f"{nginx.plain}/two-at-once-429/sparse.bin") for _ in range(3)]
    heads = [talk.head(exchange) for exchange in exchanges]
    assert sorted(arrived.head.status for arrived in heads) == [200, 200, 429]
    assert "429 Too Many Requests" in next(arrived.excerpt for arrived in heads if arrived.head.status == 429)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on descriptors to lower")
def test_a_lack_of_descriptors_says_so(talk: Conversation) -> None:
    import resource  # noqa: PLC0415 - Unix only

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    exchange = talk.start("http://127.0.0.1:9/")
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        talk.poll(5)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    failure = talk.failure(exchange)
    assert (failure.kind, failure.os_error) == (FailureKind.CONNECT, errno.EMFILE)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("update-ca-certificates") is None,
    reason="only root can add to the system's store, by Debian's update-ca-certificates",
)
def test_an_authority_in_the_systems_store_is_trusted(
    tls_material: TlsMaterial, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    placed = Path("/usr/local/share/ca-certificates/anymatix-fetcher-test.crt")
    placed.parent.mkdir(exist_ok=True)
    script = [ReadRequest(), Send(answer(b"trusted")), Close()]
    try:
        placed.write_bytes(tls_material.authority.read_bytes())
        subprocess.run(["update-ca-certificates"], check=True, capture_output=True)
        with (
            closing(CurlTransport(NO_PROXY)) as transport,
            ScriptedServer(script, tls=tls_material.server_context()) as server,
        ):
            talk = Conversation(transport)
            assert bytes(talk.store(talk.start(server.url())).data) == b"trusted"
    finally:
        placed.unlink(missing_ok=True)
        subprocess.run(["update-ca-certificates"], check=True, capture_output=True)


def test_importing_the_transport_loads_nothing_that_is_slow() -> None:
    program = "import sys, anymatix_fetcher.transports.curl.transport; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not {"ssl", "asyncio", "email", "http.client", "urllib.request"} & set(run.stdout.split())


def _sockets() -> int:
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            count += descriptor.readlink().name.startswith("socket:")
        except FileNotFoundError:
            continue  # the listing's own
    return count
