"""Serves the scripts and styles of the panel from the package."""

from __future__ import annotations

from importlib import resources
from pathlib import PurePosixPath

from aiohttp import web

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


async def serve(request: web.Request) -> web.Response:
    """``GET /anymatix/page/{name}``: one file of the panel; there are no folders."""
    name = request.match_info["name"]
    kind = _TYPES.get(PurePosixPath(name).suffix)
    file = resources.files("anymatix_fetcher").joinpath("serve", "page", name)
    if kind is None or not file.is_file():
        raise web.HTTPNotFound
    return web.Response(
        body=file.read_bytes(), content_type=kind, charset="utf-8", headers={"Cache-Control": "no-cache"}
    )
