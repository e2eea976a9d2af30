"""A stand-in of ComfyUI with our routes on a queue that goes as a test tells it, and a page that asks and listens."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from queue import Queue as Box
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, web

from anymatix_fetcher.comfy.routes.registering import register
from tests.comfy.queue_child import QueueChild
from tests.comfy.standin.comfyui import ComfyUI, installed, run
from tests.comfy.standin.server import PromptServer
from tests.queue.fakes import Bench
from tests.serve.served import Answered, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

PATIENCE_SECONDS = 30.0
JSON = {"Content-Type": "application/json"}
URL = "https://models.invalid/m.safetensors"


@dataclass
class Site:
    """A running ComfyUI.

    Args:
        port: Where it answers.
        bench: The queue, turned by hand.
        comfyui: The stand-in.
        messages: What a page was told by the socket: ``(type, data)``.
    """

    port: int
    bench: Bench
    comfyui: ComfyUI
    messages: Box[tuple[str, Any]] = field(default_factory=Box)

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answered:
        """An answer; a body goes as JSON, from the page's own origin."""
        own = {"Origin": f"http://127.0.0.1:{self.port}", "Sec-Fetch-Site": "same-origin"}
        given = own if headers is None else headers
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        data = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, data, {**(JSON if body is not None else {}), **given})
            response = connection.getresponse()
            return Answered(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def ask_meanwhile(self, method: str, path: str) -> Answered:
        """The same, while the queue goes on: an answer that waits for what it does."""
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(self.ask, method, path)
            while not asking.done():
                self.bench.turn()
                wait([asking], timeout=0.02)
            return asking.result()

    def told(self, kind: str, is_wanted: Callable[[Any], bool] = lambda _: True) -> dict[str, Any]:
        """The next message of a kind that is wanted."""
        while True:
            name, data = self.messages.get(timeout=PATIENCE_SECONDS)
            if name == kind and is_wanted(data):
                assert isinstance(data, dict)
                return data

    def download(self, name: str = "m.safetensors", folder: str = "vae", url: str = URL) -> Answered:
        """What the stock page posts."""
        body = {"source_url": url, "tags": ["models", f"model_type:{folder}"], "filename": name}
        return self.ask("POST", "/api/assets/download", body)


@contextmanager
def site(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    cors: str = "",
    before: Callable[[PromptServer], None] = lambda _: None,
    web_root: Path | None = None,
    settings: Mapping[str, object] | None = None,
    packs: Mapping[str, Path] | None = None,
) -> Iterator[Site]:
    """Runs one within the block.

    Args:
        folder: For everything.
        environment: The operator's variables.
        cors: What ``--enable-cors-header`` allows.
        before: Adds to the server before the pack does.
        web_root: The folder ``static`` of the frontend; ``None`` for no page.
        settings: The user's.
        packs: Folders of scripts that the page loads, by the pack's name.
    """
    bench = Bench(folder)
    with installed(folder) as comfyui, served(bench.queue) as client, _turning() as loop:

        async def begin() -> tuple[int, asyncio.Event, asyncio.Task[None]]:
            prompt_server, ended = PromptServer(loop, cors=cors), asyncio.Event()
            before(prompt_server)
            comfyui.web_directories.update(packs or {})
            register(prompt_server, comfyui.folder_paths, QueueChild(client), environment or {})
            ready: asyncio.Future[int] = loop.create_future()
            page = {"web_root": web_root, "settings": settings}
            serving = asyncio.create_task(run(comfyui, prompt_server, **page, ready=ready, ended=ended))  # type: ignore[arg-type] # as given
            return await ready, ended, serving

        port, ended, serving = asyncio.run_coroutine_threadsafe(begin(), loop).result(PATIENCE_SECONDS)
        found = Site(port, bench, comfyui)
        listening = asyncio.run_coroutine_threadsafe(_listen(found), loop)
        found.told("status")
        try:
            yield found
        finally:
            bench.queue.close()
            loop.call_soon_threadsafe(ended.set)
            asyncio.run_coroutine_threadsafe(_join(serving), loop).result(PATIENCE_SECONDS)
            listening.result(PATIENCE_SECONDS)


async def _join(task: asyncio.Task[None]) -> None:
    await task


async def _listen(found: Site) -> None:
    """A page's socket."""
    async with ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{found.port}/ws") as socket:
        async for message in socket:
            said = message.json()
            found.messages.put((said["type"], said["data"]))


@contextmanager
def _turning() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_finish(), loop).result(PATIENCE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _finish() -> None:
    """What ``asyncio.run`` does at its end: whatever still waits is cancelled, and waited for."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()


async def answer_itself(request: web.Request) -> web.Response:
    """What a ComfyUI answers that downloads by itself."""
    del request
    return web.json_response({"by": "ComfyUI"})
