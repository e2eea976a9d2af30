"""Types lead to folders, and a sidecar says where a file came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    Job,
    ReferenceSyntaxError,
    Settings,
    Status,
    fetch,
    fetch_many,
)
from anymatix_fetcher.library.identity import identity
from anymatix_fetcher.testing.hosts import (
    CivitaiFile,
    CivitaiModel,
    CivitaiVersion,
    Hosts,
    civitai,
)
from tests.engine.shelved import CONTENT, MODEL, SHA256, names
from tests.library.first_fetcher import leave

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import Origin


def test_a_type_leads_to_its_folder_and_a_sidecar_says_where_it_came_from(origin: Origin, models: Path) -> None:
    url = origin.add("/a.safetensors", data=CONTENT).url
    result = fetch(url, type="LoRA", models=models)
    assert result.path == models / "loras" / "a.safetensors"
    sidecar = json.loads((models / "loras" / f"{identity(url)}.json").read_text())
    assert {key: sidecar[key] for key in ("url", "file_name", "file_size", "name", "data", "sha256")} == {
        "url": url,
        "file_name": "a.safetensors",
        "file_size": len(CONTENT),
        "name": "a.safetensors",
        "data": None,
        "sha256": SHA256,
    }
    assert sidecar["anyfetch"]["type"] == "lora"
    again = fetch(url, type="lora", models=models)
    assert (again.status, again.path, again.requests) == (Status.PRESENT, result.path, 0)


def test_the_models_root_may_come_from_the_environment(
    origin: Origin, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANYFETCH_MODELS", str(models))
    result = fetch(origin.add("/a.bin", data=CONTENT).url, type="vae")
    assert result.path == models / "vae" / "a.bin"


def test_a_download_without_a_type_leaves_no_litter(origin: Origin, tmp_path: Path) -> None:
    fetch(origin.add("/a.bin", data=CONTENT).url, output=tmp_path / "a.bin")
    assert names(tmp_path) == {"a.bin"}
    fetch(origin.add("/b.bin", data=CONTENT).url, directory=tmp_path, sidecar=True)
    assert len(names(tmp_path)) == 3


def test_an_exact_destination_outranks_the_type(origin: Origin, tmp_path: Path, models: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    result = fetch(url, type="lora", models=models, output=tmp_path / "mine.bin")
    assert result.path == tmp_path / "mine.bin"
    assert names(tmp_path) == {"mine.bin"}


def test_what_nobody_can_guess_has_to_be_named(origin: Origin, models: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    with pytest.raises(ReferenceSyntaxError) as caught:
        fetch(url, type="auto", models=models)
    assert "--type" in caught.value.hint
    with pytest.raises(ReferenceSyntaxError):
        fetch(url, type="custom_nodes", models=models)
    with pytest.raises(ReferenceSyntaxError):
        fetch(url, type="lora", directory=models)
    assert not models.exists()


def test_the_sources_own_word_leads_to_a_folder_and_is_said_before(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = CivitaiVersion(7, "v1", (CivitaiFile(70, MODEL),))
    notes = set[str]()
    with Hosts(civitai([CivitaiModel(5, "Model", (version,), kind="LORA")])) as hosts:
        monkeypatch.setenv("CIVITAI_ENDPOINT", hosts.urls["civitai"])
        result = fetch("civitai:7", type="auto", models=models, on_progress=lambda one: notes.add(one.note))
    assert result.path == models / "loras" / MODEL.name
    assert any("'LORA'" in note and str(models / "loras") in note for note in notes)
    (sidecar,) = (json.loads(path.read_text()) for path in (models / "loras").glob("*.json"))
    assert sidecar["data"]["id"] == 7
    assert sidecar["anyfetch"]["source"].startswith("civitai:7")
    assert fetch("civitai:7", type="lora", models=models).status is Status.PRESENT


def test_a_template_makes_folders_and_names(origin: Origin, models: Path) -> None:
    url = origin.add("/a.safetensors", data=CONTENT).url
    assert fetch(url, type="lora", models=models, folder="{host}").path == models / "loras/127.0.0.1/a.safetensors"
    renamed = fetch(url, type="lora", models=models, folder="{type}/{name} x")
    assert renamed.path == models / "loras/lora/a x.safetensors"


def test_no_template_leads_out_by_a_link(origin: Origin, tmp_path: Path, models: Path) -> None:
    (models / "loras").mkdir(parents=True)
    (models / "loras" / "lora").symlink_to(tmp_path, target_is_directory=True)
    (result,) = fetch_many(
        [Job(origin.add("/a.bin", data=CONTENT).url, Settings(type="lora", models=models, folder="{type}"))]
    )
    assert result.error is not None
    assert names(tmp_path) == {"models"}


def test_the_folder_of_the_first_fetcher_is_found_and_used(origin: Origin, models: Path) -> None:
    url = origin.add("/dream.safetensors", data=CONTENT).url
    model, _ = leave(models / "checkpoints", url=url, content=CONTENT)
    result = fetch(url, type="checkpoint", models=models)
    assert (result.status, result.path, result.verified) == (Status.PRESENT, model, "sha256")
    assert origin.ledger().requests == 0


def test_what_the_first_fetcher_brought_from_elsewhere_is_linked_after_it_was_read(
    origin: Origin, models: Path
) -> None:
    leave(models / "checkpoints", content=CONTENT)
    url = origin.add("/other.safetensors", data=CONTENT).url
    result = fetch(url, type="checkpoint", models=models, digests=[f"sha256:{SHA256}"])
    assert (result.status, result.path) == (Status.LINKED, models / "checkpoints" / "other.safetensors")
    assert origin.ledger().requests == 0


def test_a_sidecar_that_lies_is_not_believed(origin: Origin, models: Path) -> None:
    url = origin.add("/dream.safetensors", data=CONTENT).url
    model, _ = leave(models / "checkpoints", url=url, content=CONTENT)
    model.write_bytes(CONTENT[:-1] + b"!")
    result = fetch(url, type="checkpoint", models=models)
    assert (result.status, result.path) == (Status.DOWNLOADED, models / "checkpoints" / "dream.safetensors")
