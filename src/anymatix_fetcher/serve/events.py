"""Server-sent events (HTML, section 9.2): one listener of the queue for all pages, each event written once."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from anymatix_fetcher.serve.relay import Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from anymatix_fetcher.queue.events import QueueEvent
    from anymatix_fetcher.queue.queue import Queue

T = TypeVar("T")

ALIVE_SECONDS = 15.0
"""How often a page is told that the connection lives, so that nothing on the way closes it."""
RECONNECT_MILLISECONDS = 1000
MOST_WAITING = 20_000
"""A page that reads so much slower than things happen begins anew."""
AT_A_TIME = 100
"""So many events are written in one piece."""
PRESENT = "present"
"""What an event of a job is called that has been there before."""


class Page:
    """One connection: what it is to be sent, in the order of the numbers."""

    def __init__(self) -> None:
        self.last = -1
        """The number of the newest event that it was sent."""
        self._waiting: list[tuple[int, bytes]] = []
        self._has_news = asyncio.Event()
        self.is_over = False

    def put(self, number: int, text: bytes) -> None:
        """One event more."""
        self._waiting.append((number, text))
        if len(self._waiting) > MOST_WAITING:
            self.end()
        self._has_news.set()

    def end(self) -> None:
        """There will be no more."""
        self.is_over = True
        self._has_news.set()

    async def take(self) -> bytes:
        """What has come, or a sign of life; numbers that it knows already are left out."""
        try:
            async with asyncio.timeout(ALIVE_SECONDS):
                await self._has_news.wait()
        except TimeoutError:
            return b": alive\n\n"
        self._has_news.clear()
        waiting, self._waiting = self._waiting, []
        news = [(number, text) for number, text in waiting if number > self.last]
        self.last = max([self.last, *(number for number, _ in news)])
        return b"".join(text for _, text in news)


class Hub:
    """Takes the queue's events to every page.

    Args:
        queue: Whose events.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._pages: set[Page] = set()

    async def run(self, app: web.Application) -> AsyncIterator[None]:
        """Listens while the application runs; for ``app.cleanup_ctx``."""
        del app
        relay = Relay(asyncio.get_running_loop(), self._tell)

        def take(event: QueueEvent) -> None:
            if self._pages:
                relay.put(event)

        end = self._queue.subscribe(take)
        try:
            yield
        finally:
            end()

    async def close(self, app: web.Application) -> None:
        """Ends every connection, so that the server can end; for ``app.on_shutdown``."""
        del app
        for page in self._pages:
            page.end()

    def _tell(self, event: QueueEvent) -> None:
        text = self._text(event.number, event.kind.value, event)
        for page in self._pages:
            page.put(event.number, text)

    def _text(self, number: int, kind: str, event: QueueEvent) -> bytes:
        return _event(number, {**self._queue.view(event.job), "event": kind})

    async def get_events(self, request: web.Request) -> web.StreamResponse:
        """The stream: from the last one that the page has seen, or else all jobs and what happens from now on."""
        response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        page = Page()
        self._pages.add(page)  # before anything is read: nothing is missed in between
        try:
            await response.prepare(request)
            await response.write(f"retry: {RECONNECT_MILLISECONDS}\n\n".encode())
            last = request.headers.get("Last-Event-ID", "")
            for piece in await asyncio.to_thread(lambda: list(self._first(page, last))):
                await response.write(piece)
            while not page.is_over:
                await response.write(await page.take())
        except ConnectionError:
            pass  # the page has gone
        finally:
            self._pages.discard(page)
        return response

    def _first(self, page: Page, last: str) -> Iterator[bytes]:
        """What comes first, in pieces that are small enough for others to be answered in between."""
        missed = self._queue.events.since(int(last)) if last.isascii() and last.isdecimal() else None
        if missed is None:
            yield from self._present(page)
            return
        page.last = max([int(last), *(event.number for event in missed)])
        for some in _some(missed):
            yield b"".join(self._text(event.number, event.kind.value, event) for event in some)

    def _present(self, page: Page) -> Iterator[bytes]:
        """All jobs. The numbers are taken first: what happens afterwards has higher ones, and is told as well."""
        count = len(self._queue.jobs())
        while True:
            numbers, jobs = self._queue.events.reserve(count), self._queue.jobs()
            if len(jobs) <= count:
                break
            count = len(jobs)
        page.last = self._queue.events.newest if not numbers else numbers[-1]
        for some in _some(list(zip(numbers[count - len(jobs) :], jobs, strict=True))):
            yield b"".join(_event(number, {**self._queue.view(job), "event": PRESENT}) for number, job in some)


def _some(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + AT_A_TIME] for start in range(0, len(items), AT_A_TIME))


def _event(number: int, value: dict[str, object]) -> bytes:
    return f"id: {number}\ndata: {json.dumps(value)}\n\n".encode()
