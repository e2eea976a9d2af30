"""The library against the stand-ins for model hosts: redirects, signed URLs that expire, and stores that change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import AccessDeniedError, Status, fetch
from anymatix_fetcher.core.machine.tail import LEAST_IN_VAIN
from anymatix_fetcher.testing.hosts import (
    CivitaiFile,
    CivitaiModel,
    CivitaiSettings,
    CivitaiVersion,
    GitHubAsset,
    GitHubRelease,
    GitHubSettings,
    Host,
    Hosts,
    HubFile,
    HubRepo,
    HubSettings,
    civitai,
    github,
    hosted,
    huggingface,
)

if TYPE_CHECKING:
    from pathlib import Path


MODEL = hosted("model.safetensors", 24_000_000)
RATE = 8_000_000
"""For each connection: slow enough that a quarter of the model is sent long before the rest is asked for."""
COMPARED_BYTES = 4 << 20
"""What is asked for once more where a file moves to a store with other entity tags: a few blocks of it."""


class LeapingClock:
    """A clock that leaps by two days, once a quarter of the model is sent: all links from before have expired."""

    def __init__(self) -> None:
        self.hosts: Hosts | None = None

    def __call__(self) -> float:
        leaps = self.hosts is not None and self.hosts.ledger().all.bytes_sent > MODEL.size // 4
        return time.time() + (172_800 if leaps else 0)


def expiring(host: Host) -> Hosts:
    """The host with such a clock."""
    clock = LeapingClock()
    clock.hosts = Hosts(host, clock=clock)
    return clock.hosts


def on_civitai(**settings: object) -> tuple[Host, str, str]:
    """A host, the path of the model there, and its account in the ledger."""
    version = CivitaiVersion(7, "v1", (CivitaiFile(70, MODEL),))
    made = CivitaiSettings(bytes_per_second=RATE, **settings)  # type: ignore[arg-type]  # handed on as they are
    path = "/api/download/models/7"
    return civitai([CivitaiModel(5, "Model", (version,))], made), path, "civitai:7/model.safetensors"


def assert_brought(path: Path | None, hosts: Hosts, account: str, *, compared_bytes: int = 0) -> None:
    """The bytes are right, and hardly one of them was sent twice."""
    assert path is not None
    assert path.read_bytes() == MODEL.content.read(0, MODEL.size)
    allowed = MODEL.size * 1.02 + LEAST_IN_VAIN + compared_bytes  # what was under way when dropped, and the raced end
    assert MODEL.size <= hosts.ledger().file(account).bytes_sent <= allowed


def test_a_link_that_expires_halfway_is_renewed_once(tmp_path: Path) -> None:
    host, path, account = on_civitai()
    with expiring(host) as hosts:
        url = hosts.urls["civitai"] + path
        result = fetch(url, directory=tmp_path, connections=4, digests=[f"sha256:{MODEL.sha256}"])
    assert (result.status, result.verified) == (Status.DOWNLOADED, "sha256")
    assert_brought(result.path, hosts, account)
    assert hosts.ledger().signed["civitai"] == 2
    assert {one.method for one in hosts.seen()} == {"GET"}


def test_a_store_that_changes_halfway_is_followed(tmp_path: Path) -> None:
    host, path, account = on_civitai(b2_after=1)
    with expiring(host) as hosts:
        url = hosts.urls["civitai"] + path
        result = fetch(url, directory=tmp_path, connections=4, digests=[f"sha256:{MODEL.sha256}"])
    assert_brought(result.path, hosts, account, compared_bytes=COMPARED_BYTES)
    assert min(hosts.ledger().requests(store) for store in ("civitai-r2", "civitai-b2")) > 0


def test_a_token_stays_with_the_site_that_it_is_for(tmp_path: Path) -> None:
    host, path, _ = on_civitai(tokens=frozenset({"good"}), token_required=True)
    with Hosts(host) as hosts:
        url = hosts.urls["civitai"] + path
        with pytest.raises(AccessDeniedError):
            fetch(url, directory=tmp_path)
        fetch(url, directory=tmp_path, headers=[("Authorization", "Bearer good")], connections=2)
    assert all("authorization" not in one.headers for one in hosts.seen("civitai-r2"))


def test_the_hub_comes_by_its_cdn(tmp_path: Path) -> None:
    repo = HubRepo("org/model", {"model.safetensors": HubFile(MODEL)}, former_ids=("org/old",))
    with expiring(huggingface([repo], HubSettings(bytes_per_second=RATE))) as hosts:
        url = f"{hosts.urls['huggingface']}/org/old/resolve/main/model.safetensors"
        result = fetch(url, directory=tmp_path, connections=4)
    assert_brought(result.path, hosts, "huggingface:org/model/model.safetensors")


def test_a_release_comes_though_its_token_is_short_lived(tmp_path: Path) -> None:
    release = GitHubRelease("org/repo", "v1", (GitHubAsset(1, MODEL),))
    with expiring(github([release], GitHubSettings(bytes_per_second=RATE))) as hosts:
        url = f"{hosts.urls['github']}/org/repo/releases/latest/download/model.safetensors"
        result = fetch(url, directory=tmp_path, connections=4)
    assert_brought(result.path, hosts, "github:org/repo/v1/model.safetensors")
