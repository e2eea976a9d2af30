"""The web application: its routes, and the middleware for access control, errors and security header fields."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from aiohttp import web

from anymatix_fetcher.engine.failing import error_for
from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.serve import openapi, page_files
from anymatix_fetcher.serve.access import SECURITY_HEADERS, Access, Penalty, bearer_of
from anymatix_fetcher.serve.answers import answer, failed, failure
from anymatix_fetcher.serve.checking import checked
from anymatix_fetcher.serve.events import Hub
from anymatix_fetcher.serve.metrics import Metrics
from anymatix_fetcher.serve.rest import Rest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from anymatix_fetcher.queue.queue import Queue

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
    AddRoutes = Callable[[web.Application], object]

_logger = logging.getLogger("anymatix_fetcher.serve")

QUEUE: web.AppKey[Queue] = web.AppKey("queue")
ACCESS: web.AppKey[Access] = web.AppKey("access", Access)
PENALTY: web.AppKey[Penalty] = web.AppKey("penalty", Penalty)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)

MOST_BODY_BYTES = 32 << 20
_OPEN_PATHS = frozenset({"/", "/healthz", "/favicon.ico"})
_OPEN_FOLDERS = ("/page/",)
OWN_RULES = frozenset({"/jsonrpc"})
"""Paths with a protocol that carries the secret elsewhere; their handlers call :func:`knows_secret`."""
_METHODS = "GET, HEAD, POST, PATCH, DELETE"
_FIELDS = "Authorization, Content-Type, Last-Event-ID"


def make_app(queue: Queue, access: Access, add_routes: Iterable[AddRoutes] = ()) -> web.Application:
    """The application of a queue; the caller starts and closes the queue.

    Args:
        queue: The queue.
        access: The access rules.
        add_routes: Functions that add further routes.
    """
    app = web.Application(middlewares=[_guarded], client_max_size=MOST_BODY_BYTES)
    app[QUEUE], app[ACCESS], app[PENALTY] = queue, access, Penalty()
    hub = Hub(queue)
    app.cleanup_ctx.append(hub.run)
    app.on_shutdown.append(hub.close)
    rest = Rest(queue)
    app.on_shutdown.append(rest.close)
    operations = rest.operations()
    for operation in openapi.OPERATIONS:
        operate = operations.get(operation.name)
        handler = hub.get_events if operate is None else checked(operation, operate)
        app.router.add_route(operation.method, openapi.BASE + operation.path, handler)
    metrics = app[METRICS] = Metrics(queue)
    app.cleanup_ctx.append(metrics.run)
    app.router.add_get("/metrics", metrics.get_metrics)
    app.router.add_get("/healthz", _healthz)
    page_files.add_routes(app)
    for add in add_routes:
        add(app)
    app.on_response_prepare.append(_secured)
    return app


async def knows_secret(request: web.Request, secret: str | None) -> bool:
    """Whether ``secret`` admits the request; a wrong secret is delayed, a missing one isn't.

    Raises:
        HTTPTooManyRequests: Too many wrong secrets came at a time.
    """
    if request.app[ACCESS].knows_secret(secret):
        return True
    if secret is not None and not await request.app[PENALTY].serve():
        raise web.HTTPTooManyRequests
    return False


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Checks access, turns exceptions into error responses, and counts responses."""
    began = time.monotonic()
    answered = await _answered(request, handler)
    request.app[METRICS].answered(answered.status, time.monotonic() - began)
    return answered


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await _admitted(request, handler)
    except FetchError as error:
        return failed(error)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004 - a redirect
            raise
        kind = type(error).__name__.removeprefix("HTTP")
        return failure(error.status, kind, error.reason.lower(), headers=_kept(error))
    except Exception as raised:  # noqa: BLE001 - a traceback in the response might contain secrets
        return failed(error_for(raised, f"{request.method} {request.path}"))


def _kept(error: web.HTTPException) -> dict[str, str]:
    return {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}


async def _admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
    access = request.app[ACCESS]
    transport = request.transport
    listening = transport.get_extra_info("sockname") if transport is not None else None
    refusal = access.refusal(request.headers, None if listening is None else (listening[0], listening[1]))
    if refusal is not None:
        return failure(
            403,
            "ForeignOriginError",
            f"the request is refused: {refusal}",
            "Start the server with --allow-origin ORIGIN to admit an origin.",
        )
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return _preflight(request)
    if not (_is_open(request.path) or await knows_secret(request, bearer_of(request.headers))):
        return failure(
            401,
            "SecretMissingError",
            "this request needs the server's secret",
            "Send it as a bearer token. The server names the secret's file when it starts.",
            {"WWW-Authenticate": "Bearer"},
        )
    return await handler(request)


def _is_open(path: str) -> bool:
    return path in _OPEN_PATHS or path in OWN_RULES or path.startswith(_OPEN_FOLDERS)


def _preflight(request: web.Request) -> web.Response:
    """The response to a CORS preflight request of an allowed origin."""
    del request
    headers = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Allow-Headers": _FIELDS}
    return web.Response(status=204, headers={**headers, "Access-Control-Max-Age": "600"})


async def _secured(request: web.Request, response: web.StreamResponse) -> None:
    """Adds the security header fields to every response."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "anyfetch"
    origin = request.headers.get("Origin")
    if origin is not None and request.app[ACCESS].allows(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Vary"] = "Origin"


async def _healthz(request: web.Request) -> web.Response:
    """The response to ``GET /healthz``, which also says whether the server has a secret."""
    return answer({"status": "ok", "needs_secret": request.app[ACCESS].secret is not None})
