"""``anyfetch workflow``: planned, shown and fetched, with a server in Hugging Face's place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.commands.workflow import table_of
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.testing.hosts import EverythingSettings, Hosts, everything
from anymatix_fetcher.verbs.planning import plan_workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    assert sorted(request.target for request in hub.seen()) == [
        "/org/repo/resolve/main/style.safetensors",
        "/org/repo/resolve/main/vae/ae.safetensors",
    ]
    assert [path.name for path in models.rglob("*.*")] == ["mine.safetensors"]


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


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def saved(tmp_path: Path, *nodes: dict[str, object]) -> str:
    path = tmp_path / "made.json"
    path.write_text(json.dumps({"nodes": nodes, "links": [], "version": 0.4}))
    return str(path)


def test_every_model_is_told_of_when_the_missing_ones_have_come(
    hub: Origin, workflow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    words = ["workflow", "--json", "--progress", "none", "--models", str(models), str(workflow)]
    assert main(words) == 3
    keys = ("name", "state", "status", "verified", "size")
    assert [tuple(one[key] for key in keys) for one in objects(capsys)] == [
        ("ae.safetensors", "here", "downloaded", "length", 300_000),
        ("style.safetensors", "here", "downloaded", "length", 100_000),
        ("mine.safetensors", "no address", "failed", "none", None),
    ]
    before = len(hub.seen())
    assert main(words) == 3
    again = objects(capsys)
    assert [(one["state"], one["status"]) for one in again] == [
        ("here", "present"),
        ("here", "present"),
        ("no address", "failed"),
    ]
    assert again[0]["path"] == str(models / "vae" / "ae.safetensors")
    assert again[2]["error"] is not None
    assert len(hub.seen()) == before


def test_other_content_under_the_name_is_said_and_left_alone(
    hub: Origin, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = node(1, "UNETLoader", "d.safetensors", directory="diffusion_models", url=f"{HUB}/style.safetensors")
    properties = asked["properties"]
    assert isinstance(properties, dict)
    properties["models"][0] |= {"hash_type": "SHA256", "hash": "5" * 64}
    path = tmp_path / "models" / "diffusion_models" / "d.safetensors"
    path.parent.mkdir(parents=True)
    path.write_text("other")
    words = ["workflow", "--models", str(tmp_path / "models"), saved(tmp_path, asked)]
    for more in ([], ["--dry-run"], ["--json"], ["--json", "--dry-run"]):
        assert main([*words, *more]) == 6
        printed = capsys.readouterr()
        assert "other content" in printed.out + printed.err
        assert "is not the file that the workflow asks for" in printed.err
    assert path.read_text() == "other"
    assert not hub.seen()


def test_the_first_failures_code_is_the_commands(hub: Origin, tmp_path: Path) -> None:
    hub.add("/org/repo/resolve/main/private.pt", size=1000)
    hub.script("status:code=403,path=/org/repo/resolve/main/private.pt")
    names = {"gone.pt": 3, "private.pt": 4}
    wanted = [
        node(number, "VAELoader", name, directory="vae", url=f"{HUB}/{name}") for number, name in enumerate(names)
    ]
    for more in (["--dry-run"], []):
        words = ["workflow", *more, "--models", str(tmp_path / "models")]
        assert main([*words, saved(tmp_path, *wanted)]) == 3
        assert main([*words, saved(tmp_path, *wanted[::-1])]) == 4


@pytest.mark.usefixtures("hub")
def test_a_size_that_differs_from_the_sources_is_noted(
    workflow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "models" / "vae" / "ae.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert main(["workflow", "--dry-run", "--models", str(tmp_path / "models"), str(workflow)]) == 3
    printed = capsys.readouterr().out
    assert "note: vae/ae.safetensors: ae.safetensors is an empty file" in printed
    assert "it has 0 bytes, but its source states 300,000" in printed


def test_a_civitai_download_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hosts(*everything(EverythingSettings(size=1 << 20, bytes_per_second=None))) as hosts:
        for name, value in hosts.variables.items():
            monkeypatch.setenv(name, value)
        address = "https://civitai.com/api/download/models/143906"
        file = saved(tmp_path, node(1, "CheckpointLoaderSimple", "e.safetensors", directory="checkpoints", url=address))
        words = ["workflow", "--models", str(tmp_path / "models"), file]
        assert main([*words, "--dry-run"]) == 0
        assert not [one for one in hosts.seen("civitai") if "/download/" in one.target]
        assert main(words) == 0
        assert len([one for one in hosts.seen("civitai") if "/download/" in one.target]) == 1
        assert (tmp_path / "models" / "checkpoints" / "e.safetensors").stat().st_size == 1 << 20


def test_what_no_folder_is_known_for_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(tmp_path, node(7, "MyOwnLoader", "x.gguf"))
    assert main(["workflow", "--models", str(tmp_path / "models"), file]) == 0
    printed = capsys.readouterr().err
    assert "names no models in folders that are known" in printed
    assert "note: MyOwnLoader (7) names x.gguf" in printed


def test_on_a_terminal_no_line_wraps_and_places_are_real() -> None:
    url = "https://huggingface.co/org/repo/resolve/main/split_files/diffusion_models/"
    name = "flux.1-fill-dev-OneReward-transformer_fp8.safetensors"
    document = {"nodes": [node(1, "UNETLoader", name, directory="diffusion_models", url=f"{url}{name}")]}
    plan = plan_workflow(json.dumps(document).encode(), comfyui_folders(Path("/models")), lambda _: None)
    lines = table_of(plan, Path("/models"), "given", 79)
    assert len(lines[0]) <= 79
    assert lines[0] == "missing  ?  unet/flux.1-fill-dev-OneR…ansformer_fp8.safetensors  huggingface.co"
    assert url in table_of(plan, Path("/models"), "given", None)[0]


@pytest.mark.parametrize(("verb", "code"), [("workflow", 3), ("lock", 2)])
def test_a_conflict_is_told_once_and_names_the_model_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    urls = [f"{HUB}/ae.safetensors", "https://huggingface.co/other/repo/resolve/main/ae.safetensors"]
    nodes = [
        node(number, "VAELoader", "ae.safetensors", directory="vae", url=url) for number, url in enumerate(urls, 1)
    ]
    Path("flux.json").write_text(json.dumps({**WORKFLOW, "nodes": nodes}))
    assert main([verb, "-q", "flux.json"]) == code
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "ae.safetensors" in line] == [
        "error: the workflow names different files for vae/ae.safetensors"
    ]
