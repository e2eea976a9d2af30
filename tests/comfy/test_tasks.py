"""A job as ComfyUI's page knows it: what its schema takes, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest

from anymatix_fetcher.comfy.routes.announcing import TaskAnnouncer
from anymatix_fetcher.comfy.routes.categories import Placed
from anymatix_fetcher.comfy.routes.tasks import StockTask, event_of, task_id, task_object

PLACED = Placed("vae", "sub/m.safetensors", Path("/models/vae"))
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def a_job(state: str = "active", **more: object) -> dict[str, object]:
    return {
        "id": "0123456789abcdef",
        "reference": "https://huggingface.co/o/r/resolve/main/m.safetensors",
        "state": state,
        "name": "m.safetensors",
        "path": str(PLACED.path),
        "size": 1000,
        "bytes_stored": 250,
        "created_at": 1_764_547_200.5,
        "started_at": 1_764_547_201.0,
        "ended_at": None,
        "error": None,
        "result": None,
        **more,
    }


@pytest.mark.parametrize("state", ["queued", "active", "paused", "done", "failed", "cancelled"])
def test_a_task_is_what_the_pages_schema_takes(state: str) -> None:
    error = {"kind": "NotFoundError", "message": "it is gone", "hint": "Look elsewhere."} if state == "failed" else None
    found = task_object(StockTask(a_job(state, error=error, ended_at=None), PLACED, is_found=True))
    identity = UUID(str(found["id"]))
    assert str(identity) == found["id"]
    assert identity.version == 5
    assert identity.variant == "specified in RFC 4122"
    assert None not in found.values()
    assert found["status"] in {"created", "running", "completed", "failed", "cancelled"}
    assert isinstance(found["idempotency_key"], str)
    assert found["payload"] == {"destination": "sub/m.safetensors", "folder": "vae"}
    times = [value for key, value in found.items() if key.endswith(("_time", "_at"))]
    assert len(times) >= 3
    assert all(TIME.fullmatch(str(value)) for value in times)
    result = found.get("result")
    assert result is None or (isinstance(result, dict) and None not in result.values())


@pytest.mark.parametrize(
    ("state", "status"), [("queued", "running"), ("paused", "running"), ("cancelled", "cancelled")]
)
def test_states_in_the_pages_words(state: str, status: str) -> None:
    assert StockTask(a_job(state), PLACED).status == status


def test_a_task_is_completed_when_the_loader_finds_its_file() -> None:
    job = a_job("done")
    assert StockTask(job, PLACED).status == "running"
    assert StockTask(job, PLACED, is_found=True).status == "completed"
    late = StockTask(job, PLACED, has_waited=True)
    assert (late.status, late.error) == (
        "failed",
        "the file was downloaded, but ComfyUI doesn't list it under this name. Reload ComfyUI's page.",
    )


def test_an_event_counts_bytes() -> None:
    assert event_of(StockTask(a_job(), PLACED)) == {
        "task_id": task_id("0123456789abcdef"),
        "asset_name": "sub/m.safetensors",
        "bytes_total": 1000,
        "bytes_downloaded": 250,
        "progress": 0.25,
        "status": "running",
    }
    unknown = event_of(StockTask(a_job(size=None), PLACED))
    assert (unknown["bytes_total"], unknown["progress"]) == (0, 0.0)


def test_an_events_error_says_what_to_do() -> None:
    error = {"kind": "AccessDeniedError", "message": "it is gated", "hint": "Set HF_TOKEN."}
    event = event_of(StockTask(a_job("failed", error=error), PLACED))
    assert (event["status"], event["error"]) == ("failed", "it is gated. Set HF_TOKEN.")


def test_changes_are_told_once_a_second_and_an_end_at_once() -> None:
    announcer = TaskAnnouncer()
    announcer.watch(a_job(bytes_stored=0), PLACED)
    told: list[tuple[float, object, object]] = []
    for tick in range(13):
        now = tick / 4
        announcer.changed(a_job("done" if tick == 10 else "active", bytes_stored=tick * 10))
        if tick == 10:
            announcer.found([job_id for job_id, _ in announcer.looked_for()])
        told += [(now, event["status"], event["bytes_downloaded"]) for event in announcer.due(now)]
    assert told == [(0.0, "running", 0), (1.0, "running", 40), (2.0, "running", 80), (2.5, "completed", 1000)]


def test_what_waits_is_told_again_and_again() -> None:
    announcer = TaskAnnouncer()
    announcer.watch(a_job("paused"), PLACED)
    assert [now for now in range(60) for _ in announcer.due(float(now))] == [
        0,
        5,
        10,
        15,
        20,
        25,
        30,
        35,
        40,
        45,
        50,
        55,
    ]


def test_a_file_that_the_loader_never_finds_fails_in_the_end() -> None:
    announcer = TaskAnnouncer()
    announcer.watch(a_job("done"), PLACED)
    told = [(now, event["status"]) for now in range(30) for event in announcer.due(float(now))]
    assert told == [(0, "running"), (5, "running"), (10, "running"), (15, "failed")]


def test_what_is_asked_for_again_is_told_again() -> None:
    announcer = TaskAnnouncer()
    for now in (0.0, 100.0):
        announcer.watch(a_job("done"), PLACED)
        announcer.found(["0123456789abcdef"])
        assert [event["status"] for event in announcer.due(now)] == ["completed"]
        assert announcer.due(now + 50) == []
