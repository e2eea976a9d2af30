"""The contract that ComfyUI's own page speaks, from its request to its last event."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from anymatix_fetcher.errors import AccessDeniedError, DestinationExistsError
from tests.comfy.site import URL, Site, answer_itself, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.comfy.standin.server import PromptServer


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as found:
        yield found


def is_over(event: dict[str, Any]) -> bool:
    return event["status"] not in {"created", "running"}


def test_a_download_from_the_request_to_the_last_event(here: Site, tmp_path: Path) -> None:
    accepted = here.download("sub/m.safetensors")
    assert (accepted.status, accepted.json["status"]) == (202, "running")
    identity = str(accepted.json["task_id"])
    assert UUID(identity).version == 5
    here.bench.turn()
    running = here.bench.runner.of(URL)
    assert running.job.settings.output == tmp_path / "models" / "vae" / "sub" / "m.safetensors"
    running.store(400)
    here.bench.turn()
    event = here.told("asset_download", lambda event: event["bytes_downloaded"] == 400)
    assert event == {
        "task_id": identity,
        "asset_name": "sub/m.safetensors",
        "bytes_total": 1000,
        "bytes_downloaded": 400,
        "progress": 0.4,
        "status": "running",
    }
    assert here.ask("GET", f"/api/tasks/{identity}").json["status"] == "running"
    running.finish()
    here.bench.turn()
    assert here.told("asset_download", is_over)["status"] == "completed"
    assert here.comfyui.folder_paths.get_filename_list("vae") == ["sub/m.safetensors"]
    task = here.ask("GET", f"/api/tasks/{identity}").json
    assert (task["id"], task["status"]) == (identity, "completed")


def test_the_same_file_twice_is_one_task(here: Site) -> None:
    first, second = here.download(), here.download()
    assert first.json["task_id"] == second.json["task_id"]
    by_bridge = here.ask("POST", "/anymatix/download", {"url": URL, "name": "m.safetensors", "directory": "vae"})
    assert (by_bridge.status, by_bridge.json["task_id"]) == (202, first.json["task_id"])
    assert len(here.bench.queue.jobs()) == 1


def test_what_is_there_is_completed_at_once(here: Site) -> None:
    here.download()
    here.bench.turn()
    here.bench.runner.of(URL).finish()
    here.bench.turn()
    here.told("asset_download", is_over)
    again = here.download()
    assert again.json["status"] == "completed"
    assert here.told("asset_download", is_over)["status"] == "completed"


def test_another_file_of_that_name_fails_the_task_with_the_reason(here: Site) -> None:
    identity = here.download().json["task_id"]
    here.bench.turn()
    here.bench.runner.of(URL).fail(DestinationExistsError("another file is at m.safetensors", hint="Rename it."))
    here.bench.turn()
    event = here.told("asset_download", is_over)
    assert (event["status"], event["error"]) == ("failed", "another file is at m.safetensors. Rename it.")
    task = here.ask("GET", f"/api/tasks/{identity}").json
    assert (task["status"], task["error_message"]) == ("failed", event["error"])
    refused = here.download(url="https://models.invalid/other.safetensors")
    assert refused.status in {202, 409}


def test_another_download_to_that_name_is_refused_with_the_reason(here: Site) -> None:
    here.download()
    refused = here.download(url="https://models.invalid/other.safetensors")
    assert refused.status == 409
    assert "holds the destination" in refused.error["message"]
    assert refused.error["code"]


def test_a_file_that_is_in_another_folder_of_its_type_is_met_there(here: Site, tmp_path: Path) -> None:
    (tmp_path / "models" / "diffusion_models").mkdir()
    there = tmp_path / "models" / "diffusion_models" / "m.safetensors"
    there.write_bytes(b"x")
    here.download(folder="diffusion_models")
    here.bench.turn()
    assert here.bench.runner.of(URL).job.settings.output == there
    here.download("n.safetensors", folder="unet", url=URL + "?n")
    here.bench.turn()
    output = here.bench.runner.of(URL + "?n").job.settings.output
    assert output == tmp_path / "models" / "unet" / "n.safetensors"


def test_cancelling_keeps_the_part_and_is_told(here: Site) -> None:
    identity = here.download().json["task_id"]
    here.bench.turn()
    answered = here.ask_meanwhile("DELETE", f"/api/tasks/{identity}")
    assert (answered.status, answered.json) == (200, {"status": "cancelling"})
    assert here.told("asset_download", is_over)["status"] == "cancelled"
    assert here.ask("DELETE", f"/api/tasks/{identity}").status == 409
    [job] = here.bench.queue.jobs()
    assert not job.part_unwanted


def test_unknown_tasks_are_404(here: Site) -> None:
    for method in ("GET", "DELETE"):
        answered = here.ask(method, "/api/tasks/7c0b1a52-9a1e-5d3c-8f67-1d2f3a4b5c6d")
        assert (answered.status, answered.error["code"]) == (404, "TASK_NOT_FOUND")


def test_paused_jobs_are_running_ones(here: Site) -> None:
    identity = here.download().json["task_id"]
    [job] = here.bench.queue.jobs()
    here.bench.queue.pause(job.id)
    here.told("anymatix_jobs", lambda told: told["jobs"] and told["jobs"][0]["state"] == "paused")
    assert here.ask("GET", f"/api/tasks/{identity}").json["status"] == "running"


@pytest.mark.parametrize(
    ("name", "folder", "code"),
    [
        ("../m.safetensors", "vae", "INVALID_FILENAME"),
        ("/etc/m.safetensors", "vae", "INVALID_FILENAME"),
        ("sub//m.safetensors", "vae", "INVALID_FILENAME"),
        ("sub/../../m.safetensors", "vae", "INVALID_FILENAME"),
        ("..\\m.safetensors", "vae", "INVALID_FILENAME"),
        (".m.safetensors", "vae", "INVALID_FILENAME"),
        ("m\n.safetensors", "vae", "INVALID_FILENAME"),
        ("m.py", "vae", "UNSUPPORTED_EXTENSION"),
        ("m.safetensors.part", "vae", "INVALID_FILENAME"),
        ("m.safetensors", "nothing", "UNKNOWN_MODEL_FOLDER"),
        ("m.safetensors", "custom_nodes", "UNKNOWN_MODEL_FOLDER"),
        ("m.yaml", "configs", "UNKNOWN_MODEL_FOLDER"),
        ("m.safetensors", "../vae", "UNKNOWN_MODEL_FOLDER"),
    ],
)
def test_only_models_below_their_types_folders(here: Site, name: str, folder: str, code: str) -> None:
    answered = here.download(name, folder)
    assert (answered.status, answered.error["code"]) == (400, code)
    assert here.bench.queue.jobs() == []


def test_a_type_whose_folder_is_that_of_programs_is_none(here: Site, tmp_path: Path) -> None:
    link = tmp_path / "models" / "sly"
    link.symlink_to(tmp_path / "custom_nodes")
    here.comfyui.folder_paths.add_model_folder_path("sly", str(link))
    answered = here.download("m.py", "sly")
    assert (answered.status, answered.error["code"]) == (400, "UNKNOWN_MODEL_FOLDER")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"source_url": URL},
        {"source_url": 1, "tags": ["models", "model_type:vae"]},
        {"source_url": URL, "tags": ["models"]},
        {"source_url": URL, "tags": ["model_type:vae"]},
        {"source_url": URL, "tags": ["models", "model_type:vae", "model_type:loras"]},
        {"source_url": "file:///etc/passwd", "tags": ["models", "model_type:vae"], "filename": "m.safetensors"},
        {"source_url": URL, "tags": ["models", "model_type:vae"], "filename": 1},
    ],
)
def test_bodies_that_say_too_little_are_refused(here: Site, body: object) -> None:
    answered = here.ask("POST", "/api/assets/download", body)
    assert (answered.status, answered.error["code"]) == (400, "INVALID_BODY")


def test_a_name_may_be_left_to_the_address(here: Site, tmp_path: Path) -> None:
    url = "https://models.invalid/a/b%20c.safetensors?download=true"
    assert (
        here.ask("POST", "/api/assets/download", {"source_url": url, "tags": ["models", "model_type:vae"]}).status
        == 202
    )
    here.bench.turn()
    assert here.bench.runner.of(url).job.settings.output == tmp_path / "models" / "vae" / "b c.safetensors"


def test_why_a_task_failed_is_in_its_event(here: Site) -> None:
    here.download()
    here.bench.turn()
    here.bench.runner.of(URL).fail(AccessDeniedError("the model is gated", hint="Set HF_TOKEN."))
    here.bench.turn()
    assert here.told("asset_download", is_over)["error"] == "the model is gated. Set HF_TOKEN."


@pytest.mark.parametrize("path", ["/api/assets/download", "/assets/download"])
def test_a_comfyui_that_serves_it_itself_goes_first(
    tmp_path: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    def before(server: PromptServer) -> None:
        if path.startswith("/api"):
            server.app.router.add_post(path, answer_itself)
        else:
            server.routes.post(path)(answer_itself)

    caplog.set_level(logging.INFO, "anymatix_fetcher")
    with site(tmp_path, before=before) as found:
        assert found.download().json == {"by": "ComfyUI"}
        assert found.ask("GET", "/api/tasks/7c0b1a52-9a1e-5d3c-8f67-1d2f3a4b5c6d").status == 404
        bridged = found.ask("POST", "/anymatix/download", {"url": URL, "name": "m.safetensors", "directory": "vae"})
        assert bridged.status == 202
    assert "the pack's routes for these are not added" in caplog.text
