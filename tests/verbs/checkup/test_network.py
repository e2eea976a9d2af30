from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import FindingState
from anymatix_fetcher.transports.proxies import PROXY_VARIABLES
from anymatix_fetcher.verbs.checkup.network import examine_certificates, examine_proxies

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.tls_material import TlsMaterial


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXY_VARIABLES, "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)


def test_without_variables_servers_are_asked_straight() -> None:
    assert [(one.name, one.state) for one in examine_proxies()] == [
        ("proxy https", FindingState.OK),
        ("proxy http", FindingState.OK),
    ]


def test_a_proxy_is_shown_as_it_will_be_used_and_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://user:planted-secret@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "localhost,.huggingface.co")
    https, http = examine_proxies()
    assert https.text == "http://proxy.example:3128, with a user and a password; not for huggingface.co, localhost"
    assert http.text == "none: direct connections"


def test_a_proxy_that_cant_be_used_is_a_problem_that_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "ftp://user:planted-secret@proxy.example")
    for one in examine_proxies():
        assert one.state is FindingState.PROBLEM
        assert one.text.startswith("ALL_PROXY can't be used")
        assert "planted-secret" not in f"{one}"


def test_certificates_are_counted_and_their_place_is_named(
    monkeypatch: pytest.MonkeyPatch, tls_material: TlsMaterial
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_material.authority))
    (found,) = examine_certificates({})
    assert (found.state, found.text) == (FindingState.OK, f"1, from {tls_material.authority}")


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_certificates_that_cant_be_used_are_a_problem(
    content: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "roots.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    (found,) = examine_certificates({})
    assert found.state is FindingState.PROBLEM
    assert found.text.startswith(f"{file} can't be used: ")


def test_variables_of_other_programs_are_named_where_they_say_something_else(
    monkeypatch: pytest.MonkeyPatch, tls_material: TlsMaterial
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_material.authority))
    assert len(list(examine_certificates({"CURL_CA_BUNDLE": str(tls_material.authority)}))) == 1
    _, said = examine_certificates({"CURL_CA_BUNDLE": "/other.pem"})
    assert (said.state, said.text) == (FindingState.NOTE, "CURL_CA_BUNDLE is ignored")
