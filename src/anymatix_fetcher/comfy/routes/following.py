"""Follows the child's events and sends changes to pages by ComfyUI's messages."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.process import ServerUnavailableError
from anymatix_fetcher.comfy.requirements import how_to_mend, missing
from anymatix_fetcher.comfy.routes.announcing import TaskAnnouncer
from anymatix_fetcher.comfy.routes.tasks import task_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from aiohttp import web

    from anymatix_fetcher.comfy.routes.categories import Categories, Placed
    from anymatix_fetcher.comfy.routes.ports import DownloadingChild, Send

_logger = logging.getLogger("anymatix_fetcher.comfy")

TASK_EVENT = "asset_download"
JOBS_EVENT = "anymatix_jobs"
"""The panel's message: the changed jobs, and the ids of the removed ones."""
TICK_SECONDS = 0.25
PANEL_TICKS = 2
AGAIN_SECONDS = 2.0


class Following:
    """Follows the child process while the server runs.

    Args:
        child: The child process.
        categories: ComfyUI's model types and folders.
        send: Sends a message to all pages.
        tells_tasks: Whether to send the events of ComfyUI's own page.
        arrived: Called after each finished download.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        child: DownloadingChild,
        categories: Categories,
        send: Send,
        *,
        tells_tasks: bool = True,
        arrived: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._child = child
        self._categories = categories
        self._send = send
        self._tells_tasks = tells_tasks
        self._arrived = arrived
        self._clock = clock
        self._announcer = TaskAnnouncer()
        self._changed: dict[str, Mapping[str, Any]] = {}
        self._gone: set[str] = set()
        self._states: dict[str, str] = {}
        self._by_task: dict[str, str] = {}

    def job_of(self, task: str) -> str | None:
        """The job id of a task; ``None`` if there is none."""
        return self._by_task.get(task)

    def watch(self, job: Mapping[str, Any], placed: Placed | None) -> None:
        """Sends the events of a job's task from now on."""
        self._by_task[task_id(job["id"])] = job["id"]
        if self._tells_tasks:
            self._announcer.watch(job, placed)

    async def run(self, app: web.Application) -> AsyncIterator[None]:
        """Follows from the server's start to its end; for ``cleanup_ctx``."""
        del app
        tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._tick())]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _follow(self) -> None:
        told = how_to_mend(missing())  # already logged when the pack was loaded
        while True:
            try:
                async for job in self._child.events():
                    self.take(job)
            except ServerUnavailableError as error:
                if str(error) != told:
                    told = str(error)
                    _logger.warning("AnymatixFetcher: the download process isn't available: %s", error)
            await asyncio.sleep(AGAIN_SECONDS)

    def take(self, job: Mapping[str, Any]) -> None:
        """Processes an event."""
        identity = job["id"]
        if job.get("event") == "removed":
            self._changed.pop(identity, None)
            self._states.pop(identity, None)
            self._by_task.pop(task_id(identity), None)
            self._gone.add(identity)
            self._announcer.gone(identity)
            return
        before = self._states.get(identity)
        self._states[identity] = job["state"]
        self._by_task[task_id(identity)] = identity
        if job["state"] == "done" and before not in (None, "done"):
            self._arrived()
        self._gone.discard(identity)
        self._announcer.changed(job)
        if job.get("event") != "present" or before not in (
            None,
            job["state"],
        ):  # pages request the present jobs themselves
            self._changed[identity] = job

    async def _tick(self) -> None:
        for number in count():
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self.tell(with_panel=number % PANEL_TICKS == 0)
            except Exception:
                _logger.exception("messages about downloads couldn't be sent to pages")

    async def tell(self, *, with_panel: bool) -> None:
        """Sends the messages that are due."""
        wanted = self._announcer.looked_for()
        if wanted:
            loop = asyncio.get_running_loop()
            self._announcer.found(await loop.run_in_executor(None, self._found, wanted))
        for event in self._announcer.due(self._clock()):
            self._send(TASK_EVENT, event)
        if with_panel and (self._changed or self._gone):
            self._send(JOBS_EVENT, {"jobs": list(self._changed.values()), "removed": sorted(self._gone)})
            self._changed.clear()
            self._gone.clear()

    def _found(self, wanted: list[tuple[str, Placed]]) -> list[str]:
        return [job_id for job_id, placed in wanted if self._categories.is_found(placed)]
