"""``anyfetch workflow``: planned, shown and fetched, with a server in Hugging Face's place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.testing import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HUB = "https://huggingface.co/org/repo/resolve/main"


def node(number: int, kind: str, name: str, *, directory: str = "", url: str = "") -> dict[str, object]:
    models = [{"name": name, "url": url, "directory": directory}] if url else []
    return {"id": number, "type": kind, "mode": 0, "widgets_values": [name], "properties": {"models": models}}


WORKFLOW = {
    "nodes": [
        node(1, "VAELoader", "ae.safetensors", directory="vae", url=f"{HUB}/vae/ae.safetensors"),
        node(2, "LoraLoader", "style.safetensors", directory="loras", url=f"{HUB}/style.safetensors?download=true"),
        node(3, "CheckpointLoaderSimple", "mine.safetensors"),
    ],
    "links": [],
    "version": 0.4,
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    with Origin(seed=3) as origin:
        origin.add("/org/repo/resolve/main/vae/ae.safetensors", size=300_000)
        origin.add("/org/repo/resolve/main/style.safetensors", size=100_000)
        monkeypatch.setenv("HF_ENDPOINT", origin.url("/").rstrip("/"))
        yield origin


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "flux.json"
    path.write_text(json.dumps(WORKFLOW))
    return path


def test_what_is_here_and_what_is_missing_is_shown_and_nothing_fetched(
    hub: Origin, workflow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    (models / "checkpoints").mkdir(parents=True)
    (models / "checkpoints" / "mine.safetensors").write_bytes(b"here")
    assert main(["workflow", "--dry-run", "--models", str(models), str(workflow)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["missing", "missing", "here"]
    assert "300 kB" in lines[0]
    assert lines[3].startswith("1 of 3 models here, 2 missing: 400 kB; models root: ")
    assert {request.headers["range"] for request in hub.seen()} == {"bytes=0-0"}


def test_the_missing_ones_are_fetched_to_where_their_nodes_look_for_them(
    hub: Origin, workflow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    assert main(["workflow", "-q", "--models", str(models), str(workflow)]) == 3, "one of them has no address"
    assert set(capsys.readouterr().out.split()) == {
        str(models / "vae" / "ae.safetensors"),
        str(models / "loras" / "style.safetensors"),
    }
    before = len(hub.seen())
    (models / "checkpoints").mkdir()
    (models / "checkpoints" / "mine.safetensors").write_bytes(b"here")
    assert main(["workflow", "-q", "--models", str(models), str(workflow)]) == 0
    assert len(hub.seen()) == before, "all is here now, and nobody is asked"


def test_programs_get_an_object_for_each(
    hub: Origin, workflow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["workflow", "--dry-run", "--json", "--models", str(tmp_path / "models"), str(workflow)]) == 3
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["name"], one["state"], one["size"]) for one in found] == [
        ("ae.safetensors", "missing", 300_000),
        ("style.safetensors", "missing", 100_000),
        ("mine.safetensors", "no address", None),
    ]
    assert hub.ledger().requests == 2


def test_what_cant_be_had_says_why(
    workflow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], hub: Origin
) -> None:
    hub.script("status:code=404")
    assert main(["workflow", "--dry-run", "--models", str(tmp_path / "models"), str(workflow)]) == 3
    assert "404" in capsys.readouterr().out


def test_what_holds_no_workflow_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no workflow")
    assert main(["workflow", str(path)]) == 2
    assert "hint: In ComfyUI" in capsys.readouterr().err


def test_no_header_goes_to_hosts_that_the_workflow_names(
    hub: Origin, workflow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["workflow", "--dry-run", "-H", "X-Api-Key: planted-secret", str(workflow)]) == 2
    printed = capsys.readouterr()
    assert "the workflow names the hosts" in printed.err
    assert "planted-secret" not in printed.out + printed.err
    assert not hub.seen()
