"""The endpoint of aria2's clients: ``/jsonrpc`` by POST, GET and WebSocket.

Calls run on threads, since changes wait for the disk. A socket's messages are answered in order, and a notification is
sent after the response to the call that caused it.
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
"""The longest message on a socket: aria2's default of ``rpc-max-request-size``."""
MOST_UNTOLD = 10_000
"""A client with this many unread notifications is disconnected."""
_HEARTBEAT_SECONDS = 30.0


class Aria2Endpoint:
    """The HTTP resource for aria2's clients.

    Args:
        interface: Executes the requests.
        penalty: Waits for the delay of a wrong secret; false if too many requests wait already.
    """

    def __init__(self, interface: Aria2Interface, penalty: Callable[[], Awaitable[bool]]) -> None:
        self._interface = interface
        self._penalty = penalty
        self._clients: set[_Client] = set()

    def add_to(self, application: web.Application) -> None:
        """Adds the routes and the hooks for start and shutdown."""
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
        """The response, after the delay for wrong secrets.

        Raises:
            HTTPTooManyRequests: Too many wrong secrets came at a time.
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
            pass  # the client has disconnected
        finally:
            self._clients.discard(client)
            telling.cancel()
        return socket

    async def _announcing(self, _application: web.Application) -> AsyncIterator[None]:
        """Sends the queue's events as notifications while the application runs."""
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
    """A client with an open socket.

    Args:
        socket: The socket.
    """

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.lock = asyncio.Lock()
        """Held while a call is executed and answered."""
        self._untold: asyncio.Queue[str] = asyncio.Queue(MOST_UNTOLD)

    def note(self, text: str) -> None:
        """Queues a notification; a client that doesn't read is disconnected."""
        try:
            self._untold.put_nowait(text)
        except asyncio.QueueFull:
            if (transport := self.socket.get_extra_info("transport")) is not None:
                transport.abort()

    async def tell(self) -> None:
        """Sends the notifications in order until the client disconnects."""
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
