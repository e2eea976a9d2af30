"""The routes of ComfyUI's own page, ``/assets/download`` and ``/tasks/{id}``, and the bridge's route."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from anymatix_fetcher.comfy.routes.answers import RefusedError, answer, body_of
from anymatix_fetcher.comfy.routes.tasks import ENDED, FAILED, task_object

if TYPE_CHECKING:
    from aiohttp import web

    from anymatix_fetcher.comfy.routes.downloads import Downloads
    from anymatix_fetcher.comfy.routes.tasks import StockTask

_MODELS, _TYPE = "models", "model_type:"


class StockRoutes:
    """The routes' handlers.

    Args:
        downloads: Checks and starts downloads.
    """

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads

    async def download_asset(self, request: web.Request) -> web.Response:
        """``POST /api/assets/download``."""
        body = await body_of(request, {"source_url": str, "tags": list})
        url, tags = str(body["source_url"]), _texts(body["tags"])
        kinds = [tag.removeprefix(_TYPE) for tag in tags if tag.startswith(_TYPE)]
        if _MODELS not in tags or len(kinds) != 1:
            raise RefusedError(400, "INVALID_BODY", f"the tags have to be 'models' and one '{_TYPE}FOLDER'")
        name = body.get("filename") or name_of(url)
        if not isinstance(name, str):
            raise RefusedError(400, "INVALID_BODY", "'filename' isn't a string")
        return accepted(await self._downloads.start(url, kinds[0], name))

    async def download_model(self, request: web.Request) -> web.Response:
        """``POST /anymatix/download``, for the bridge, with the name and the folder from a workflow."""
        body = await body_of(request, {"url": str, "name": str, "directory": str})
        digests = _texts(body.get("digests"))
        task = await self._downloads.start(str(body["url"]), str(body["directory"]), str(body["name"]), digests=digests)
        return accepted(task)

    async def get_task(self, request: web.Request) -> web.Response:
        """``GET /api/tasks/{id}``."""
        return answer(task_object(await self._task(request)))

    async def cancel_task(self, request: web.Request) -> web.Response:
        """``DELETE /api/tasks/{id}``."""
        task = await self._task(request)
        if task.status in ENDED or task.job["state"] == "done":
            raise RefusedError(409, "NOT_CANCELLABLE", f"the task is {task.status} and can't be cancelled")
        await self._downloads.cancel(task)
        return answer({"status": "cancelling"})

    async def _task(self, request: web.Request) -> StockTask:
        task = await self._downloads.task(request.match_info["id"].lower())
        if task is None:
            raise RefusedError(404, "TASK_NOT_FOUND", "there is no such task")
        return task


def accepted(task: StockTask) -> web.Response:
    """The response to a download that was started or had been started before."""
    found: dict[str, object] = {
        "task_id": task.id,
        "job_id": task.job["id"],
        "status": task.status,
    }
    if task.status == FAILED:
        found["message"] = task.error
    return answer(found, 202)


def name_of(url: str) -> str:
    """The last path component of a URL."""
    try:
        return unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return ""


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
