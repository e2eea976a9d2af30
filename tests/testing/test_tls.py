"""The same over TLS: whole files, endings with and without close_notify, and a mix of both origins."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing import Origin
from tests.testing.wire import Client, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(path), "-out", str(path.with_suffix(".crt"))),
        ],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


@pytest.fixture
def server(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def origin(server: ssl.SSLContext) -> Iterator[Origin]:
    with Origin(seed=7, tls=server) as running:
        running.add("/m.bin", size=2_500_000)
        yield running


@pytest.fixture
def trust(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def connect(origin: Origin, trust: ssl.SSLContext) -> Client:
    host, _, port = origin.url("").removeprefix("https://").partition(":")
    raw = socket.create_connection((host, int(port)), 5)
    return Client(origin.url(), sock=trust.wrap_socket(raw, server_hostname=host, suppress_ragged_eofs=False))


def test_files_and_spans_come_over_tls(origin: Origin, trust: ssl.SSLContext) -> None:
    file = origin.add("/m.bin", size=2_500_000)
    assert file.url.startswith("https://")
    with connect(origin, trust) as client:
        assert client.ask("/m.bin").body == file.read()
        assert client.ask("/m.bin", span=(7, 2_000_000)).body == file.read(7, 2_000_000)


def test_a_proper_end_says_so_and_a_truncation_does_not(origin: Origin, trust: ssl.SSLContext) -> None:
    origin.script("close-delimited:request=1", "truncate:after=1000,request=2", "reset:after=1000,request=3")
    with connect(origin, trust) as client:
        assert client.ask("/m.bin").end == "fin"
    with connect(origin, trust) as client, pytest.raises(ssl.SSLEOFError):
        client.ask("/m.bin")
    with connect(origin, trust) as client:
        try:
            end = client.ask("/m.bin").end
        except ssl.SSLEOFError:
            end = "rst"  # Some builds of OpenSSL say no more than this of a reset.
        assert end == "rst"


def test_a_handshake_is_never_answered(origin: Origin, trust: ssl.SSLContext) -> None:
    origin.script("deaf:connection=1")
    host, _, port = origin.url("").removeprefix("https://").partition(":")
    with socket.create_connection((host, int(port)), 0.1) as raw, pytest.raises(TimeoutError):
        trust.wrap_socket(raw, server_hostname=host)


def test_a_client_that_speaks_plain_http_is_dropped(origin: Origin) -> None:
    with Client(origin.url().replace("https", "http")) as client:
        assert client.ask("/m.bin").status == 0
    assert origin.ledger().requests == 0


def test_a_redirect_may_leave_https(server: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    with Origin(tls=server, target_tls=None) as origin:
        file = origin.sign("/s.bin", size=10, ttl_seconds=60)
        with connect(origin, trust) as client:
            location = client.ask("/s.bin").headers["location"]
        assert location.startswith("http://")
        assert fetch(location).body == file.read()
