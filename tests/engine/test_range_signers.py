"""Hosts whose redirects are signed for one range: the hub, by the form of its addresses, and hosts that are unknown."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, ClassVar

import pytest

from anymatix_fetcher import CancelToken, DownloadCancelled, Status, fetch
from anymatix_fetcher.testing.hosts import Host, Hosts, HubFile, HubRepo, HubSettings, hosted, huggingface
from anymatix_fetcher.testing.hosts.cloudfront import KeyPair
from anymatix_fetcher.testing.hosts.schemes import Asked, CloudFrontScheme, Grant, Scheme
from anymatix_fetcher.testing.hosts.site import Serving, redirect
from anymatix_fetcher.testing.hosts.stores import Store
from anymatix_fetcher.testing.responses.making import document
from anymatix_fetcher.verbs.bench import bench
from anymatix_fetcher.verbs.resolve import Depth, locate

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.engine.facts import Progress, Result
    from anymatix_fetcher.testing.hosts import HostedFile
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.responses.making import Draft

MODEL = hosted("model.safetensors", 48_000_000)
SMALL = hosted("vae.safetensors", 300_000)
CONFIG = hosted("config.bin", 20_000)
FILES = {
    "model.safetensors": HubFile(MODEL),
    "deep/vae.safetensors": HubFile(SMALL),
    "config.bin": HubFile(CONFIG, lfs=False),
}
REPO = HubRepo("org/model", FILES, former_ids=("org/old",))
ACCOUNT = "huggingface:org/model/model.safetensors"
RANGES = [pytest.param(True, id="pins"), pytest.param(False, id="doesn't pin")]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return monkeypatch


UNDONE_TRIAL_BYTES = 4 << 20
"""A trial of more connections may be undone: what the buffers of the closed one held was sent, and comes again."""


def hub(*, pins_range: bool, url_seconds: int = 3600, bytes_per_second: float | None = None) -> Hosts:
    settings = HubSettings(pins_range=pins_range, url_seconds=url_seconds, bytes_per_second=bytes_per_second)
    return Hosts(huggingface([REPO], settings))


def assert_whole(result: Result, file: HostedFile = MODEL) -> None:
    assert result.path is not None
    assert result.path.read_bytes() == file.content.read(0, file.size)


@pytest.mark.parametrize("pins_range", RANGES)
@pytest.mark.parametrize("connections", [1, 4, "auto"])
@pytest.mark.parametrize("engine", ["curl", "threads"])
@pytest.mark.parametrize(
    "reference",
    [
        "hf:org/model/model.safetensors",
        "{hub}/org/model/resolve/main/model.safetensors",
        "{hub}/org/model/blob/main/model.safetensors?download=true",
        "{hub}/org/old/resolve/main/model.safetensors",
    ],
)
def test_a_large_file_of_the_hub_comes_by_one_resolve_and_nothing_is_refused(
    tmp_path: Path,
    endpoint: pytest.MonkeyPatch,
    *,
    reference: str,
    engine: str,
    connections: int | str,
    pins_range: bool,
) -> None:
    with hub(pins_range=pins_range) as hosts:
        endpoint.setenv("HF_ENDPOINT", hosts.urls["huggingface"])
        named = reference.format(hub=hosts.urls["huggingface"])
        count = None if connections == "auto" else connections
        result = fetch(named, directory=tmp_path, engine=engine, connections=count)  # type: ignore[arg-type]
    assert_whole(result)
    assert result.verified == "sha256"
    ledger = hosts.ledger()
    assert ledger.signed["huggingface"] == 1
    assert 403 not in ledger.all.statuses
    undone = UNDONE_TRIAL_BYTES if connections == "auto" else 0
    assert MODEL.size <= ledger.file(ACCOUNT).bytes_sent <= MODEL.size * 1.02 + undone
    assert (result.connections_peak > 1) == (connections == 4) or connections == "auto"


def test_an_address_that_looks_like_the_hubs_is_asked_as_the_hub_is_by_any_name(
    tmp_path: Path, endpoint: pytest.MonkeyPatch
) -> None:
    endpoint.delenv("HF_ENDPOINT", raising=False)
    with hub(pins_range=True) as hosts:
        url = f"{hosts.urls['huggingface']}/org/model/resolve/main/model.safetensors"
        result = fetch(url, directory=tmp_path, connections=4)
        mirrored = fetch(url, output=tmp_path / "again.safetensors", mirrors=[f"{url}?download=true"])
    assert_whole(result)
    assert_whole(mirrored)
    assert 403 not in hosts.ledger().all.statuses


@pytest.mark.parametrize("pins_range", RANGES)
def test_addresses_that_live_for_two_seconds_are_resolved_once_in_each_life(
    tmp_path: Path, endpoint: pytest.MonkeyPatch, *, pins_range: bool
) -> None:
    with hub(pins_range=pins_range, url_seconds=2, bytes_per_second=4_000_000) as hosts:
        endpoint.setenv("HF_ENDPOINT", hosts.urls["huggingface"])
        began = time.monotonic()
        result = fetch("hf:org/model/model.safetensors", directory=tmp_path, connections=2)
        lives = (time.monotonic() - began) / 1.0  # they are renewed before they end
    assert_whole(result)
    assert 2 <= hosts.ledger().signed["huggingface"] <= lives + 2
    assert result.renewals == hosts.ledger().signed["huggingface"] - 1


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_an_interrupted_file_goes_on_at_another_edge_that_pins_or_does_not(
    tmp_path: Path, endpoint: pytest.MonkeyPatch, *, first: bool, second: bool
) -> None:
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.bytes_stored > MODEL.size // 3:
            token.cancel()

    with hub(pins_range=first, bytes_per_second=8_000_000) as hosts:
        endpoint.setenv("HF_ENDPOINT", hosts.urls["huggingface"])
        with pytest.raises(DownloadCancelled):
            fetch("hf:org/model/model.safetensors", directory=tmp_path, connections=4, cancel=token, on_progress=stop)
    with hub(pins_range=second) as hosts:
        endpoint.setenv("HF_ENDPOINT", hosts.urls["huggingface"])
        result = fetch("hf:org/model/model.safetensors", directory=tmp_path, connections=4)
    assert_whole(result)
    assert (result.status, result.verified) == (Status.RESUMED, "sha256")
    assert hosts.ledger().signed["huggingface"] == 1
    assert 403 not in hosts.ledger().all.statuses


def test_what_the_hub_sends_itself_takes_one_request(tmp_path: Path, endpoint: pytest.MonkeyPatch) -> None:
    with hub(pins_range=True) as hosts:
        endpoint.setenv("HF_ENDPOINT", hosts.urls["huggingface"])
        result = fetch("hf:org/model/config.bin", directory=tmp_path)
    assert_whole(result, CONFIG)
    assert (result.requests, hosts.ledger().all.requests) == (1, 1)


def test_what_resolve_shows_and_bench_measures_takes_any_range(endpoint: pytest.MonkeyPatch) -> None:
    with hub(pins_range=True) as hosts:
        endpoint.setenv("HF_ENDPOINT", hosts.urls["huggingface"])
        (described,) = locate("hf:org/model/model.safetensors")
        (located,) = locate("hf:org/model/model.safetensors", depth=Depth.STORE)
        measured = bench("hf:org/model/model.safetensors", seconds=0.1, max_connections=2)
        (small,) = locate("hf:org/model/config.bin", depth=Depth.STORE)
    assert (located.length, located.ranged, located.error) == (MODEL.size, True, None)
    assert measured.ranged
    assert (small.length, small.ranged) == (CONFIG.size, True)
    assert described.target is not None
    assert described.target.startswith(hosts.urls["huggingface-cdn"])
    ledger = hosts.ledger().all
    assert 403 not in ledger.statuses
    resolves = [one for one in hosts.seen("huggingface") if "/resolve/" in one.target]
    assert resolves
    assert all("range" not in one.headers for one in resolves)


# ---- Hosts that are unknown ----


class OpaqueScheme:
    """Addresses that don't show that they are good for one range only."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self._stubborn = stubborn
        self._pinned: dict[str, str | None] = {}

    def query(self, url: str, file: HostedFile, grant: Grant) -> str:
        del url, file
        name = secrets.token_hex(8)
        self._pinned[name] = grant.pinned
        return f"ticket={name}"

    def refusal(self, asked: Asked) -> Draft | None:
        pinned, field = self._pinned[asked.fields["ticket"]], asked.request.headers.get("range")
        fits = pinned == field if self._stubborn else pinned in (None, field)
        return None if fits else document(403, "text/plain", "Forbidden")

    def entity_tag(self, file: HostedFile) -> str:
        return f'"{file.mark}"'


