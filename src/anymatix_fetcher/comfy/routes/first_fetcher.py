"""The routes of the first AnymatixFetcher that concern models, in their shapes, for programs that were made for it.

They are ``resources``, ``delete_resource``, ``storage_location``, ``hashedModelAssetExists`` and ``models/...``, below
``/anymatix``. What reads folders does so on another thread.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from anymatix_fetcher.comfy.routes.answers import answer, body_of
from anymatix_fetcher.errors import FetchError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.comfy.routes.categories import Categories

T = TypeVar("T")

_logger = logging.getLogger("anymatix_fetcher.comfy")
_MOST_BYTES = 4 << 20


class FirstFetcher:
    """The handlers.

    Args:
        categories: Where models are.
    """

    def __init__(self, categories: Categories) -> None:
        self._categories = categories

    async def get_resources(self, request: web.Request) -> web.Response:
        """Every sidecar with its file's size, by ComfyUI's types."""
        del request
        return answer(await _aside(self._resources))

    async def delete_resource(self, request: web.Request) -> web.Response:
        """Removes what came from an address, unless another sidecar names it too; the answer is text."""
        body = await body_of(request)
        url = body.get("url")
        if not isinstance(url, str) or not url:
            return web.Response(text="Missing or invalid 'url' field", status=400)
        try:
            return web.Response(text=await _aside(lambda: self._removed(url)))
        except NotFoundError as error:
            return web.Response(text=f"NOT FOUND: {error.message}", status=404)
        except FetchError as error:
            return web.Response(text=f"{error.message}. {error.hint}", status=500)

    async def get_storage_location(self, request: web.Request) -> web.Response:
        """Where models are."""
        del request
        return answer({"models_dir": str(self._categories.models)})

    async def has_hashed_asset(self, request: web.Request) -> web.Response:
        """Whether a file is there that is called after its content, so that ``sha256://`` finds it."""
        asked = [request.query.get(name, "") for name in ("hash", "folder_paths_key", "extension")]
        if not all(asked):
            return web.Response(text="missing hash, folder_paths_key, or extension", status=400)
        return answer({"exists": await _aside(lambda: self._exists(*asked))})

    async def get_model(self, request: web.Request) -> web.StreamResponse:
        """A file below the folder of models."""
        name = request.match_info["filename"]
        file = await _aside(lambda: self._file(name))
        return web.Response(text="File not found", status=404) if file is None else web.FileResponse(file)

    def _file(self, name: str) -> Path | None:
        wanted = Path(os.path.abspath(self._categories.models / name))  # noqa: PTH100 - no link is followed
        roots = [root.resolve() for root in self._categories.roots()]
        is_inside = any(wanted.resolve().is_relative_to(root) for root in roots)
        return wanted if is_inside and wanted.is_relative_to(self._categories.models) and wanted.is_file() else None

    def _exists(self, digest: str, folder: str, extension: str) -> bool:
        from anymatix_fetcher.library.hash_named import find_hash_named, parse_hash_reference  # noqa: PLC0415 - as below
        from anymatix_fetcher.storage.os_disk import OsDisk  # noqa: PLC0415 - as below

        digits = parse_hash_reference(f"sha256://{digest}")
        if digits is None:
            return False
        ending = f".{extension.lstrip('.').lower()}"
        return find_hash_named(self._categories.roots_of(folder), digits, OsDisk(), {ending}) is not None

    def _resources(self) -> dict[str, list[dict[str, object]]]:
        found: dict[str, list[dict[str, object]]] = {}
        for path in self._sidecars():
            said = _read(path)
            name = said.get("file_name")
            if not isinstance(name, str) or not name:
                continue
            model = path.with_name(Path(name).name)
            if model.is_file():
                said["file_size"] = model.stat().st_size
            placed = self._categories.of_path(str(path))
            kind = placed.category if placed is not None else path.relative_to(self._categories.models).parts[0]
            found.setdefault(kind, []).append(said)
        return found

    def _sidecars(self) -> Iterator[Path]:
        seen = set[str]()
        for root in self._categories.roots():
            for folder, below, names in os.walk(root):
                below.sort()
                for name in sorted(names):
                    path = Path(folder, name)
                    if name.endswith(".json") and str(path) not in seen:
                        seen.add(str(path))
                        yield path

    def _removed(self, url: str) -> str:
        from anymatix_fetcher.verbs.remove import remove  # noqa: PLC0415 - ComfyUI starts without it

        going = remove(url, models=self._categories.models)
        models, sidecars = ([name for one in going for name in getattr(one, kind)] for kind in ("models", "sidecars"))
        _logger.info("removed %s", ", ".join(models) or "sidecars alone")
        return f"deleted_sidecars={sidecars} | deleted_models={models}"


def _read(path: Path) -> dict[str, object]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


async def _aside(action: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, action)
