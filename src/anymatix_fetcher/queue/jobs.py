"""Queue jobs: their values, states and state transitions. Pure.

::

    queued <--> active --> done
      ^  ^         |
      |  '- paused-'---> failed, cancelled
      '---- retry ---------'

A transition returns the changed job. It raises :class:`WrongStateError` if the state doesn't allow it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.errors import DestinationExistsError, NotFoundError, ReferenceSyntaxError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.engine.settings import Settings

JobId = NewType("JobId", str)
"""16 lower-case hex digits; aria2's clients call it a gid."""


class JobState(StrEnum):
    """The state of a job."""

    QUEUED = "queued"
    """Waits for its turn, for its next try, or for disk space; ``waits_for`` says which."""
    ACTIVE = "active"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


class PartChoice(StrEnum):
    """Whether cancelling a job keeps or removes its partial file."""

    KEEP = "keep"
    REMOVE = "remove"


class WrongStateError(ReferenceSyntaxError):
    """The job's state doesn't allow the requested change."""


class UnknownJobError(NotFoundError):
    """No job has this id."""


class ConflictingJobError(DestinationExistsError):
    """Another job holds the destination or the id, or expects another digest for the file."""


class OutsideError(StorageError):
    """The destination lies outside the models roots and the server's folder, or in a folder that holds programs."""


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed.

    Args:
        kind: The error's class: "NotFoundError", ...
        message: What happened; contains no secrets.
        hint: What the user can do about it; may be empty.
        exit_code: The exit code of the command for the same error.
        retryable: Whether another try may succeed without a change by the user.
    """

    kind: str
    message: str
    hint: str = ""
    exit_code: int = 1
    retryable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWanted:
    """The requested file of a job, its destination and its settings.

    Args:
        reference: The reference as given; may contain secrets.
        type: A model type, which selects the folder; empty to use ``directory``.
        directory: The destination folder, absolute or relative to the server's folder; empty for that folder.
        output: The file name, or its path relative to the folder; empty for the source's name.
        naming: "plain" or "anymatix".
        digests: The expected digests: ``sha256:HEX``.
        mirrors: URLs of the same file on other servers; may contain secrets.
        connections: A fixed number of connections; ``None`` adapts it.
        max_connections: The upper limit for ``connections=None``; ``None`` for the default.
        limit_rate: The job's own limit in bytes per second; ``None`` for the shared limit only.
        headers: Header fields for the reference's origin; never stored.
        proxy: The proxy's URL; empty for the one from the environment.
        overwrite: Whether an existing file at the destination is replaced.
        take_over: Whether a partial file from another URL is continued.
        author: Whether the user or a document wrote the reference.
        auth: Parameters added to the query of the reference's URL; never stored.
        public_only: Whether only connections to public addresses are allowed, whatever a name resolves to.
    """

    reference: str = field(repr=False)
    type: str = ""
    directory: str = ""
    output: str = ""
    naming: str = "plain"
    digests: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = field(default=(), repr=False)
    connections: int | None = None
    max_connections: int | None = None
    limit_rate: float | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: str = field(default="", repr=False)
    overwrite: bool = False
    take_over: bool = False
    author: Author = Author.USER
    auth: str = field(default="", repr=False)
    public_only: bool = False

    def as_job(self, settings: Settings) -> Job:
        """As the engine takes it.

        Args:
            settings: What else it is told.
        """
        return Job(self.reference, settings, self.author, auth=self.auth, public_only=self.public_only)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """A job of the queue.

    Args:
        id: The job's id.
        reference: The reference without secrets, for display.
        wanted: The request.
        state: The current state.
        priority: Jobs of higher priority start first.
        position: Among jobs of equal priority, the lower position starts first.
        created_at: In seconds since 1970, like all times here.
        place: The requested destination: the file's path if a name was given, otherwise the folder.
        started_at: When the job last became active; ``None`` if it never was.
        ended_at: When the job ended; ``None`` before that.
        name: The file's name; ``None`` while unknown.
        path: The file's path, or the common folder of several files; ``None`` while unknown.
        destinations: The paths beside which the job's part files and journals may lie.
        size: The file's length in bytes; ``None`` while unknown.
        bytes_stored: The number of bytes stored when the record was last written.
        attempts: The number of failures since the user last requested the job.
        not_before: The time of the next try; 0.0 for no delay.
        waits_for: What the job waits for, as text for the user; may be empty.
        error: Why the job failed, or why it is tried again.
        result: The result as ``--json`` prints it; ``None`` unless the job is done.
        part_unwanted: Whether the partial file has to be removed as soon as the download has stopped.
    """

    id: JobId
    reference: str
    wanted: JobWanted
    state: JobState = JobState.QUEUED
    priority: int = 0
    position: int = 0
    created_at: float = 0.0
    place: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    name: str | None = None
    path: str | None = None
    destinations: tuple[str, ...] = ()
    size: int | None = None
    bytes_stored: int = 0
    attempts: int = 0
    not_before: float = 0.0
    waits_for: str = ""
    error: JobError | None = None
    result: Mapping[str, object] | None = None
    part_unwanted: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether the job is done, failed or cancelled: only the user can start it again."""
        return self.state in ENDED

    # Transitions ------------------------------------------------------------------------------------------

    def started(self, now: float) -> QueuedJob:
        """The job starts."""
        self._require(JobState.QUEUED, to="started")
        return replace(self, state=JobState.ACTIVE, started_at=now, not_before=0.0, waits_for="")

    def paused(self) -> QueuedJob:
        """The job is paused; its partial file is kept."""
        if self.state is JobState.PAUSED:
            return self
        self._require(JobState.QUEUED, JobState.ACTIVE, to="paused")
        return replace(self, state=JobState.PAUSED, not_before=0.0, waits_for="its user: it is paused")

    def queued(self) -> QueuedJob:
        """The job is resumed and waits for its turn."""
        if self.state in (JobState.QUEUED, JobState.ACTIVE):
            return self
        self._require(JobState.PAUSED, to="resumed")
        return replace(self, state=JobState.QUEUED, not_before=0.0, waits_for="", error=None, attempts=0)

    def retried(self) -> QueuedJob:
        """A failed or cancelled job is queued again; it continues its partial file."""
        self._require(JobState.FAILED, JobState.CANCELLED, to="tried again")
        return self.renewed()

    def renewed(self) -> QueuedJob:
        """An ended job is queued again, with its outcome and attempts reset; a finished file counts as gone."""
        return replace(
            self,
            bytes_stored=0 if self.state is JobState.DONE else self.bytes_stored,
            state=JobState.QUEUED,
            ended_at=None,
            not_before=0.0,
            waits_for="",
            error=None,
            attempts=0,
            result=None,
            part_unwanted=False,
        )

    def redirected(self, reference: str, shown_reference: str) -> QueuedJob:
        """The job gets a new URL of the same file and continues its partial file."""
        if self.state is JobState.DONE:
            self._require(to="given another address")
        wanted = replace(self.wanted, reference=reference, take_over=True)
        job = replace(self, wanted=wanted, reference=shown_reference)
        match self.state:
            case JobState.FAILED | JobState.CANCELLED:
                return job.retried()
            case JobState.ACTIVE:
                return job.put_back()
            case _:
                return job

    def rewritten(self, wanted: JobWanted, shown_reference: str, place: str) -> QueuedJob:
        """The job gets a changed request. An active job restarts and continues its partial file."""
        if self.has_ended:
            self._require(to="changed")
        is_elsewhere = place != self.place
        job = replace(
            self,
            wanted=wanted,
            reference=shown_reference,
            place=place,
            path=(place if wanted.output else None) if is_elsewhere else self.path,
        )
        return job.put_back() if job.state is JobState.ACTIVE else job

    def put_back(self, *, waits_for: str = "", not_before: float = 0.0, error: JobError | None = None) -> QueuedJob:
        """An active job is queued again, to continue at once or at ``not_before``."""
        self._require(JobState.ACTIVE, to="put back")
        attempts = self.attempts + (1 if error is not None else 0)
        return replace(
            self, state=JobState.QUEUED, waits_for=waits_for, not_before=not_before, error=error, attempts=attempts
        )

    def failed(self, error: JobError, now: float) -> QueuedJob:
        """The job failed and won't be tried again by itself."""
        return replace(self, state=JobState.FAILED, ended_at=now, error=error, waits_for="", not_before=0.0)

    def finished(self, result: Mapping[str, object], now: float) -> QueuedJob:
        """The job is done. It may have been paused in the meantime."""
        self._require(JobState.ACTIVE, JobState.PAUSED, JobState.QUEUED, to="finished")
        return replace(self, state=JobState.DONE, ended_at=now, result=result, error=None, waits_for="", not_before=0.0)

    def cancelled(self, now: float, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """The job is cancelled."""
        if self.state is not JobState.CANCELLED:
            self._require(JobState.QUEUED, JobState.ACTIVE, JobState.PAUSED, JobState.FAILED, to="cancelled")
        return replace(
            self,
            state=JobState.CANCELLED,
            ended_at=now,
            waits_for="",
            not_before=0.0,
            error=None,
            part_unwanted=part is PartChoice.REMOVE or self.part_unwanted,
        )

    def _require(self, *states: JobState, to: str) -> None:
        if self.state not in states:
            raise WrongStateError(f"job {self.id} is {self.state} and can't be {to}", hint=_MENDS.get(self.state, ""))


_MENDS = {
    JobState.DONE: "Its file is complete; add the reference again to fetch it once more.",
    JobState.FAILED: "Retry it first.",
    JobState.CANCELLED: "Retry it first.",
    JobState.PAUSED: "Resume it first.",
}
