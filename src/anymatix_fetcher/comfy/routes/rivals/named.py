"""Lists of models by folder, name and URL, which all these interfaces share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from anymatix_fetcher.comfy.routes.answers import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.comfy.routes.downloads import Downloads
    from anymatix_fetcher.comfy.routes.tasks import StockTask

_MOST = 1000


def listed_models(body: dict[str, object]) -> list[tuple[str, str, str]]:
    """Folder, name and URL of each of ``models``.

    Raises:
        RefusedError: A model lacks one of them.
    """
    models = body.get("models")
    if not isinstance(models, list) or not models or len(models) > _MOST:
        raise RefusedError(400, "INVALID_BODY", f"'models' has to be a list of 1 to {_MOST} models")
    found: list[tuple[str, str, str]] = []
    for model in models:
        texts = [model.get(name) for name in ("directory", "name", "url")] if isinstance(model, dict) else []
        if len(texts) != 3 or not all(isinstance(text, str) and text for text in texts):  # noqa: PLR2004 - as above
            raise RefusedError(400, "INVALID_BODY", "each model has to have a directory, a name and a url")
        found.append((str(texts[0]), str(texts[1]), str(texts[2])))
    return found


async def asked_jobs(downloads: Downloads, models: Sequence[tuple[str, str, str]]) -> list[StockTask | RefusedError]:
    """Starts the downloads; returns the task of each model, or its error."""

    async def begin(model: tuple[str, str, str]) -> StockTask | RefusedError:
        directory, name, url = model
        try:
            return await downloads.start(url, directory, name)
        except RefusedError as error:
            return error

    return list(await asyncio.gather(*map(begin, models)))
