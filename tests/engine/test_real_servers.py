"""The library against a real nginx: plain, TLS with HTTP/1.1, TLS with HTTP/2."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import Job, Settings, Status, UnexpectedAnswerError, fetch, fetch_many

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.nginx import Nginx
    from tests.servers.tls_material import TlsMaterial

CONTENT = random.Random(11).randbytes(50_000_003)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["plain", "tls", "http2"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(nginx: Nginx, scheme: str) -> str:
    model = nginx.root / "large.bin"
    if not model.exists():
        model.write_bytes(CONTENT)
    return f"{getattr(nginx, scheme)}/large.bin"


def test_a_file_comes_whole_over_several_connections(
    url: str, scheme: str, tls_material: TlsMaterial, tmp_path: Path
) -> None:
    result = fetch(url, directory=tmp_path, ca_file=tls_material.authority, digests=[f"sha256:{SHA256}"], connections=4)
    assert result.path is not None
    assert result.path.read_bytes() == CONTENT
    assert (result.status, result.verified, result.size) == (Status.DOWNLOADED, "sha256", len(CONTENT))
    assert result.http_version == ("2" if scheme == "http2" else "1.1")
    assert 2 <= result.connections_peak <= 4
    assert result.bytes_downloaded == len(CONTENT)


def test_the_environment_may_name_the_certificates(
    nginx: Nginx, url: str, tls_material: TlsMaterial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_material.authority))
    assert nginx.root.exists()
    assert fetch(url, directory=tmp_path).sha256 == SHA256


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(nginx: Nginx, tmp_path: Path) -> None:
    (nginx.root / "small.bin").write_bytes(b"small")
    with pytest.raises(UnexpectedAnswerError, match="the certificate"):
        fetch(f"{nginx.tls}/small.bin", directory=tmp_path)
    assert fetch(f"{nginx.tls}/small.bin", directory=tmp_path, verify_tls=False).size == len(b"small")


def test_one_failure_among_many_files_stops_nobody(nginx: Nginx, tmp_path: Path) -> None:
    contents = {f"many-{number}.bin": random.Random(number).randbytes(10_000 * number) for number in range(1, 13)}
    for name, content in contents.items():
        (nginx.root / name).write_bytes(content)
    names = [*contents, "missing.bin"]
    results = fetch_many([Job(f"{nginx.plain}/{name}", Settings(directory=tmp_path)) for name in names])
    assert [result.status for result in results] == [Status.DOWNLOADED] * 12 + [Status.FAILED]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == contents
