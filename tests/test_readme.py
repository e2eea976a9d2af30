"""The calls in the README's table run as they stand there, against the hosts that come with the program."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import anymatix_fetcher
from anymatix_fetcher import Status
from anymatix_fetcher.testing.hosts import EverythingSettings, Hosts, everything

if TYPE_CHECKING:
    from collections.abc import Iterator

README = Path(__file__).parent.parent / "README.md"
CALLS = re.findall(r"^\| `((\w+)\(.*\))` \| .+ \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
NAMES = {name: getattr(anymatix_fetcher, name) for name in anymatix_fetcher.__all__}


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with Hosts(*everything(EverythingSettings(size=1 << 20, bytes_per_second=None))) as running:
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        yield running


def write_workflow(url: str) -> None:
    entry = {"name": "vae.safetensors", "directory": "vae", "url": url}
    node = {
        "id": 1,
        "type": "VAELoader",
        "mode": 0,
        "widgets_values": [entry["name"]],
        "properties": {"models": [entry]},
    }
    Path("flux.json").write_text(json.dumps({"nodes": [node], "links": [], "version": 0.4}))


def test_the_table_has_each_verb_once() -> None:
    verbs = {name for name in NAMES if name.islower() and not name.startswith("_")}
    assert sorted(name for _, name in CALLS) == sorted(verbs - {"fetch", "afetch", "fetch_many"})


def test_the_calls_run_one_after_another(hosts: Hosts) -> None:
    write_workflow("https://huggingface.co/anymatix/model/resolve/main/model.safetensors")
    said: dict[str, Any] = {name: eval(call, NAMES) for call, name in CALLS}  # noqa: S307 - the README's own text
    assert hosts.seen()
    (found,) = said["resolve"]
    (brought,) = said["workflow"].results
    assert (brought.status, brought.path) == (Status.DOWNLOADED, Path.cwd() / "models" / "vae" / "vae.safetensors")
    assert [one.path for one in said["ls"].models] == [brought.path]
    assert [(one.path, one.error) for one in said["verify"]] == [(brought.path, None)]
    assert said["adopt"] == []
    ((entry, _),) = said["lock"].entries
    assert (entry.file.name, entry.file.size) == (found.name, found.length)
    (synced,) = said["sync"].results
    assert (synced.status, synced.sha256) == (Status.DOWNLOADED, found.digests[0].hex)
    assert [one.models for one in said["remove"]] == [(brought.path.name,)]
    assert not brought.path.exists()
    assert synced.path.exists()
    assert said["bench"].length == synced.size
    assert said["doctor"]
