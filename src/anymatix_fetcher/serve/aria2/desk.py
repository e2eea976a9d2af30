"""The queue as aria2's methods see it: lists, gids and states of downloads."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from anymatix_fetcher.queue.blocks import BlockMap
from anymatix_fetcher.queue.jobs import JobState, UnknownJobError
from anymatix_fetcher.serve.aria2.memory import OptionMemory
from anymatix_fetcher.serve.aria2.messages import RpcFault
from anymatix_fetcher.serve.aria2.standing import Aria2Status, DownloadLists, behind_the_others, standing_of
from anymatix_fetcher.serve.aria2.status import SeenJob, asks_for_pieces, status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from anymatix_fetcher.queue.jobs import JobId, QueuedJob
    from anymatix_fetcher.queue.queue import Queue

_GID_DIGITS = 16
_HEX = frozenset("0123456789abcdef")


class Desk:
    """The queue as aria2's methods see it.

    Args:
        queue: The queue.
        options: The global options.
        stop: Stops the server, after the response was sent.
        clock: The time in seconds since 1970.
    """

    def __init__(
        self,
        queue: Queue,
        options: Mapping[str, str],
        *,
        stop: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.queue = queue
        self.memory = OptionMemory(options)
        self.session_id = secrets.token_hex(20)
        self.stop = stop
        self._clock = clock

    def behind(self) -> frozenset[JobId]:
        """The jobs that wait for their turn; none if clients shall see them as active."""
        settings = self.queue.settings
        if settings.rpc_always_active:
            return frozenset()
        return behind_the_others(self.queue.jobs(), self._clock(), most=settings.max_downloads)

    def lists(self) -> DownloadLists:
        """aria2's three lists of downloads."""
        return DownloadLists.of(self.queue.jobs(), behind=self.behind())

    def find(self, gid: str) -> QueuedJob:
        """The download with this gid or unambiguous gid prefix.

        Raises:
            RpcFault: No download or several downloads match.
        """
        lowered = gid.lower()
        if not lowered or len(lowered) > _GID_DIGITS or not _HEX.issuperset(lowered):
            raise RpcFault(f"Invalid GID {gid[:_GID_DIGITS]}")
        if len(lowered) == _GID_DIGITS:
            found = [job for job in (self.queue.find(lowered),) if job is not None]
        else:
            found = [job for job in self.queue.jobs() if job.id.startswith(lowered)]
        match found:
            case [job]:
                return job
            case []:
                raise RpcFault(f"GID {gid} is not found")
            case _:
                raise RpcFault(f"GID {gid} is not unique")

    def standing(self, job: QueuedJob) -> Aria2Status:
        """aria2's status of a download."""
        return standing_of(job, self.behind() if job.state is JobState.QUEUED else frozenset())

    def status(self, job: QueuedJob, keys: frozenset[str]) -> dict[str, object]:
        """The requested fields of a download."""
        return status(self.seen(job, self.standing(job), with_blocks=asks_for_pieces(keys)), keys)

    def statuses(
        self, jobs: Iterable[QueuedJob], behind: frozenset[JobId], keys: frozenset[str]
    ) -> list[dict[str, object]]:
        """The requested fields of several downloads."""
        with_blocks = asks_for_pieces(keys)
        return [status(self.seen(job, standing_of(job, behind), with_blocks=with_blocks), keys) for job in jobs]

    def seen(self, job: QueuedJob, standing: Aria2Status, *, with_blocks: bool = False) -> SeenJob:
        """A download with its present progress."""
        try:
            progress = None if job.has_ended else self.queue.progress(job.id)
            return SeenJob(job, standing, progress, self.queue.blocks(job.id) if with_blocks else None)
        except UnknownJobError:  # the job was removed in the meantime
            return SeenJob(job, standing, None, BlockMap() if with_blocks else None)
