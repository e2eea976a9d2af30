"""A server with aria2's endpoint for tests, on the real engine, and what clients without a library send to it."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.queue.destinations import Destinations
from anymatix_fetcher.queue.opening import open_queue
from anymatix_fetcher.serve.access import Access
from anymatix_fetcher.serve.aria2.desk import Desk
from anymatix_fetcher.serve.aria2.routes import add_aria2
from tests.serve.served import SECRET, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.queue.queue import Queue
    from anymatix_fetcher.serve.aria2.endpoint import Aria2Endpoint

TOKEN = f"token:{SECRET}"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs.

    Args:
        port: Where.
        folder: Holds ``files``, its own folder, and ``models``.
        queue: Its jobs.
        stopped: Whether it was asked to stop.
        endpoint: What answers.
    """

    port: int
    folder: Path
    queue: Queue
    stopped: threading.Event
    endpoint: Aria2Endpoint

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def post(self, message: object) -> tuple[int, Any]:
        """Sends JSON by POST, with no media type, as aria2p does."""
        status, _, content = self.request("POST", "/jsonrpc", json.dumps(message).encode())
        return status, json.loads(content)

    def get(self, params: object, **query: str) -> tuple[int, Any]:
        """Sends a call by GET, with its parameters in Base64, as AriaNg can."""
        encoded = base64.b64encode(json.dumps(params).encode()).decode()
        status, _, content = self.request("GET", "/jsonrpc?" + urlencode({**query, "params": encoded}))
        return status, json.loads(content)

    def call(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
        """The result of a call."""
        _, answer = self.post({"jsonrpc": "2.0", "id": "q", "method": f"aria2.{method}", "params": [TOKEN, *params]})
        assert "result" in answer, answer
        return answer["result"]

    def until(self, gid: str, *statuses: str) -> Any:  # noqa: ANN401 - JSON
        """The fields of a download as soon as it has one of these."""
        never = threading.Event()
        for _ in range(6000):
            found = self.call("tellStatus", gid)
            if found["status"] in statuses:
                return found
            never.wait(0.01)
        raise AssertionError(found)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serves within the block."""
    queue = open_queue(folder / "state", Destinations(folder / "files", comfyui_folders(folder / "models")))
    queue.start()
    stopped = threading.Event()
    endpoints: list[Aria2Endpoint] = []
    desk = Desk(queue, {}, stop=stopped.set)
    try:
        with served(queue, Access(SECRET), [lambda app: endpoints.append(add_aria2(app, desk=desk))]) as client:
            yield Served(client.port, folder, queue, stopped, endpoints[0])
    finally:
        queue.close()
