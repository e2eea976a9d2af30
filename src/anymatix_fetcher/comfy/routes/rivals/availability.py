"""The interface of the flag ``server_side_model_downloads``: models by ``FOLDER/NAME``, polled once a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.routes.answers import RefusedError, answer, body_of
from anymatix_fetcher.comfy.routes.rivals.named import asked_jobs
from anymatix_fetcher.comfy.routes.tasks import RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from anymatix_fetcher.comfy.routes.downloads import Downloads
    from anymatix_fetcher.comfy.routes.tasks import StockTask

FLAG = "server_side_model_downloads"


class Availability:
    """The routes' handlers.

    Args:
        downloads: Checks and starts downloads.
    """

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads
        self._tasks: dict[str, StockTask] = {}

    def routes(self) -> Iterator[tuple[str, str, Any]]:
        """The method, path and handler of each route."""
        yield "POST", "/models-availability-status", self.get_status
        yield "POST", "/download-models", self.download
        yield "POST", "/cancel-model-download-session", self.cancel

    async def get_status(self, request: web.Request) -> web.Response:
        """Returns the state of each model."""
        body = await body_of(request)
        names = list(_models(body))
        states = await asyncio.gather(*map(self._state, names))
        credentials = {"token_available": False, "eligible": False}
        return answer({"models": dict(zip(names, states, strict=True)), "hf_auth": credentials})

    async def download(self, request: web.Request) -> web.Response:
        """Starts the downloads of models."""
        models = _models(await body_of(request))
        named = [(*_split(identity), url) for identity, url in models.items()]
        begun = await asked_jobs(self._downloads, named)
        self._tasks |= {
            identity: task for identity, task in zip(models, begun, strict=True) if not isinstance(task, RefusedError)
        }
        scheduled = [identity for identity in models if identity in self._tasks]
        return answer({"accepted": bool(scheduled), "scheduled": scheduled}, 202)

    async def cancel(self, request: web.Request) -> web.Response:
        """Cancels the download of a model."""
        identity = str((await body_of(request, {"model_id": str}))["model_id"])
        task = self._tasks.get(identity)
        if task is not None:
            await self._downloads.cancel(task)
        return answer({"cancelled": task is not None})

    async def _state(self, identity: str) -> dict[str, object]:
        task = self._tasks.get(identity)
        if task is not None:
            task = await self._downloads.refreshed(task)
            if task.status == RUNNING:
                size, stored = task.job.get("size"), int(task.job.get("bytes_stored") or 0)
                progress = {"bytes_downloaded": stored, "total_bytes": size, "progress": stored / size if size else 0.0}
                return {"state": "downloading", "progress": progress, "file_size": size, "is_hf_downloadable": True}
        directory, name = _split(identity)
        is_here = await self._downloads.is_here(directory, name)
        return {"state": "available" if is_here else "missing", "is_hf_downloadable": True}


def _models(body: dict[str, object]) -> dict[str, str]:
    models = body.get("models")
    if not isinstance(models, dict) or not all(isinstance(url, str) for url in models.values()):
        raise RefusedError(400, "INVALID_BODY", "'models' has to be an object of URLs by FOLDER/NAME")
    return models


def _split(identity: str) -> tuple[str, str]:
    directory, _, name = identity.partition("/")
    return directory, name
