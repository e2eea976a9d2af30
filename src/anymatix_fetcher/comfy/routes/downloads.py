"""Checks the downloads that a page requests and passes them to the child process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.process import ServerUnavailableError
from anymatix_fetcher.comfy.routes.addresses import looked_up, refused_host
from anymatix_fetcher.comfy.routes.answers import RefusedError
from anymatix_fetcher.comfy.routes.tasks import StockTask
from anymatix_fetcher.core.values.ip_addresses import PRIVATE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.comfy.routes.addresses import LookUp
    from anymatix_fetcher.comfy.routes.categories import Categories
    from anymatix_fetcher.comfy.routes.following import Following
    from anymatix_fetcher.comfy.routes.ports import ChildAnswer, DownloadingChild

OF_A_FILE = "file"
"""The author of URLs in workflows; they get no credentials except those of known services."""


class Downloads:
    """Starts, reports and cancels downloads.

    Args:
        child: The child process.
        categories: ComfyUI's model types and folders.
        following: Sends progress to pages.
        private: Whether private addresses are allowed.
        look_up: Resolves a host name to addresses.

    Attributes:
        public_only: Whether only public addresses are allowed. Each request tells the child so, since a name may
            resolve to another address there.
    """

    def __init__(
        self,
        child: DownloadingChild,
        categories: Categories,
        following: Following,
        *,
        private: bool,
        look_up: LookUp = looked_up,
    ) -> None:
        self._child = child
        self.categories = categories
        self._following = following
        self.public_only = not private
        self._look_up = look_up

    async def start(self, url: str, category: str, name: str, *, digests: Sequence[str] = ()) -> StockTask:
        """Starts a download to the folder of its type; returns its task, which is the same for the same file.

        Raises:
            RefusedError: The URL, the type or the name is not allowed.
        """
        if not url.lower().startswith(("http://", "https://")):
            raise RefusedError(400, "INVALID_BODY", "the URL has to begin with https:// or http://")
        placed = self.categories.placed(category, name)
        body: dict[str, object] = {
            "references": [url],
            "directory": str(placed.root),
            "output": placed.name,
            "author": OF_A_FILE,
        }
        if digests:
            body["digests"] = list(digests)
        [job] = await self.add(body)
        self._following.watch(job, placed)
        return await self._task(job)

    async def add(self, body: Mapping[str, object]) -> list[dict[str, Any]]:
        """Adds jobs from a validated body, after checking the hosts of its URLs.

        Raises:
            RefusedError: A host is not public, or the queue refuses the jobs.
        """
        await self.check_public(
            [*_texts(body.get("references")), *_texts(body.get("reference")), *_texts(body.get("mirrors"))]
        )
        answered = await self.ask("POST", "/jobs", {**body, "public_only": self.public_only})
        if answered.status >= 400:  # noqa: PLR2004 - HTTP's
            raise refused(answered)
        jobs: list[dict[str, Any]] = answered.body["jobs"]
        return jobs

    async def check_public(self, references: Sequence[str]) -> None:
        """Checks that references lead to public addresses.

        Raises:
            RefusedError: A reference leads to a private address.
        """
        if not self.public_only:
            return
        loop = asyncio.get_running_loop()
        host = await loop.run_in_executor(None, refused_host, references, self._look_up)
        if host is not None:
            raise RefusedError(
                403,
                "PRIVATE_ADDRESS",
                f"{host[:80]} is an address of this machine or of its own network",
                f"Set {PRIVATE_VARIABLE}=1 in ComfyUI's environment to allow such addresses.",
            )

    async def task(self, task: str) -> StockTask | None:
        """The present state of a task; ``None`` if there is none."""
        job_id = self._following.job_of(task)
        if job_id is None:
            return None
        answered = await self.ask("GET", f"/jobs/{job_id}")
        return await self._task(answered.body) if answered.status == 200 else None  # noqa: PLR2004 - HTTP's

    async def refreshed(self, task: StockTask) -> StockTask:
        """The present state of a task; unchanged if its job was removed."""
        answered = await self.ask("GET", f"/jobs/{task.job['id']}")
        return await self._task(answered.body) if answered.status == 200 else task  # noqa: PLR2004 - HTTP's

    async def is_here(self, category: str, name: str) -> bool:
        """Whether the loader finds a file with that name."""
        placed = self.categories.placed(category, name)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self.categories.is_found, placed)

    async def cancel(self, task: StockTask) -> None:
        """Cancels a task's job; its partial file is kept.

        Raises:
            RefusedError: The job has ended already.
        """
        self._following.watch(task.job, task.placed)
        answered = await self.ask("DELETE", f"/jobs/{task.job['id']}?part=keep")
        if answered.status >= 400:  # noqa: PLR2004 - HTTP's
            raise refused(answered)

    async def ask(self, method: str, path: str, body: object = None) -> ChildAnswer:
        """Sends a request to the child process.

        Raises:
            RefusedError: The child process doesn't answer.
        """
        try:
            return await self._child.request(method, path, json=body)
        except ServerUnavailableError as error:
            raise RefusedError(503, "DEPENDENCY_MISSING", str(error), "See ComfyUI's log for details.") from None

    async def _task(self, job: Mapping[str, Any]) -> StockTask:
        placed = self.categories.of_path(job.get("path"))
        if job["state"] != "done" or placed is None:
            return StockTask(job, placed)
        loop = asyncio.get_running_loop()
        return StockTask(job, placed, is_found=await loop.run_in_executor(None, self.categories.is_found, placed))


def refused(answered: ChildAnswer) -> RefusedError:
    """The error of the queue as an error of these routes."""
    error = (answered.body or {}).get("error") or {}
    message = str(error.get("message") or f"the queue responded with status {answered.status}")
    return RefusedError(answered.status, str(error.get("kind") or "REFUSED"), message, str(error.get("hint") or ""))


def _texts(value: object) -> list[str]:
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [text for text in texts if isinstance(text, str)]
