from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import CancelToken, RetriesExhaustedError
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.verbs.adopt import adopt
from anymatix_fetcher.verbs.ls import list_models
from tests.verbs.models import arrived, civitai_at, content, digest, know, model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.verbs.progress import CareProgress

DATA = content(3000)
OTHER = content(3000, seed=2)


@pytest.fixture
def civitai(monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    with Origin() as origin, civitai_at(origin, monkeypatch):
        know(origin, DATA, 143906)
        yield origin


def test_a_model_that_civitai_knows_gets_a_sidecar(tmp_path: Path, civitai: Origin) -> None:
    path = model(tmp_path / "loras" / "found.safetensors", DATA)
    (adopted,) = adopt(models=tmp_path)
    assert adopted.identified is not None
    assert adopted.sidecar is not None
    said = json.loads(adopted.sidecar.read_text())
    assert said["url"] == "https://civitai.com/api/download/models/143906?fileId=1439060"
    assert (said["file_name"], said["name"], said["sha256"]) == (path.name, "dream.safetensors", digest(DATA).hex)
    assert said["data"]["model"]["name"] == "Dream"
    assert said["anyfetch"]["source"] == "civitai:143906?fileId=1439060"
    assert (said["anyfetch"]["type"], said["anyfetch"]["verified"]) == ("lora", "sha256")
    assert list_models(models=tmp_path).models[0].origin == "civitai.com"
    assert path.read_bytes() == DATA
    assert adopt(models=tmp_path) == []
    assert civitai.ledger().requests == 1


def test_what_civitai_doesnt_know_gets_none_and_isnt_asked_for_again(tmp_path: Path, civitai: Origin) -> None:
    model(tmp_path / "a.safetensors", OTHER)
    for _ in range(2):
        (adopted,) = adopt(models=tmp_path)
        assert (adopted.identified, adopted.sidecar, adopted.error) == (None, None, None)
        assert adopted.sha256 == digest(OTHER).hex
    assert civitai.ledger().requests == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_dry_run_writes_nothing_and_its_answers_serve_the_real_one(tmp_path: Path, civitai: Origin) -> None:
    model(tmp_path / "a.safetensors", DATA)
    (adopted,) = adopt(models=tmp_path, dry_run=True)
    assert adopted.identified is not None
    assert adopted.sidecar is None
    assert len(list(tmp_path.iterdir())) == 1
    assert adopt(models=tmp_path)[0].sidecar is not None
    assert civitai.ledger().requests == 1


def test_models_with_sidecars_are_left_alone(tmp_path: Path, civitai: Origin) -> None:
    arrived(tmp_path / "a.safetensors", DATA, "https://example.org/a")
    assert adopt(models=tmp_path) == []
    assert civitai.ledger().requests == 0


def test_hashing_is_told_of_and_isnt_done_twice(tmp_path: Path, civitai: Origin) -> None:
    model(tmp_path / "a.safetensors", OTHER)
    seen: list[CareProgress] = []
    adopt(models=tmp_path, on_progress=seen.append)
    assert (seen[-1].doing, seen[-1].bytes_done, seen[-1].bytes_to_do) == ("hashing", len(OTHER), len(OTHER))
    seen.clear()
    adopt(models=tmp_path, on_progress=seen.append)
    assert seen == []
    assert civitai.ledger().requests == 1


def test_a_service_that_refuses_is_asked_once_and_not_for_every_model(tmp_path: Path, civitai: Origin) -> None:
    for name, data in (("a", DATA), ("b", OTHER)):
        model(tmp_path / f"{name}.safetensors", data)
    civitai.script("status:code=403")
    first, second = adopt(models=tmp_path)
    assert first.error is not None
    assert first.error is second.error
    assert civitai.ledger().requests == 1
    assert not isinstance(first.error, RetriesExhaustedError)


def test_when_it_is_stopped_what_was_finished_is_told(tmp_path: Path, civitai: Origin) -> None:
    for name in "abcd":
        model(tmp_path / f"{name}.safetensors", content(3000, seed=ord(name)))
    cancel = CancelToken()
    adopted = adopt(models=tmp_path, cancel=cancel, on_adopted=lambda _: cancel.cancel())
    assert len(adopted) == 1
    assert civitai.ledger().requests == 1
