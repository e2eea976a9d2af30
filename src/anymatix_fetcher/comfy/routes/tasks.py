"""Maps jobs to the tasks and events of ComfyUI's page. Pure.

The page accepts a task only if its id is a dashed UUID, its times end in ``Z``, and no value is ``null``. Its five
states
don't include waiting or paused, so such jobs are reported as running.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.comfy.routes.categories import Placed

_NAMESPACE = UUID("6f0a1c1e-9d36-5c5e-8a53-2f7b7f1f9d10")
"""A fixed namespace, so that a job's task has the same id after a restart."""

RUNNING, COMPLETED, FAILED, CANCELLED, CREATED = "running", "completed", "failed", "cancelled", "created"
ENDED = frozenset({COMPLETED, FAILED, CANCELLED})
_STATUSES = {"queued": RUNNING, "active": RUNNING, "paused": RUNNING, "failed": FAILED, "cancelled": CANCELLED}
_UNSEEN = "the file was downloaded, but ComfyUI doesn't list it under this name"


@dataclass(frozen=True, slots=True)
class StockTask:
    """A job as a task of ComfyUI's page.

    Args:
        job: The job, as returned by the queue's API.
        placed: The file's destination; ``None`` outside the model folders.
        is_found: Whether the loader finds the file by its name.
        has_waited: Whether the loader had enough time to find it.
    """

    job: Mapping[str, Any]
    placed: Placed | None
    is_found: bool = False
    has_waited: bool = False

    @property
    def id(self) -> str:
        """A UUID that is derived from the job's id."""
        return task_id(self.job["id"])

    @property
    def status(self) -> str:
        """The page's state. A task is completed only when the loader finds its file."""
        if self.job["state"] != "done":
            return _STATUSES[self.job["state"]]
        if self.is_found or self.placed is None:
            return COMPLETED
        return FAILED if self.has_waited else RUNNING

    @property
    def name(self) -> str:
        """The file's name."""
        return self.placed.name if self.placed is not None else str(self.job.get("name") or self.job["reference"])

    @property
    def error(self) -> str:
        """Why the task failed; otherwise empty."""
        if self.status != FAILED:
            return ""
        error = self.job.get("error") or {"message": _UNSEEN, "hint": "Reload ComfyUI's page."}
        return ". ".join(filter(None, (str(error["message"]).rstrip("."), str(error.get("hint") or ""))))


def task_id(job_id: str) -> str:
    """The task id of a job."""
    return str(uuid5(_NAMESPACE, job_id))


def event_of(task: StockTask) -> dict[str, object]:
    """The content of the message ``asset_download``."""
    size, stored = int(task.job.get("size") or 0), int(task.job.get("bytes_stored") or 0)
    is_whole = task.job["state"] == "done"
    event: dict[str, object] = {
        "task_id": task.id,
        "asset_name": task.name,
        "bytes_total": size,
        "bytes_downloaded": size if is_whole else stored,
        "progress": 1.0 if is_whole else min(1.0, round(stored / size, 4)) if size else 0.0,
        "status": task.status,
    }
    return {**event, "error": task.error} if task.error else event


def task_object(task: StockTask) -> dict[str, object]:
    """The response of ``GET /api/tasks/{id}``."""
    job = task.job
    changed = job.get("ended_at") or job.get("started_at") or job["created_at"]
    found: dict[str, object] = {
        "id": task.id,
        "task_name": "download_file",
        "idempotency_key": str(job["id"]),
        "payload": {"destination": task.name, "folder": task.placed.category if task.placed is not None else ""},
        "status": task.status,
        "create_time": _moment(job["created_at"]),
        "update_time": _moment(changed),
    }
    if job.get("started_at"):
        found["started_at"] = _moment(job["started_at"])
    if task.status in ENDED:
        found["completed_at"] = _moment(job.get("ended_at") or changed)
        found["result"] = _result(task)
    if task.error:
        found["error_message"] = task.error
    return found


def _result(task: StockTask) -> dict[str, object]:
    """The result of an ended task."""
    result: dict[str, object] = {"success": task.status == COMPLETED, "filename": task.name}
    done = task.job.get("result") or {}
    if task.status == COMPLETED:
        result["file_path"] = str(task.job.get("path") or task.name)
        result["bytes_downloaded"] = int(task.job.get("size") or 0)
        if done.get("sha256"):
            result["hash"] = f"sha256:{done['sha256']}"
    if task.error:
        result["error"] = task.error
    return result


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
