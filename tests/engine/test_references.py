"""Every kind of reference, from what was typed to the proved file, with the stand-ins for the hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import AccessDeniedError, Job, Settings, Status, fetch, fetch_many
from anymatix_fetcher.testing.hosts import (
    REFERENCES,
    TOKEN,
    CivitaiFile,
    CivitaiModel,
    CivitaiSettings,
    CivitaiVersion,
    Hosts,
    civitai,
    everything,
    hosted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGE = hosted("large.safetensors", 100_000_000)
RATE = 10_000_000


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(*everything()) as running:
        yield running


@pytest.fixture
def _surroundings(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in hosts.variables.items():
        monkeypatch.setenv(name, value)
    for name in ("CIVITAI_API_TOKEN", "HF_TOKEN", "GITHUB_TOKEN", "MODELSCOPE_API_TOKEN"):
        monkeypatch.setenv(name, TOKEN)


@pytest.mark.usefixtures("_surroundings")
@pytest.mark.parametrize("reference", [*REFERENCES, "hf:anymatix/model", "github:anymatix/weights@v1.0"])
def test_a_reference_becomes_its_proved_file(reference: str, tmp_path: Path) -> None:
    results = fetch_many([Job(reference, Settings(directory=tmp_path))])
    assert [result.error for result in results] == [None] * len(results)
    assert {result.verified for result in results} <= {"sha256", "md5", "length"}
    assert all(result.path is not None and result.path.stat().st_size == result.size for result in results)


def large_on_civitai(url_seconds: int = 3600, b2_seconds: int = 3600, b2_after: int | None = None) -> Hosts:
    version = CivitaiVersion(7, "v1", (CivitaiFile(70, LARGE),))
    made = CivitaiSettings(
        tokens=frozenset({TOKEN}),
        token_required=True,
        url_seconds=url_seconds,
        b2_seconds=b2_seconds,
        b2_after=b2_after,
        bytes_per_second=RATE,
    )
    return Hosts(civitai([CivitaiModel(5, "Model", (version,))], made))


@pytest.mark.parametrize("settings", [{"url_seconds": 2}, {"url_seconds": 2, "b2_seconds": 2, "b2_after": 1}])
def test_addresses_that_live_two_seconds_are_renewed_once_for_all_and_every_byte_comes_once(
    settings: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with large_on_civitai(**settings) as running:
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CIVITAI_API_TOKEN", TOKEN)
        result = fetch("civitai:7", directory=tmp_path, connections=4)
        lives = result.seconds / 1.0 + 1  # a date has whole seconds, so that an address may live for one only
    signed = running.ledger().signed["civitai"]
    assert (result.status, result.verified) == (Status.DOWNLOADED, "sha256")
    assert result.connections_peak == 4
    assert 1 < signed <= lives
    assert result.bytes_downloaded <= LARGE.size * 1.02, "one block is compared where a store changes"


@pytest.mark.parametrize(("token", "words"), [(None, "CIVITAI_API_TOKEN"), ("wrong", "CIVITAI_API_TOKEN")])
def test_without_the_right_token_the_sentence_helps(
    token: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with large_on_civitai() as running:
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        for name in ("CIVITAI_API_TOKEN", "CIVITAI_TOKEN", "CIVITAI_API_KEY"):
            monkeypatch.delenv(name, raising=False)
        if token:
            monkeypatch.setenv("CIVITAI_API_TOKEN", token)
        with pytest.raises(AccessDeniedError) as refusal:
            fetch("civitai:7", directory=tmp_path)
    assert words in refusal.value.hint
    assert not list(tmp_path.iterdir())
