"""One file, brought by the child: its job is added and followed to its end, over restarts of the child.

A node that is interrupted, or whose run ends otherwise, takes back a job that it has begun; the part is kept, and the
next run goes on with it. A job that was under way before, for the panel or another program, goes on.
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
    """A model can't be had; the message says why, and what to do.

    Args:
        kind: The error's class in the library.
        message: What happened.
        hint: What to do about it; may be empty.
    """

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message}. {hint}" if hint else message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWish:
    """What a node wants.

    Args:
        reference: Where from; it may hold secrets.
        type: The folder's name in ComfyUI; empty where ``directory`` says it.
        directory: The folder; empty where the type says it.
        output: The file's name; empty for the source's.
        naming: "plain" or "anymatix".
        digests: What it must have.
        auth: Parameters for the query of its address; kept nowhere.
    """

    reference: str = field(repr=False)
    type: str = ""
    directory: str = ""
    output: str = ""
    naming: str = "plain"
    digests: tuple[str, ...] = ()
    auth: str = field(default="", repr=False)

    def as_body(self) -> dict[str, object]:
        """As the API takes it. A workflow may be anybody's: its references lead to no credentials but their host's."""
        body: dict[str, object] = {"references": [self.reference], "naming": self.naming, "author": "file"}
        named = {"type": self.type, "directory": self.directory, "output": self.output, "auth": self.auth}
        body |= {name: value for name, value in named.items() if value}
        if self.digests:
            body["digests"] = list(self.digests)
        return body


_waiting: Counter[str] = Counter()
"""How many nodes wait for each job."""
_begun: set[str] = set()
"""The jobs that are under way for nodes' sake."""


async def bring(child: Child, wish: FileWish, tell: Callable[[Job], None]) -> Job:
    """The job when its file is there.

    Args:
        child: Downloads.
        wish: What.
        tell: Told how it stands, about four times a second.

    Raises:
        ModelFetchError: It can't be had.
        InterruptProcessingException: The run was interrupted.
        ServerUnavailableError: There is no child to be had.
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
    """The job."""
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
        raise ModelFetchError("UnknownJobError", "its job was taken out of the queue", "Run the workflow again.")
    if not answer.is_good:
        error = answer.error
        raise ModelFetchError(error["kind"], error["message"], error["hint"])
    found: Job = answer.body
    return found


def _is_forgotten(job: Job) -> bool:
    """Whether a child that died has taken the job's secrets along."""
    from anymatix_fetcher.queue.failures import ADDRESS_IS_GONE  # noqa: PLC0415 - not when ComfyUI starts

    error = job.get("error") or {}
    return job["state"] == "failed" and error.get("message") == ADDRESS_IS_GONE.message


async def _given_again(child: Child, wish: FileWish, identity: str) -> Job:
    """A job in the place of one that was forgotten; it goes on with what has arrived."""
    await child.request("DELETE", f"/jobs/{identity}")
    return await _added(child, wish)


def _moved(before: str, now: str) -> str:
    """The new job's id, for which the node waits from now on."""
    _waiting[before] -= 1
    _waiting[now] += 1
    _begun.discard(before)
    return now


def _refuse(job: Job) -> None:
    """Ends the wait for what won't come soon.

    Raises:
        ModelFetchError: It has failed, now or for the moment; or somebody has taken it back.
    """
    error = job.get("error")
    if error and job["state"] in {"failed", "queued"}:
        raise ModelFetchError(str(error.get("kind")), str(error.get("message")), str(error.get("hint") or ""))
    if job["state"] == "cancelled":
        raise ModelFetchError("DownloadCancelled", "its download was cancelled", "Run the workflow again to go on.")


async def _taken_back(child: Child, identity: str) -> None:
    with suppress(ServerUnavailableError):
        await child.request("DELETE", f"/jobs/{identity}?part=keep")


def path_of(job: Job) -> str:
    """Where the file of a job is.

    Raises:
        ModelFetchError: It is of several files.
    """
    path = job.get("path")
    if not path:
        raise ModelFetchError(
            "ReferenceSyntaxError", "the reference names several files, and the node is for one", "Name one of them."
        )
    return str(path)
