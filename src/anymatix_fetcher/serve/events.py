"""Server-sent events (HTML, section 9.2): one listener of the queue for all pages; each event is serialised once."""

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
"""Interval of the keep-alive comments that stop proxies from closing an idle stream."""
RECONNECT_MILLISECONDS = 1000
MOST_WAITING = 20_000
"""A page with more unread events than this is disconnected and starts again with all jobs."""
AT_A_TIME = 100
"""The number of events in one write."""
PRESENT = "present"
"""The kind of the events that list existing jobs."""


class Page:
    """One connection and its unsent events, in the order of their numbers."""

    def __init__(self) -> None:
        self.last = -1
        """The number of the newest event that was sent."""
        self._waiting: list[tuple[int, bytes]] = []
        self._has_news = asyncio.Event()
        self.is_over = False

    def put(self, number: int, text: bytes) -> None:
        """Appends an event."""
        self._waiting.append((number, text))
        if len(self._waiting) > MOST_WAITING:
            self.end()
        self._has_news.set()

    def end(self) -> None:
        """Ends the stream."""
        self.is_over = True
        self._has_news.set()

    async def take(self) -> bytes:
        """The unsent events, without those sent already, or a keep-alive comment."""
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
    """Sends the queue's events to every page.

    Args:
        queue: The queue.
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
        """Ends every stream, so that the server can stop; for ``app.on_shutdown``."""
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
        """The event stream: from ``Last-Event-ID`` on, or all jobs followed by new events."""
        response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        page = Page()
        self._pages.add(page)  # before the jobs are read, so that no event is missed
        try:
            await response.prepare(request)
            await response.write(f"retry: {RECONNECT_MILLISECONDS}\n\n".encode())
            last = request.headers.get("Last-Event-ID", "")
            for piece in await asyncio.to_thread(lambda: list(self._first(page, last))):
                await response.write(piece)
            while not page.is_over:
                await response.write(await page.take())
        except ConnectionError:
            pass  # the page was closed
        finally:
            self._pages.discard(page)
        return response

    def _first(self, page: Page, last: str) -> Iterator[bytes]:
        """The first events, in chunks small enough that other requests are served in between."""
        missed = self._queue.events.since(int(last)) if last.isascii() and last.isdecimal() else None
        if missed is None:
            yield from self._present(page)
            return
        page.last = max([int(last), *(event.number for event in missed)])
        for some in _some(missed):
            yield b"".join(self._text(event.number, event.kind.value, event) for event in some)

    def _present(self, page: Page) -> Iterator[bytes]:
        """All jobs as events. Their numbers are reserved first, so that later changes have higher numbers."""
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
