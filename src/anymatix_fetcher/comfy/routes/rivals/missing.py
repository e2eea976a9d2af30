"""The interface ``/experiment/models/download_missing``: one request that lasts until all models are downloaded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.routes.answers import RefusedError, answer, body_of
from anymatix_fetcher.comfy.routes.rivals.named import asked_jobs, listed_models
from anymatix_fetcher.comfy.routes.tasks import CANCELLED, COMPLETED, ENDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from anymatix_fetcher.comfy.routes.downloads import Downloads
    from anymatix_fetcher.comfy.routes.tasks import StockTask

POLL_SECONDS = 0.5
_COUNTED = {"downloaded": "downloaded", "skipped_existing": "skipped", "canceled": "canceled"}


class Missing:
    """The routes' handlers.

    Args:
        downloads: Checks and starts downloads.
    """

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads
        self._batches: dict[str, list[StockTask]] = {}

    def routes(self) -> Iterator[tuple[str, str, Any]]:
        """The method, path and handler of each route."""
        yield "POST", "/experiment/models/download_missing", self.download
        yield "POST", "/experiment/models/download_missing/cancel", self.cancel

    async def download(self, request: web.Request) -> web.Response:
        """Downloads models, and responds when the last one has ended."""
        body = await body_of(request)
        models, batch = listed_models(body), str(body.get("batch_id") or "")
        begun = await asked_jobs(self._downloads, models)
        self._batches[batch] = [task for task in begun if not isinstance(task, RefusedError)]
        try:
            results = await asyncio.gather(*map(self._result, models, begun))
        finally:
            self._batches.pop(batch, None)
        counts = dict.fromkeys(("downloaded", "skipped", "canceled", "failed"), 0)
        for result in results:
            counts[_COUNTED.get(str(result["status"]), "failed")] += 1
        return answer({**counts, "results": results})

    async def cancel(self, request: web.Request) -> web.Response:
        """Cancels one task of a batch, or all of them."""
        body = await body_of(request)
        for task in self._batches.get(str(body.get("batch_id") or ""), []):
            if body.get("task_id") in (None, "", task.id):
                await self._downloads.cancel(task)
        return answer({"status": "ok"})

    async def _result(self, model: tuple[str, str, str], begun: StockTask | RefusedError) -> dict[str, object]:
        directory, name, url = model
        one: dict[str, object] = {"name": name, "directory": directory, "url": url.partition("?")[0]}
        if isinstance(begun, RefusedError):
            return {**one, "status": "blocked", "error": begun.message}
        if begun.status == COMPLETED:
            return {**one, "status": "skipped_existing"}
        task = begun
        while task.status not in ENDED:
            await asyncio.sleep(POLL_SECONDS)
            task = await self._downloads.refreshed(task)
        if task.status == COMPLETED:
            return {**one, "status": "downloaded"}
        return {**one, "status": "canceled" if task.status == CANCELLED else "failed", "error": task.error}
