"""Downloads one file by the child process: adds a job and follows it to its end, across restarts of the child.

If the run is interrupted or fails, the node cancels a job that it has started; the next run continues the partial file.
A job that was started by the panel or another program is not cancelled.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.nodes.interruption import watched
from anymatix_fetcher.comfy.process import ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anymatix_fetcher.comfy.child import Child

    Job = Mapping[str, Any]

LOOK_SECONDS = 0.25
_OPEN = ("queued", "active", "paused")
_CREATED = 201
_NOT_FOUND = 404


class ModelFetchError(Exception):
    """A model can't be downloaded; the message says why and what to do.

    Args:
        kind: The name of the error's class in the library.
        message: What happened.
        hint: What the user can do about it; may be empty.
    """

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message}. {hint}" if hint else message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWish:
    """The file that a node requests.

    Args:
        reference: The reference; may contain secrets.
        type: The folder's name in ComfyUI; empty to use ``directory``.
        directory: The folder; empty to use ``type``.
        output: The file name; empty for the source's name.
        naming: "plain" or "anymatix".
        digests: The expected digests.
        auth: Parameters added to the query of the URL; never stored.
    """

    reference: str = field(repr=False)
    type: str = ""
    directory: str = ""
    output: str = ""
    naming: str = "plain"
    digests: tuple[str, ...] = ()
    auth: str = field(default="", repr=False)

    def as_body(self) -> dict[str, object]:
        """The request body for the API. A workflow isn't trusted, so its author is "file"."""
        body: dict[str, object] = {"references": [self.reference], "naming": self.naming, "author": "file"}
        named = {"type": self.type, "directory": self.directory, "output": self.output, "auth": self.auth}
        body |= {name: value for name, value in named.items() if value}
        if self.digests:
            body["digests"] = list(self.digests)
        return body


_waiting: Counter[str] = Counter()
"""The number of nodes that wait for each job."""
_begun: set[str] = set()
"""The jobs that were started by nodes."""


async def bring(child: Child, wish: FileWish, tell: Callable[[Job], None]) -> Job:
    """Downloads a file and returns its finished job.

    Args:
        child: The child process.
        wish: The requested file.
        tell: Called with the job about four times a second.

    Raises:
        ModelFetchError: The file can't be downloaded.
        InterruptProcessingException: The run was interrupted.
        ServerUnavailableError: The child process can't be started.
    """
    async with watched() as interruption:
        job = await _added(child, wish)
        identity = str(job["id"])
        _waiting[identity] += 1
        try:
            while True:
                tell(job)
                if job["state"] == "done":
                    return job
                if _is_forgotten(job):
                    job = await _given_again(child, wish, identity)
                    identity = _moved(identity, str(job["id"]))
                _refuse(job)
                await interruption.pause(LOOK_SECONDS)
                job = await _looked(child, identity)
        finally:
            _waiting[identity] -= 1
            if not _waiting[identity]:
                del _waiting[identity]
                if identity in _begun and job["state"] in _OPEN:
                    await _taken_back(child, identity)
                _begun.discard(identity)


async def _added(child: Child, wish: FileWish) -> Job:
    """Adds the job, and notes whether this node has started it."""
    listed = await asyncio.gather(*(child.request("GET", f"/jobs?state={state}") for state in _OPEN))
    is_open = {job["id"] for answer in listed for job in (answer.body or {}).get("jobs", [])}
    answer = await child.request("POST", "/jobs", wish.as_body())
    if not answer.is_good:
        error = answer.error
        raise ModelFetchError(error["kind"], error["message"], error["hint"])
    job: Job = answer.body["jobs"][0]
    if answer.status == _CREATED or job["id"] not in is_open:
        _begun.add(str(job["id"]))
    return job


async def _looked(child: Child, identity: str) -> Job:
    answer = await child.request("GET", f"/jobs/{identity}")
    if answer.status == _NOT_FOUND:
        raise ModelFetchError("UnknownJobError", "its job was removed from the queue", "Run the workflow again.")
    if not answer.is_good:
        error = answer.error
        raise ModelFetchError(error["kind"], error["message"], error["hint"])
    found: Job = answer.body
    return found


def _is_forgotten(job: Job) -> bool:
    """Whether the job's secrets were lost with a child process that died."""
    from anymatix_fetcher.queue.failures import ADDRESS_IS_GONE  # noqa: PLC0415 - not when ComfyUI starts

    error = job.get("error") or {}
    return job["state"] == "failed" and error.get("message") == ADDRESS_IS_GONE.message


async def _given_again(child: Child, wish: FileWish, identity: str) -> Job:
    """Replaces a job that has lost its secrets; the new one continues the partial file."""
    await child.request("DELETE", f"/jobs/{identity}")
    return await _added(child, wish)


def _moved(before: str, now: str) -> str:
    """Moves this node's wait to another job, and returns that job's id."""
    _waiting[before] -= 1
    _waiting[now] += 1
    _begun.discard(before)
    return now


def _refuse(job: Job) -> None:
    """Ends the wait for a job that has failed or was cancelled.

    Raises:
        ModelFetchError: The job has failed, even if it would be retried later, or was cancelled.
    """
    error = job.get("error")
    if error and job["state"] in {"failed", "queued"}:
        raise ModelFetchError(str(error.get("kind")), str(error.get("message")), str(error.get("hint") or ""))
    if job["state"] == "cancelled":
        raise ModelFetchError("DownloadCancelled", "its download was cancelled", "Run the workflow again to continue.")


async def _taken_back(child: Child, identity: str) -> None:
    with suppress(ServerUnavailableError):
        await child.request("DELETE", f"/jobs/{identity}?part=keep")


def path_of(job: Job) -> str:
    """The path of a job's file.

    Raises:
        ModelFetchError: The job has several files.
    """
    path = job.get("path")
    if not path:
        raise ModelFetchError(
            "ReferenceSyntaxError", "the reference names several files, but the node takes one", "Name one of them."
        )
    return str(path)
