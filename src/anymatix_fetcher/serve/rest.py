"""The REST API: each operation of the table, carried out by the queue. Nothing here waits for a download."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from anymatix_fetcher import __version__
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.jobs import JobState, JobWanted, PartChoice
from anymatix_fetcher.serve import openapi
from anymatix_fetcher.serve.answers import answer, written
from anymatix_fetcher.serve.job_texts import JobTexts
from anymatix_fetcher.serve.library import listed, removed, verified
from anymatix_fetcher.serve.previews import planned, resolved
from anymatix_fetcher.serve.space import Room, room_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.queue.events import QueueEvent
    from anymatix_fetcher.queue.queue import Queue
    from anymatix_fetcher.serve.checking import Asked, Operate

T = TypeVar("T")

SETTLED_SECONDS = 5.0
"""How long a cancelling request waits until nothing works on the job any more."""
MOST_AT_ONCE = 100
"""With more jobs than this a list is made beside the loop, so that others are answered meanwhile."""
ROOMS_SECONDS = 2.0
"""How long what a disk has told of its space is good for."""
_FOR_ONE = ("output", "digests", "mirrors")


class Rest:
    """The operations of the API but for its events.

    Args:
        queue: Carries them out.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._texts = JobTexts(queue)
        self._description = openapi.document(__version__)
        self._asking = asyncio.Semaphore(4)
        self._ending = CancelToken()
        self._rooms: list[tuple[str, Room | None]] = []
        self._rooms_until = float("-inf")

    async def close(self, app: web.Application) -> None:
        """Stops what waits for other servers or reads files; for ``app.on_shutdown``."""
        del app
        self._ending.cancel()

    def operations(self) -> dict[str, Operate]:
        """By the names of the operations."""
        return {
            "list_jobs": self.list_jobs,
            "add_jobs": self.add_jobs,
            "get_job": self.get_job,
            "change_job": self.change_job,
            "retry_job": self.retry_job,
            "delete_job": self.delete_job,
            "get_blocks": self.get_blocks,
            "get_status": self.get_status,
            "get_settings": self.get_settings,
            "change_settings": self.change_settings,
            "list_models": self.list_models,
            "verify_models": self.verify_models,
            "remove_models": self.remove_models,
            "resolve": self.resolve,
            "plan_workflow": self.plan_workflow,
            "get_description": self.get_description,
        }

    # Jobs -------------------------------------------------------------------------------------------------

    async def list_jobs(self, asked: Asked) -> web.Response:
        """All of them, or those in one state."""
        query = asked.query
        state = query.get("state")
        first, limit = query.get("offset", 0), query.get("limit")

        def page() -> str:
            jobs = self._queue.jobs(None if state is None else JobState(state))
            return self._texts.list_of(jobs[first : None if limit is None else first + limit])

        return written(page() if self._queue.job_count <= MOST_AT_ONCE else await _aside(page))

    async def add_jobs(self, asked: Asked) -> web.Response:
        """One for each reference; all or none."""
        wishes = wishes_of(asked.body)

        def add() -> tuple[str, int]:
            found = self._queue.add(wishes)
            return self._texts.list_of(job for job, _ in found), 201 if any(is_new for _, is_new in found) else 200

        return written(*await _aside(add))

    async def get_job(self, asked: Asked) -> web.Response:
        """One of them."""
        return answer(self._queue.view(self._queue.get(asked.identity)))

    async def change_job(self, asked: Asked) -> web.Response:
        """What most likely can't be comes first, so that all or nothing is changed."""
        identity, changes = asked.identity, asked.body
        queue = self._queue
        steps: dict[str, Callable[[], object]] = {
            "reference": lambda: queue.replace_reference(identity, changes["reference"]),
            "state": lambda: (queue.pause if changes["state"] == JobState.PAUSED else queue.resume)(identity),
            "position": lambda: queue.move(identity, changes["position"]),
            # After the position: a move alters the priority, where it would else not lead there.
            "priority": lambda: queue.set_priority(identity, changes["priority"]),
        }
        for name, step in steps.items():
            if name in changes:
                await _aside(step)
        return answer(queue.view(queue.get(identity)))

    async def retry_job(self, asked: Asked) -> web.Response:
        """Tries it again."""
        identity = asked.identity
        return answer(self._queue.view(await _aside(lambda: self._queue.retry(identity))))

    async def delete_job(self, asked: Asked) -> web.Response:
        """Cancels it, or takes it out where it has ended."""
        identity, part = asked.identity, PartChoice(asked.query.get("part", PartChoice.KEEP))
        if self._queue.get(identity).has_ended:
            await _aside(lambda: self._queue.remove(identity, part=part))
            return web.Response(status=204)
        settled = _Settled(self._queue, identity)
        try:
            await _aside(lambda: self._queue.cancel(identity, part=part))
            await settled.wait()
        finally:
            settled.end()
        return answer(self._queue.view(self._queue.get(identity)))

    async def get_blocks(self, asked: Asked) -> web.Response:
        """Which of its blocks are here."""
        identity = asked.identity
        found = await _aside(lambda: self._queue.blocks(identity))
        return answer({"block_size": found.block_size, "blocks": list(map(int, found.blocks))})

    # All together -----------------------------------------------------------------------------------------

    async def get_status(self, asked: Asked) -> web.Response:
        """Counts, rate, limits and space."""
        del asked
        queue = self._queue
        rooms = await self._look_at_rooms()
        return answer(
            {
                "version": __version__,
                "jobs": {state.value: count for state, count in queue.counts().items()},
                "bytes_per_second": round(queue.bytes_per_second()),
                **asdict(queue.settings),
                "directory": str(queue.destinations.directory),
                "models": str(queue.destinations.folders.models),
                "space": [{"root": root, **asdict(room)} for root, room in rooms if room is not None],
            }
        )

    async def _look_at_rooms(self) -> list[tuple[str, Room | None]]:
        """The space below each root, as of a moment ago: a page asks often, and a disk may be slow to tell."""
        now, roots = time.monotonic(), self._queue.destinations.roots
        if now >= self._rooms_until:
            self._rooms = await _aside(lambda: [(str(root), room_at(root)) for root in roots])
            self._rooms_until = now + ROOMS_SECONDS
        return self._rooms

    async def get_settings(self, asked: Asked) -> web.Response:
        """What can be changed."""
        del asked
        return answer(asdict(self._queue.settings))

    async def change_settings(self, asked: Asked) -> web.Response:
        """Changes what is named, and nothing else."""
        settings = replace(self._queue.settings, **asked.body)
        await _aside(lambda: self._queue.change_settings(settings))
        return answer(asdict(self._queue.settings))

    async def list_models(self, asked: Asked) -> web.Response:
        """What is here."""
        kind = asked.query.get("type")
        return answer(await self._ask(lambda: listed(self._queue, kind)))

    async def verify_models(self, asked: Asked) -> web.Response:
        """Reads files, and tells whether they are what was recorded."""
        paths = asked.body["paths"]
        return answer(await self._ask(lambda: verified(self._queue, paths, self._ending)))

    async def remove_models(self, asked: Asked) -> web.Response:
        """Takes files away."""
        paths = asked.body["paths"]
        return answer(await self._ask(lambda: removed(self._queue, paths)))

    async def resolve(self, asked: Asked) -> web.Response:
        """What a reference leads to."""
        return answer(await self._ask(lambda: resolved(self._queue, asked.body, self._ending)))

    async def plan_workflow(self, asked: Asked) -> web.Response:
        """What a workflow needs."""
        workflow, quick = asked.body["workflow"], asked.body.get("quick", False)

        def plan() -> dict[str, object]:
            content = json.dumps(workflow).encode()
            return planned(content, self._queue.destinations, self._ending, quick=quick)

        return answer(await self._ask(plan))

    async def get_description(self, asked: Asked) -> web.Response:
        """This API."""
        del asked
        return answer(self._description)

    async def _ask(self, action: Callable[[], T]) -> T:
        """What reads many files or asks other servers: a few at a time, so that the rest is answered meanwhile."""
        async with self._asking:
            return await _aside(action)


