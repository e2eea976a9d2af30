"""The server: the part of ComfyUI's ``server.PromptServer`` that packs use, on aiohttp as there."""

from __future__ import annotations

import asyncio
import json
import struct
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TEXT_EVENT = 3
"""The number of ``BinaryEventTypes.TEXT``."""


class PromptServer:
    """One server; ``instance`` is the newest one.

    Args:
        loop: Runs it.
        cors: What ``--enable-cors-header`` allows; empty without it.
    """

    instance: PromptServer

    def __init__(self, loop: asyncio.AbstractEventLoop, *, cors: str = "") -> None:
        PromptServer.instance = self
        self.loop = loop
        self.messages: asyncio.Queue[tuple[object, Any, str | None]] = asyncio.Queue()
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.sockets_metadata: dict[str, dict[str, Any]] = {}
        self.client_id: str | None = None
        self.last_node_id: str | None = None
        self.features: dict[str, Any] = {"supports_preview_metadata": True, "max_upload_size": 104857600}
        self.app = web.Application(middlewares=[_cors(cors) if cors else _same_host])
        self.routes = web.RouteTableDef()
        self.routes.get("/ws")(self._ws)

    def add_routes(self, static: Mapping[str, Path]) -> None:
        """Every route once more under ``/api``, then folders of files; called when all packs are loaded."""
        again = web.RouteTableDef()
        for route in self.routes:
            if isinstance(route, web.RouteDef):
                again.route(route.method, "/api" + route.path)(route.handler, **route.kwargs)
        self.app.add_routes(again)
        self.app.add_routes(self.routes)
        self.app.add_routes([web.static(path, folder) for path, folder in static.items()])

    # Messages ---------------------------------------------------------------------------------------------

    def send_sync(self, event: str | int, data: object, sid: str | None = None) -> None:
        """From any thread, to one client or all."""
        self.loop.call_soon_threadsafe(self.messages.put_nowait, (event, data, sid))

    def send_progress_text(self, text: bytes | bytearray | str, node_id: str, sid: str | None = None) -> None:
        """A line of text on a node."""
        node = str(node_id).encode()
        encoded = text.encode() if isinstance(text, str) else bytes(text)
        self.send_sync(TEXT_EVENT, struct.pack(">I", len(node)) + node + encoded, sid)

    async def send(self, event: Any, data: Any, sid: str | None = None) -> None:  # noqa: ANN401 - ComfyUI's signature
        sockets = list(self.sockets.values()) if sid is None else [self.sockets[sid]] if sid in self.sockets else []
        for socket in sockets:
            try:
                if isinstance(data, bytes | bytearray):
                    await socket.send_bytes(struct.pack(">I", event) + data)
                else:
                    await socket.send_json({"type": event, "data": data})
            except ConnectionError:  # it is closing
                continue

    async def publish_loop(self) -> None:
        """Sends what there is to be sent, for ever."""
        while True:
            await self.send(*await self.messages.get())

    async def _ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sid = request.rel_url.query.get("clientId", "") or uuid.uuid4().hex
        self.sockets[sid], self.sockets_metadata[sid] = socket, {"feature_flags": {}}
        try:
            await self.send("status", {"status": {"exec_info": {"queue_remaining": 0}}, "sid": sid}, sid)
            async for message in socket:
                if message.type != WSMsgType.TEXT:
                    continue
                said = json.loads(message.data)
                if said.get("type") == "feature_flags":
                    self.sockets_metadata[sid]["feature_flags"] = said.get("data", {})
                    await self.send("feature_flags", dict(self.features), sid)
        finally:
            if self.sockets.get(sid) is socket:
                del self.sockets[sid]
        return socket


@web.middleware
async def _same_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """On a loopback address an Origin has to name the Host, as in ComfyUI 0.3.64."""
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    if origin is not None and urlsplit("//" + host).hostname in {"127.0.0.1", "localhost", "::1"}:
        told = urlsplit(origin)
        named = host.lower() if told.port is not None else urlsplit("//" + host).hostname
        if named and told.netloc and named != (told.netloc.lower() if ":" in host else told.hostname):
            return web.Response(status=403)
    return web.Response() if request.method == "OPTIONS" else await handler(request)


def _cors(allowed: str) -> Any:  # noqa: ANN401 - aiohttp's middlewares have no type of their own
    """What ``--enable-cors-header`` puts in the place of the check: nothing is refused."""

    @web.middleware
    async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = web.Response() if request.method == "OPTIONS" else await handler(request)
        response.headers["Access-Control-Allow-Origin"] = allowed
        response.headers["Access-Control-Allow-Methods"] = "POST, GET, DELETE, PUT, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Authorization"
        response.headers["Access-Control-Allow-Credentials"] = "true"
        return response

    return cors
