"""Which certificates are trusted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from anymatix_fetcher.transports.trust import TrustStore, trust_store


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_a_given_file_is_trusted_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/elsewhere.pem")
    assert trust_store(Path("given.pem")) == TrustStore(bundle="given.pem")


def test_the_environments_file_and_folder_come_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/file.pem")
    assert trust_store(None) == TrustStore(bundle="/file.pem")
    monkeypatch.setenv("SSL_CERT_DIR", "/folder")
    assert trust_store(None) == TrustStore(bundle="/file.pem", folder="/folder")
    monkeypatch.setenv("SSL_CERT_FILE", "")
    assert trust_store(None) == TrustStore(folder="/folder")


@pytest.mark.skipif(sys.platform != "linux", reason="Windows and macOS keep their certificates elsewhere")
def test_the_systems_bundle_is_found() -> None:
    store = trust_store(None)
    assert store.bundle is not None
    assert b"BEGIN CERTIFICATE" in Path(store.bundle).read_bytes()
    assert not store.native
