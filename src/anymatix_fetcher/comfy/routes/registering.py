"""Adds the routes to ComfyUI's server when the pack is loaded; existing routes have precedence."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from aiohttp import web

from anymatix_fetcher.comfy.routes import page_files
from anymatix_fetcher.comfy.routes.admission import origins_of, refusal
from anymatix_fetcher.comfy.routes.answers import RefusedError, failure
from anymatix_fetcher.comfy.routes.catalogue import tell_catalogue
from anymatix_fetcher.comfy.routes.categories import Categories
from anymatix_fetcher.comfy.routes.downloads import Downloads
from anymatix_fetcher.comfy.routes.first_fetcher import FirstFetcher
from anymatix_fetcher.comfy.routes.following import Following
from anymatix_fetcher.comfy.routes.panel import Panel
from anymatix_fetcher.comfy.routes.stock import StockRoutes
from anymatix_fetcher.comfy.routes.uploads import BODY_TYPE, Uploads
from anymatix_fetcher.core.values.ip_addresses import private_is_allowed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from anymatix_fetcher.comfy.routes.categories import FolderPathsModule
    from anymatix_fetcher.comfy.routes.ports import DownloadingChild

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
    Route = tuple[str, str, Handler]

_logger = logging.getLogger("anymatix_fetcher.comfy")

CONTRACTS_VARIABLE = "ANYFETCH_COMFY_CONTRACTS"


def register(
    prompt_server: Any,  # noqa: ANN401 - ComfyUI's PromptServer has no types
    folder_paths: FolderPathsModule,
    child: DownloadingChild,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Adds the routes, and follows the child process while the server runs.

    Args:
        prompt_server: ComfyUI's ``PromptServer.instance``.
        folder_paths: ComfyUI's module.
        child: The child process.
        environment: The environment variables.
    """
    taken = _taken(prompt_server)
    categories = Categories(folder_paths)
    is_stock_ours = not any(path.removeprefix("/api") in _STOCK_PATHS for path in taken)
    following = Following(child, categories, prompt_server.send_sync, tells_tasks=is_stock_ours, arrived=tell_catalogue)
    downloads = Downloads(child, categories, following, private=private_is_allowed(environment))
    allowed = origins_of(environment)
    routes = [*_own_routes(downloads, categories), *_rivals(downloads, environment)]
    if is_stock_ours:
        routes = [*_stock_routes(downloads), *routes]
    else:
        _logger.info("ComfyUI has its own routes for missing models, so the pack's routes for these are not added")
    for method, path, handler in routes:
        if path in taken:
            _logger.info("%s is already served by ComfyUI or another pack, so the pack's route is not added", path)
            continue
        body_type = BODY_TYPE if path == _UPLOAD else "application/json"
        prompt_server.routes.route(method, path)(_guarded(handler, allowed, body_type))
    prompt_server.app.cleanup_ctx.append(following.run)


_UPLOAD = "/anymatix/uploadAsset"
_STOCK_PATHS = frozenset({"/assets/download", "/tasks/{id}"})


def _stock_routes(downloads: Downloads) -> Iterable[Route]:
    stock = StockRoutes(downloads)
    yield "POST", "/assets/download", stock.download_asset
    yield "GET", "/tasks/{id}", stock.get_task
    yield "DELETE", "/tasks/{id}", stock.cancel_task


def _own_routes(downloads: Downloads, categories: Categories) -> Iterable[Route]:
    yield "POST", "/anymatix/download", StockRoutes(downloads).download_model
    panel = Panel(downloads)
    for method in ("GET", "POST", "PATCH", "DELETE"):
        yield method, "/anymatix/api/v1/{path:.+}", panel.ask
    yield "GET", "/anymatix/page/{name}", page_files.serve
    first = FirstFetcher(categories)
    yield "GET", "/anymatix/resources", first.get_resources
    yield "POST", "/anymatix/delete_resource", first.delete_resource
    yield "GET", "/anymatix/storage_location", first.get_storage_location
    yield "GET", "/anymatix/hashedModelAssetExists", first.has_hashed_asset
    yield "POST", _UPLOAD, Uploads(categories).upload
    yield "GET", "/anymatix/models/{filename:.+}", first.get_model


def _rivals(downloads: Downloads, environment: Mapping[str, str]) -> Iterable[Route]:
    """The routes of the contracts that the operator has enabled, imported only for these."""
    for name in environment.get(CONTRACTS_VARIABLE, "").replace(",", " ").split():
        match name:
            case "availability":
                from anymatix_fetcher.comfy.routes.rivals.availability import FLAG, Availability  # noqa: PLC0415

                _raise_flag(FLAG)
                yield from Availability(downloads).routes()
            case "batches":
                from anymatix_fetcher.comfy.routes.rivals.batches import Batches  # noqa: PLC0415

                yield from Batches(downloads).routes()
            case "missing":
                from anymatix_fetcher.comfy.routes.rivals.missing import Missing  # noqa: PLC0415

                yield from Missing(downloads).routes()
            case _:
                _logger.warning(
                    "%s names the unknown contract %r; known ones are availability, batches, missing",
                    CONTRACTS_VARIABLE,
                    name,
                )


def _raise_flag(flag: str) -> None:
    """Sets one of ComfyUI's feature flags, which pages read."""
    try:
        from comfy_api.feature_flags import SERVER_FEATURE_FLAGS  # noqa: PLC0415 - ComfyUI's own
    except ImportError:
        return
    SERVER_FEATURE_FLAGS[flag] = True


def _taken(prompt_server: Any) -> frozenset[str]:  # noqa: ANN401 - as above
    """The paths that are already served, without the names of parameters."""
    added = {resource.canonical for resource in prompt_server.app.router.resources()}
    told = {route.path for route in prompt_server.routes if isinstance(route, web.RouteDef)}
    return frozenset(_unnamed(path) for path in added | told)


def _unnamed(path: str) -> str:
    head, brace, _ = path.partition("{")
    return f"{head}{{id}}" if brace and head.removeprefix("/api") == "/tasks/" else path


def _guarded(handler: Handler, allowed: frozenset[str], body_type: str) -> Handler:
    """A route's handler with access control and JSON error responses."""

    async def handle(request: web.Request) -> web.StreamResponse:
        refused = refusal(request.method, request.headers, allowed, body_type=body_type)
        if refused is not None:
            return failure(RefusedError(refused.status, refused.code, refused.message))
        try:
            return await handler(request)
        except RefusedError as error:
            return failure(error)

    return handle
