"""The child of the routes on a queue of this process: what the real one does over a pipe and a port, over a port."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.serve.served import Client


@dataclass(frozen=True, slots=True)
class QueueAnswer:
    """What the queue's server says."""

    status: int
    body: Any


class QueueChild:
    """Implements ``DownloadingChild``.

    Args:
        client: Of the queue's server.
    """

    def __init__(self, client: Client) -> None:
        self._base = f"http://127.0.0.1:{client.port}/api/v1"
        self._headers = {"Authorization": f"Bearer {client.secret}"}

    async def request(self, method: str, path: str, json: object = None) -> QueueAnswer:
        async with (
            ClientSession(headers=self._headers) as session,
            session.request(method, self._base + path, json=json) as response,
        ):
            text = await response.text()
            return QueueAnswer(response.status, json_format.loads(text) if text else None)

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        async with ClientSession(headers=self._headers) as session, session.get(f"{self._base}/events") as response:
            async for line in response.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "data":
                    yield json_format.loads(value)