class Signer:
    """A web site that redirects to a store by addresses that are good for the range that it was asked with."""

    stores = False
    files: ClassVar = {"/files/model.safetensors": MODEL}

    def __init__(self, store: Store) -> None:
        self._store = store
        for path, file in self.files.items():
            store.put(path, file, path)

    def answer(self, request: Request, moment: Moment) -> Draft | Serving:
        url = self._store.url(request.path, moment, 3600, request.headers.get("range"))
        return redirect(302, url, signed=True)


def signer(scheme: Scheme) -> Hosts:
    store = Store("store", scheme, prefix="/s")
    return Hosts(Host({"site": Signer(store), store.name: store}))


def in_the_open() -> Scheme:
    return CloudFrontScheme(KeyPair("K1", b"secret"), None)


@pytest.mark.parametrize("engine", ["curl", "threads"])
@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("scheme", [in_the_open, OpaqueScheme])
def test_an_unknown_host_that_signs_for_one_range_is_asked_once_more_and_known_from_then_on(
    tmp_path: Path, scheme: type[OpaqueScheme], engine: str, connections: int, cache_folder: Path
) -> None:
    with signer(scheme()) as hosts:
        url = f"{hosts.urls['site']}/files/model.safetensors"
        first = fetch(url, output=tmp_path / "1", engine=engine, connections=connections)
        after_the_first = hosts.ledger()
        second = fetch(url, output=tmp_path / "2", engine=engine, connections=connections)
        known = json.loads((cache_folder / "anymatix-fetcher" / "hosts.json").read_text())
    assert_whole(first)
    assert_whole(second)
    assert first.renewals == second.renewals == 0
    assert after_the_first.signed["site"] == 2
    assert hosts.ledger().signed["site"] == 3
    assert hosts.ledger().file("/files/model.safetensors").bytes_sent <= 2 * MODEL.size * 1.02
    assert hosts.ledger().all.statuses.get(403, 0) == after_the_first.all.statuses.get(403, 0)
    assert known[hosts.urls["site"]]["signs_range"]
    assert not known[hosts.urls["store"]]["signs_range"]


def test_where_no_address_takes_another_range_it_comes_as_one_stream(tmp_path: Path) -> None:
    with signer(OpaqueScheme(stubborn=True)) as hosts:
        result = fetch(f"{hosts.urls['site']}/files/model.safetensors", output=tmp_path / "1", connections=4)
    assert_whole(result)
    assert hosts.ledger().signed["site"] <= 4


def test_a_policy_that_names_a_range_is_read_in_the_address() -> None:
    with signer(in_the_open()) as hosts:
        (located,) = locate(f"{hosts.urls['site']}/files/model.safetensors")
    assert located.length == MODEL.size
    assert 403 not in hosts.ledger().all.statuses
    (_, with_a_range), (_, without) = [(one.status, one.headers.get("range")) for one in hosts.seen("site")]
    assert (with_a_range, without) == ("bytes=0-0", None)
