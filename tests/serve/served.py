"""A running server for tests, and a client that knows HTTP and nothing else."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from aiohttp import web

from anymatix_fetcher.serve.access import Access
from anymatix_fetcher.serve.app import make_app
from anymatix_fetcher.serve.server import bound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from anymatix_fetcher.queue.queue import Queue
    from anymatix_fetcher.serve.app import AddRoutes

SECRET = "the-secret-of-this-test"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def json(self) -> dict[str, object]:
        found = json.loads(self.content)
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> dict[str, str]:
        error = self.json["error"]
        assert isinstance(error, dict)
        return error

    @property
    def jobs(self) -> list[dict[str, object]]:
        jobs = self.json["jobs"]
        assert isinstance(jobs, list)
        return jobs


@dataclass(frozen=True, slots=True)
class Client:
    """Asks a server at a port of this machine."""

    port: int
    secret: str | None = SECRET

    def ask(self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Answered:
        """The answer; a body that isn't bytes goes as JSON."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        fields = {} if self.secret is None else {"Authorization": f"Bearer {self.secret}"}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            connection.request(method, path, body=data, headers={**fields, **(headers or {})})
            response = connection.getresponse()
            return Answered(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Answered:
        return self.ask("GET", path)


@contextmanager
def served(queue: Queue, access: Access | None = None, add_routes: Iterable[AddRoutes] = ()) -> Iterator[Client]:
    """Serves a queue within the block, which is begun and closed elsewhere."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(make_app(queue, access or Access(SECRET), add_routes), shutdown_timeout=1.0)
    listening = bound("127.0.0.1", 0)

    async def begin() -> None:
        await runner.setup()
        await web.SockSite(runner, listening).start()

    thread = threading.Thread(target=loop.run_forever)  # this thread may have a running loop of its own
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(begin(), loop).result(20)
        yield Client(listening.getsockname()[1])
    finally:
        for ending in (runner.cleanup(), loop.shutdown_default_executor()):
            asyncio.run_coroutine_threadsafe(ending, loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
