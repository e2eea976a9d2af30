"""Serves the web page's files from memory, with entity tags."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

INDEX = "index.html"
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_TEXTS = ("text/", "image/svg", "application/json", "application/manifest")


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the page.

    Args:
        content: The file's bytes.
        type: The media type.
        tag: The entity tag, without quotes.
    """

    content: bytes
    type: str
    tag: str


def page_files() -> dict[str, PageFile]:
    """The files of known types by their path below the page's folder."""
    return dict(_files(resources.files("anymatix_fetcher.serve") / "page", ""))


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, PageFile]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif (kind := _TYPES.get(PurePosixPath(entry.name).suffix)) is not None:
            content = entry.read_bytes()
            yield prefix + entry.name, PageFile(content, kind, hashlib.sha256(content).hexdigest()[:32])


def add_routes(app: web.Application) -> None:
    """Adds the routes: the index at ``/``, all files at ``/page/...``."""
    files = page_files()

    async def serve(request: web.Request) -> web.StreamResponse:
        file = files.get(request.match_info.get("path", INDEX))
        if file is None:
            raise web.HTTPNotFound
        headers = {"ETag": f'"{file.tag}"', "Cache-Control": "no-cache"}
        if file.tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        charset = "utf-8" if file.type.startswith(_TEXTS) else None
        return web.Response(body=file.content, content_type=file.type, charset=charset, headers=headers)

    app.router.add_get("/", serve)
    app.router.add_get("/page/{path:.+}", serve)
