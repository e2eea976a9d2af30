"""The operations of the REST API. None of them waits for a download."""

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
"""How long a cancel request waits for the job's download to stop."""
MOST_AT_ONCE = 100
"""With more jobs than this, the list is serialised on another thread, so that other requests aren't delayed."""
ROOMS_SECONDS = 2.0
"""How long the free space of a disk is cached."""
_FOR_ONE = ("output", "digests", "mirrors")


class Rest:
    """The operations of the API, except for its events.

    Args:
        queue: The queue.
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
        """Cancels operations that wait for other servers or the disk; for ``app.on_shutdown``."""
        del app
        self._ending.cancel()

    def operations(self) -> dict[str, Operate]:
        """The operations by name."""
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
        """Lists all jobs, or those in one state."""
        query = asked.query
        state = query.get("state")
        first, limit = query.get("offset", 0), query.get("limit")

        def page() -> str:
            jobs = self._queue.jobs(None if state is None else JobState(state))
            return self._texts.list_of(jobs[first : None if limit is None else first + limit])

        return written(page() if self._queue.job_count <= MOST_AT_ONCE else await _aside(page))

    async def add_jobs(self, asked: Asked) -> web.Response:
        """Adds a job for each reference; all or none."""
        wishes = wishes_of(asked.body)

        def add() -> tuple[str, int]:
            found = self._queue.add(wishes)
            return self._texts.list_of(job for job, _ in found), 201 if any(is_new for _, is_new in found) else 200

        return written(*await _aside(add))

    async def get_job(self, asked: Asked) -> web.Response:
        """Returns one job."""
        return answer(self._queue.view(self._queue.get(asked.identity)))

    async def change_job(self, asked: Asked) -> web.Response:
        """Changes a job. The change most likely to be refused comes first, so that usually all or none apply."""
        identity, changes = asked.identity, asked.body
        queue = self._queue
        steps: dict[str, Callable[[], object]] = {
            "reference": lambda: queue.replace_reference(identity, changes["reference"]),
            "state": lambda: (queue.pause if changes["state"] == JobState.PAUSED else queue.resume)(identity),
            "position": lambda: queue.move(identity, changes["position"]),
            # After the position, because a move may change the priority.
            "priority": lambda: queue.set_priority(identity, changes["priority"]),
        }
        for name, step in steps.items():
            if name in changes:
                await _aside(step)
        return answer(queue.view(queue.get(identity)))

    async def retry_job(self, asked: Asked) -> web.Response:
        """Queues a failed or cancelled job again."""
        identity = asked.identity
        return answer(self._queue.view(await _aside(lambda: self._queue.retry(identity))))

    async def delete_job(self, asked: Asked) -> web.Response:
        """Cancels a job, or removes one that has ended."""
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
        """Returns the state of each block of a job's file."""
        identity = asked.identity
        found = await _aside(lambda: self._queue.blocks(identity))
        return answer({"block_size": found.block_size, "blocks": list(map(int, found.blocks))})

    # All together -----------------------------------------------------------------------------------------

    async def get_status(self, asked: Asked) -> web.Response:
        """Returns counts, rate, limits and free space."""
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
        """The free space of each root, cached because pages ask often and a disk may be slow to answer."""
        now, roots = time.monotonic(), self._queue.destinations.roots
        if now >= self._rooms_until:
            self._rooms = await _aside(lambda: [(str(root), room_at(root)) for root in roots])
            self._rooms_until = now + ROOMS_SECONDS
        return self._rooms

    async def get_settings(self, asked: Asked) -> web.Response:
        """Returns the settings."""
        del asked
        return answer(asdict(self._queue.settings))

    async def change_settings(self, asked: Asked) -> web.Response:
        """Changes the given settings."""
        settings = replace(self._queue.settings, **asked.body)
        await _aside(lambda: self._queue.change_settings(settings))
        return answer(asdict(self._queue.settings))

    async def list_models(self, asked: Asked) -> web.Response:
        """Lists the models."""
        kind = asked.query.get("type")
        return answer(await self._ask(lambda: listed(self._queue, kind)))

    async def verify_models(self, asked: Asked) -> web.Response:
        """Verifies models by reading them."""
        paths = asked.body["paths"]
        return answer(await self._ask(lambda: verified(self._queue, paths, self._ending)))

    async def remove_models(self, asked: Asked) -> web.Response:
        """Removes models from the disk."""
        paths = asked.body["paths"]
        return answer(await self._ask(lambda: removed(self._queue, paths)))

    async def resolve(self, asked: Asked) -> web.Response:
        """Resolves a reference without downloading."""
        return answer(await self._ask(lambda: resolved(self._queue, asked.body, self._ending)))

    async def plan_workflow(self, asked: Asked) -> web.Response:
        """Returns the models that a workflow needs."""
        workflow = asked.body["workflow"]
        said = {name: asked.body.get(name, False) for name in ("quick", "public_only")}

        def plan() -> dict[str, object]:
            content = json.dumps(workflow).encode()
            return planned(content, self._queue.destinations, self._ending, **said)

        return answer(await self._ask(plan))

    async def get_description(self, asked: Asked) -> web.Response:
        """Returns the OpenAPI description."""
        del asked
        return answer(self._description)

    async def _ask(self, action: Callable[[], T]) -> T:
        """Runs a slow operation on a thread; a few at a time, so that threads are left for other requests."""
        async with self._asking:
            return await _aside(action)


async def _aside(action: Callable[[], T]) -> T:
    """Runs an action that waits for the disk on another thread."""
    return await asyncio.get_running_loop().run_in_executor(None, action)


class _Settled:
    """Waits for the download of a job to stop.

    Args:
        queue: The queue.
        identity: The job's id.
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
        """Returns when the download has stopped, or after ``SETTLED_SECONDS``."""
        try:
            async with asyncio.timeout(SETTLED_SECONDS):
                while self._queue.is_busy(self._identity):
                    await self._changed.wait()
                    self._changed.clear()
        except TimeoutError:
            return


def wishes_of(body: dict[str, object]) -> list[JobRequest]:
    """The job requests of a validated body.

    Raises:
        ReferenceSyntaxError: A field for a single file is given for several references.
    """
    given = {name: value for name, value in body.items() if value is not None}
    references = _texts(given.pop("references"))
    for name in _FOR_ONE:
        if given.get(name) and len(references) > 1:
            raise ReferenceSyntaxError(
                f"{name} is given for {len(references)} references", hint="Add the references one by one."
            )
    priority, paused = given.pop("priority", 0), given.pop("paused", False)
    if not isinstance(priority, int) or not isinstance(paused, bool):
        raise TypeError("the body was validated")
    for name in ("digests", "mirrors"):
        given[name] = _texts(given.get(name, []))
    given["author"] = Author(given.get("author", Author.USER))
    return [
        JobRequest(JobWanted(reference=reference, **given), priority=priority, paused=paused)  # type: ignore[arg-type] # checked
        for reference in references
    ]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
