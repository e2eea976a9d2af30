"""The contracts that lie in branches of ComfyUI: served where the operator names them, and nowhere else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.comfy.site import URL, Site, site
from tests.queue.fakes import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = {"name": "m.safetensors", "directory": "vae", "url": URL}
SLY = {"name": "../m.safetensors", "directory": "vae", "url": URL + "?2"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, {"ANYFETCH_COMFY_CONTRACTS": "availability, batches missing"}) as found:
        yield found


def test_they_are_off_unless_they_are_named(tmp_path: Path) -> None:
    with site(tmp_path) as found:
        for path in ("/models/download", "/download-models", "/experiment/models/download_missing"):
            assert found.ask("POST", path, {"models": [MODEL]}).status == 404


def test_a_batch_is_told_model_by_model(here: Site) -> None:
    begun = here.ask("POST", "/api/models/download", {"models": [MODEL, SLY]})
    assert begun.status == 202
    path = f"/models/download/{begun.json['batch_id']}"
    models = here.ask("GET", path).json["models"]
    assert isinstance(models, list)
    assert [(model["name"], model["status"]) for model in models] == [
        ("m.safetensors", "queued"),
        ("../m.safetensors", "failed"),
    ]
    here.bench.turn()
    here.bench.runner.of(URL).finish()
    here.bench.turn()
    models = here.ask("GET", path).json["models"]
    assert isinstance(models, list)
    assert (models[0]["status"], models[0]["bytes_total"], models[0]["error"]) == ("completed", 1000, None)
    assert here.ask("GET", "/models/download/none").status == 404


def test_availability_from_missing_to_available(here: Site) -> None:
    models = {"models": {"vae/m.safetensors": URL}}

    def state() -> object:
        told = here.ask("POST", "/models-availability-status", models).json["models"]
        assert isinstance(told, dict)
        return told["vae/m.safetensors"]["state"]

    assert state() == "missing"
    assert here.ask("POST", "/download-models", models).json["scheduled"] == ["vae/m.safetensors"]
    assert state() == "downloading"
    here.bench.turn()
    here.bench.runner.of(URL).finish()
    here.bench.turn()
    assert state() == "available"
    assert here.ask("POST", "/cancel-model-download-session", {"model_id": "none"}).json == {"cancelled": False}


def test_a_held_request_is_answered_when_all_has_ended(here: Site) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = {"models": [MODEL, SLY], "client_id": "me", "batch_id": "b"}
        asking = pool.submit(here.ask, "POST", "/experiment/models/download_missing", asked)
        until(lambda: bool(here.bench.queue.jobs()))
        here.bench.turn()
        here.bench.runner.of(URL).finish()
        here.bench.turn()
        told = asking.result(30).json
    results = told["results"]
    assert isinstance(results, list)
    assert (told["downloaded"], told["failed"]) == (1, 1)
    assert [result["status"] for result in results] == ["downloaded", "blocked"]
    again = here.ask("POST", "/experiment/models/download_missing", {"models": [MODEL]}).json
    assert again["skipped"] == 1
