"""The interface of batches: ``POST /models/download`` returns an id that is polled every two seconds."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.routes.answers import RefusedError, answer, body_of
from anymatix_fetcher.comfy.routes.rivals.named import asked_jobs, listed_models

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiohttp import web

    from anymatix_fetcher.comfy.routes.downloads import Downloads
    from anymatix_fetcher.comfy.routes.tasks import StockTask

_KEPT = 100
_STATES = {"queued": "queued", "cancelled": "failed"}


class Batches:
    """The routes' handlers.

    Args:
        downloads: Checks and starts downloads.
    """

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads
        self._batches: OrderedDict[str, list[tuple[tuple[str, str, str], StockTask | RefusedError]]] = OrderedDict()

    def routes(self) -> Iterator[tuple[str, str, Any]]:
        """The method, path and handler of each route."""
        yield "POST", "/models/download", self.download
        yield "GET", "/models/download/{batch_id}", self.get_batch

    async def download(self, request: web.Request) -> web.Response:
        """Starts the downloads of models."""
        models = listed_models(await body_of(request))
        batch = list(zip(models, await asked_jobs(self._downloads, models), strict=True))
        identity = secrets.token_hex(16)
        self._batches[identity] = batch
        while len(self._batches) > _KEPT:
            self._batches.popitem(last=False)
        return answer({"batch_id": identity, "models": _told(batch)}, 202)

    async def get_batch(self, request: web.Request) -> web.Response:
        """Returns the state of a batch."""
        identity = request.match_info["batch_id"]
        batch = self._batches.get(identity)
        if batch is None:
            raise RefusedError(404, "BATCH_NOT_FOUND", "there is no such batch")
        now = [
            (model, task if isinstance(task, RefusedError) else await self._downloads.refreshed(task))
            for model, task in batch
        ]
        return answer({"batch_id": identity, "models": _told(now)})


def _told(batch: Sequence[tuple[tuple[str, str, str], StockTask | RefusedError]]) -> list[dict[str, object]]:
    """The models of a batch in the interface's form."""
    told: list[dict[str, object]] = []
    for (directory, name, _), task in batch:
        one: dict[str, object] = {"name": name, "directory": directory}
        if isinstance(task, RefusedError):
            told.append({**one, "status": "failed", "bytes_downloaded": 0, "bytes_total": None, "error": task.message})
            continue
        job = task.job
        status = _STATES.get(job["state"], task.status)
        counts = {"bytes_downloaded": job.get("bytes_stored") or 0, "bytes_total": job.get("size")}
        told.append({**one, "status": status, **counts, "error": task.error or None})
    return told
