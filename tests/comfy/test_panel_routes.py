"""The queue's API as the panel asks it, the page's files, and the routes of the first fetcher."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.comfy.site import URL, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOBS = "/anymatix/api/v1/jobs"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as found:
        yield found


def test_a_job_from_its_reference_to_its_end(here: Site) -> None:
    added = here.ask("POST", JOBS, {"references": [URL], "type": "loras", "output": "m.safetensors"})
    assert added.status == 201
    [job] = added.jobs
    told = here.told("anymatix_jobs", lambda told: bool(told["jobs"]))
    assert [one["id"] for one in told["jobs"]] == [job["id"]]
    here.bench.turn()
    path = f"{JOBS}/{job['id']}"
    assert here.ask("PATCH", path, {"state": "paused"}).json["state"] == "paused"
    assert here.ask("PATCH", path, {"state": "queued"}).json["state"] == "queued"
    here.bench.turn()
    assert here.ask("GET", f"{path}/blocks").status == 200
    assert here.ask_meanwhile("DELETE", f"{path}?part=remove").json["state"] == "cancelled"
    assert here.ask("POST", f"{path}/retry", {}).json["state"] == "queued"
    here.bench.turn()
    here.bench.runner.of(URL).finish()
    here.bench.turn()
    here.told("anymatix_jobs", lambda told: any(one["state"] == "done" for one in told["jobs"]))
    assert here.ask("DELETE", path).status == 204
    assert here.told("anymatix_jobs", lambda told: told["removed"])["removed"] == [job["id"]]


def test_comfyuis_names_of_types_are_its_own_folders(here: Site, tmp_path: Path) -> None:
    here.comfyui.folder_paths.add_model_folder_path("unet_gguf", str(tmp_path / "models" / "unet"))
    added = here.ask("POST", JOBS, {"references": [URL], "type": "unet_gguf", "output": "q4.gguf"})
    assert added.status == 201
    here.bench.turn()
    assert here.bench.runner.of(URL).job.settings.output == tmp_path / "models" / "unet" / "q4.gguf"


@pytest.mark.parametrize(
    "body",
    [
        {"references": [URL], "directory": "/etc"},
        {"references": [URL], "type": "custom_nodes"},
        {"references": [URL], "type": "nothing"},
        {"references": [URL], "type": "vae", "output": "../m.safetensors"},
        {"references": []},
    ],
)
def test_a_page_says_no_folder(here: Site, body: object) -> None:
    assert here.ask("POST", JOBS, body).status in {400, 403}
    assert here.bench.queue.jobs() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/anymatix/api/v1/events"),
        ("GET", "/anymatix/api/v1/openapi.json"),
        ("GET", "/anymatix/api/v1/jobs/../../healthz"),
        ("POST", "/anymatix/api/v1/status"),
        ("DELETE", "/anymatix/api/v1/settings"),
    ],
)
def test_nothing_else_is_handed_on(here: Site, method: str, path: str) -> None:
    assert here.ask(method, path, {} if method == "POST" else None).status == 404


def test_the_queue_says_what_is_wrong(here: Site) -> None:
    answered = here.ask("GET", f"{JOBS}/0123456789abcdef")
    assert (answered.status, answered.error["kind"]) == (404, "UnknownJobError")
    assert here.ask("GET", "/anymatix/api/v1/jobs?state=nothing").status == 400


def test_what_a_workflow_needs_is_told_with_its_subgraphs(here: Site, tmp_path: Path) -> None:
    (tmp_path / "models" / "vae" / "here.safetensors").write_bytes(b"x")

    def node(kind: str, name: str) -> dict[str, object]:
        entry = {"name": name, "directory": "vae"}
        return {"id": 1, "type": kind, "widgets_values": [name], "properties": {"models": [entry]}}

    workflow = {
        "nodes": [node("VAELoader", "here.safetensors"), {"id": 2, "type": "inner", "widgets_values": []}],
        "definitions": {"subgraphs": [{"id": "inner", "nodes": [node("VAELoader", "gone.safetensors")]}]},
        "links": [],
        "version": 0.4,
    }
    answered = here.ask("POST", "/anymatix/api/v1/workflow", {"workflow": workflow})
    models = answered.json["models"]
    assert isinstance(models, list)
    assert {model["name"]: model["state"] for model in models} == {
        "here.safetensors": "here",
        "gone.safetensors": "no address",
    }


def test_the_page_is_served_and_nothing_beside_it(here: Site) -> None:
    script = here.ask("GET", "/anymatix/page/panel.js", headers={})
    assert (script.status, script.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert b"export function mount" in script.content
    assert here.ask("GET", "/anymatix/page/panel.css").headers["Content-Type"] == "text/css; charset=utf-8"
    for name in ("__init__.py", "nothing.js", "..%2Faccess.py", "%2e%2e%2fapp.js"):
        assert here.ask("GET", f"/anymatix/page/{name}").status == 404


def a_model(folder: Path, url: str, content: bytes, **more: object) -> Path:
    """A model with its sidecar, as the first fetcher has left them."""
    digest = hashlib.sha256(content).hexdigest()
    path = folder / f"m_{digest}.safetensors"
    path.write_bytes(content)
    said = {"url": url, "file_name": path.name, "name": "m.safetensors", "file_size": 1, "data": None, "sha256": digest}
    (folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json").write_text(json.dumps({**said, **more}))
    return path


def test_the_first_fetchers_resources_and_their_removal(here: Site, tmp_path: Path) -> None:
    vae = tmp_path / "models" / "vae"
    model = a_model(vae, URL, b"content", data={"id": 1})
    assert here.ask("GET", "/anymatix/storage_location").json == {"models_dir": str(tmp_path / "models")}
    found = here.ask("GET", "/anymatix/resources").json
    assert found == {
        "vae": [
            {
                "url": URL,
                "file_name": model.name,
                "name": "m.safetensors",
                "file_size": 7,
                "data": {"id": 1},
                "sha256": hashlib.sha256(b"content").hexdigest(),
            }
        ]
    }
    assert here.ask("GET", f"/anymatix/models/vae/{model.name}").content == b"content"
    assert here.ask("GET", "/anymatix/models/../state/queue.sqlite").status == 404
    gone = here.ask("POST", "/anymatix/delete_resource", {"url": f"{URL}?token=x"})
    assert (gone.status, list(vae.iterdir())) == (200, [])
    again = here.ask("POST", "/anymatix/delete_resource", {"url": URL})
    assert (again.status, again.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert here.ask("POST", "/anymatix/delete_resource", {}).status == 400


def test_a_file_that_is_called_after_its_content_is_found(here: Site, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    path = f"/anymatix/hashedModelAssetExists?hash={digest}&folder_paths_key=loras&extension=safetensors"
    assert here.ask("GET", path).json == {"exists": False}
    loras = tmp_path / "models" / "loras"
    (loras / f"x_{digest}.safetensors").write_bytes(b"x")
    assert here.ask("GET", path).json == {"exists": True}
    (loras / f"x_{digest}.safetensors").rename(loras / f"{digest}.safetensors")
    assert here.ask("GET", path).json == {"exists": True}
    assert here.ask("GET", path.replace("safetensors", "gguf")).json == {"exists": False}
    for known, other in ((digest, "../x"), ("loras", "nothing"), ("loras", "custom_nodes")):
        assert here.ask("GET", path.replace(known, other)).json == {"exists": False}
    nothing = here.ask("GET", "/anymatix/hashedModelAssetExists?hash=x")
    assert (nothing.status, nothing.content) == (400, b"missing hash, folder_paths_key, or extension")
