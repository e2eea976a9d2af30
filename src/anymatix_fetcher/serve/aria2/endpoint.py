"""``/jsonrpc``: POST, GET and WebSocket, over which aria2's clients come.

Calls are carried out on threads, since changes wait for the disk. A socket's messages are answered in their order, and
a notification never overtakes the answer to the call that brought it about.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

from anymatix_fetcher.serve.aria2.messages import MEDIA_TYPE, parse_query, parse_request, write_notification
from anymatix_fetcher.serve.aria2.notifications import Announcer
from anymatix_fetcher.serve.relay import Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from anymatix_fetcher.queue.events import QueueEvent
    from anymatix_fetcher.serve.aria2.interface import Aria2Interface
    from anymatix_fetcher.serve.aria2.messages import RpcAnswer, RpcRequest

PATH = "/jsonrpc"
MOST_MESSAGE_BYTES = 2 << 20
"""Of one message on a socket: aria2's ``rpc-max-request-size``."""
MOST_UNTOLD = 10_000
"""A client that leaves so many notifications unread is disconnected."""
_HEARTBEAT_SECONDS = 30.0


class Aria2Endpoint:
    """The resource that answers aria2's clients.

    Args:
        interface: Answers requests.
        penalty: Lets the time pass that a wrong secret costs; false where too many wait already.
    """

    def __init__(self, interface: Aria2Interface, penalty: Callable[[], Awaitable[bool]]) -> None:
        self._interface = interface
        self._penalty = penalty
        self._clients: set[_Client] = set()

    def add_to(self, application: web.Application) -> None:
        """Adds the routes, and what begins and ends with the application."""
        application.router.add_post(PATH, self._post)
        application.router.add_get(PATH, self._get, allow_head=False)
        application.cleanup_ctx.append(self._announcing)
        application.on_shutdown.append(self._disconnect)

    async def _post(self, request: web.Request) -> web.Response:
        return _response(await self._answer(parse_request(await request.read())))

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._talk(request)
        return _response(await self._answer(parse_query(request.query)))

    async def _answer(self, request: RpcRequest) -> RpcAnswer:
        """The answer, after the time that wrong secrets cost.

        Raises:
            HTTPTooManyRequests: Too many wrong ones came at a time.
        """
        answer = await asyncio.to_thread(self._interface.answer, request)
        for _ in range(answer.guesses):
            if not await self._penalty():
                raise web.HTTPTooManyRequests
        return answer

    # Sockets ----------------------------------------------------------------------------------------------

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, max_msg_size=MOST_MESSAGE_BYTES)
        await socket.prepare(request)
        client = _Client(socket)
        self._clients.add(client)
        telling = asyncio.create_task(client.tell())
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    async with client.lock:
                        answer = await self._answer(parse_request(message.data))
                        await socket.send_str(answer.text)
        except web.HTTPTooManyRequests:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        except ConnectionError:
            pass  # it went away
        finally:
            self._clients.discard(client)
            telling.cancel()
        return socket

    async def _announcing(self, _application: web.Application) -> AsyncIterator[None]:
        """Passes the queue's events on, while the application runs."""
        relay, announcer, desk = Relay(asyncio.get_running_loop(), self._announce), Announcer(), self._interface.desk

        def hear(event: QueueEvent) -> None:
            desk.memory.hear(event)
            name = announcer.told(event)
            if name is not None and self._clients:
                relay.put(write_notification(name, event.job.id))

        unsubscribe = desk.queue.subscribe(hear)
        yield
        unsubscribe()

    def _announce(self, text: str) -> None:
        for client in self._clients:
            client.note(text)

    async def _disconnect(self, _application: web.Application) -> None:
        for client in list(self._clients):
            await client.socket.close(code=WSCloseCode.GOING_AWAY)


class _Client:
    """One that has a socket open.

    Args:
        socket: It.
    """

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.lock = asyncio.Lock()
        """Held while a call is carried out and answered."""
        self._untold: asyncio.Queue[str] = asyncio.Queue(MOST_UNTOLD)

    def note(self, text: str) -> None:
        """It is to be told this."""
        try:
            self._untold.put_nowait(text)
        except asyncio.QueueFull:
            if (transport := self.socket.get_extra_info("transport")) is not None:
                transport.abort()

    async def tell(self) -> None:
        """Tells it everything, one after the other, until it goes away."""
        while True:
            text = await self._untold.get()
            async with self.lock:
                try:
                    await self.socket.send_str(text)
                except ConnectionError:
                    return


def _response(answer: RpcAnswer) -> web.Response:
    return web.Response(
        text=answer.text, status=answer.status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-cache"}
    )