async def _aside(action: Callable[[], T]) -> T:
    """Does on another thread what waits for the disk."""
    return await asyncio.get_running_loop().run_in_executor(None, action)


class _Settled:
    """Waits until nothing works on a job any more.

    Args:
        queue: Tells of changes.
        identity: The job.
    """

    def __init__(self, queue: Queue, identity: str) -> None:
        self._queue = queue
        self._identity = identity
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.end = queue.subscribe(self._tell)

    def _tell(self, event: QueueEvent) -> None:
        if event.job.id == self._identity:
            self._loop.call_soon_threadsafe(self._changed.set)

    async def wait(self) -> None:
        """Returns then, or after some seconds."""
        try:
            async with asyncio.timeout(SETTLED_SECONDS):
                while self._queue.is_busy(self._identity):
                    await self._changed.wait()
                    self._changed.clear()
        except TimeoutError:
            return


def wishes_of(body: dict[str, object]) -> list[JobRequest]:
    """The wishes of a checked body.

    Raises:
        ReferenceSyntaxError: It gives for several references what only one can have.
    """
    given = {name: value for name, value in body.items() if value is not None}
    references = _texts(given.pop("references"))
    for name in _FOR_ONE:
        if given.get(name) and len(references) > 1:
            raise ReferenceSyntaxError(f"{name} is given for {len(references)} references", hint="Add them one by one.")
    priority, paused = given.pop("priority", 0), given.pop("paused", False)
    if not isinstance(priority, int) or not isinstance(paused, bool):
        raise TypeError("the body was checked")
    for name in ("digests", "mirrors"):
        given[name] = _texts(given.get(name, []))
    given["author"] = Author(given.get("author", Author.USER))
    return [
        JobRequest(JobWanted(reference=reference, **given), priority=priority, paused=paused)  # type: ignore[arg-type] # checked
        for reference in references
    ]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
