"""A job: a reference with its destination and settings, and how far it is. Values and transitions, nothing else.

::

    queued <--> active --> done
      ^  ^         |
      |  '- paused-'---> failed, cancelled
      '---- retry ---------'

A transition returns the job as it is afterwards; one that the state doesn't allow raises :class:`WrongStateError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.errors import DestinationExistsError, NotFoundError, ReferenceSyntaxError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

JobId = NewType("JobId", str)
"""16 lower-case hex digits; aria2's clients call it a gid."""


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    """It waits for its turn, for a moment, or for something; ``waits_for`` says for what."""
    ACTIVE = "active"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


class PartChoice(StrEnum):
    """What becomes of what has arrived, when a job is cancelled."""

    KEEP = "keep"
    REMOVE = "remove"


class WrongStateError(ReferenceSyntaxError):
    """The job's state doesn't allow what was asked for."""


class UnknownJobError(NotFoundError):
    """There is no job of that id."""


class ConflictingJobError(DestinationExistsError):
    """Another job holds the destination, for another reference."""


class OutsideError(StorageError):
    """The destination lies outside of the models roots and of the server's folder, or where programs are."""


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed.

    Args:
        kind: The error's class: "NotFoundError", ...
        message: What happened, without secrets.
        hint: What to do about it; may be empty.
        exit_code: What the command would have exited with.
        retryable: Whether another try may help, without anybody's doing.
    """

    kind: str
    message: str
    hint: str = ""
    exit_code: int = 1
    retryable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWanted:
    """What a job is to bring, and where to.

    Args:
        reference: As it was given; it may hold secrets.
        type: A model type, whose folder gets the file; empty for ``directory``.
        directory: A folder, absolute or below the server's; empty for the server's own.
        output: The file's name or its path below the folder; empty for the name that the source gives it.
        naming: "plain" or "anymatix".
        digests: What the file must have: ``sha256:HEX``.
        mirrors: Other places with the same bytes; they may hold secrets.
        connections: A fixed number; ``None`` adapts it.
        max_connections: How far ``connections=None`` may climb; ``None`` for the default.
        limit_rate: The most bytes a second for this job; ``None`` for what all jobs share.
        headers: Fields for the reference's own origin; they are never stored.
        proxy: A proxy's URL; empty for what the surroundings say.
        overwrite: Whether it replaces what is at the destination.
        take_over: Whether what another address has begun is gone on with.
        author: Who has written the reference.
        auth: Parameters for the query of the reference's own address; they are never stored.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """One job.

    Args:
        id: Its id.
        reference: As it may be shown, without secrets.
        wanted: What it is to bring.
        state: Where it stands.
        priority: The higher one goes first.
        position: Among those of its priority, the lower one goes first.
        created_at: In seconds since 1970, as all moments here.
        place: Where its file goes as far as it was said: its path where a name was given, else its folder.
        started_at: When it last became active; ``None`` where it never was.
        ended_at: When it ended; ``None`` where it hasn't.
        name: The file's name, as far as it is known.
        path: Where the file is or will be, as far as that is known; of several files the folder that holds them all.
        destinations: The paths beside which part files and journals of its may lie.
        size: Bytes of the file, as far as they are known.
        bytes_stored: Bytes of it that were stored when it was last written down.
        attempts: How often it has failed since the user last asked for it.
        not_before: When it is tried again; 0.0 where nothing is waited for.
        waits_for: What it waits for, for people; empty where it doesn't.
        error: Why it failed, or why it is tried again.
        result: What became of it, as the command prints it with ``--json``; ``None`` where it hasn't ended well.
        part_unwanted: Whether what has arrived is to be removed as soon as nothing works on it.
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
        """Whether nothing happens to it any more, unless the user asks for it."""
        return self.state in ENDED

    # Transitions ------------------------------------------------------------------------------------------

    def started(self, now: float) -> QueuedJob:
        """It is under way."""
        self._require(JobState.QUEUED, to="started")
        return replace(self, state=JobState.ACTIVE, started_at=now, not_before=0.0, waits_for="")

    def paused(self) -> QueuedJob:
        """It waits for the user; what has arrived is kept."""
        if self.state is JobState.PAUSED:
            return self
        self._require(JobState.QUEUED, JobState.ACTIVE, to="paused")
        return replace(self, state=JobState.PAUSED, not_before=0.0, waits_for="its user: it is paused")

    def queued(self) -> QueuedJob:
        """It goes on, when its turn comes."""
        if self.state in (JobState.QUEUED, JobState.ACTIVE):
            return self
        self._require(JobState.PAUSED, to="resumed")
        return replace(self, state=JobState.QUEUED, not_before=0.0, waits_for="", error=None, attempts=0)

    def retried(self) -> QueuedJob:
        """It is tried again, from what has arrived."""
        self._require(JobState.FAILED, JobState.CANCELLED, to="tried again")
        return self.renewed()

    def renewed(self) -> QueuedJob:
        """It has ended, and is fetched once more."""
        return replace(
            self,
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
        """It has another address for the same file; what has arrived is gone on with."""
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
        """Something else is wanted of it; what is under way begins anew, from what has arrived."""
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
        """It isn't under way any more, and goes on by itself: at once, or at that moment."""
        self._require(JobState.ACTIVE, to="put back")
        attempts = self.attempts + (1 if error is not None else 0)
        return replace(
            self, state=JobState.QUEUED, waits_for=waits_for, not_before=not_before, error=error, attempts=attempts
        )

    def failed(self, error: JobError, now: float) -> QueuedJob:
        """It failed, and the user has to do something about it."""
        return replace(self, state=JobState.FAILED, ended_at=now, error=error, waits_for="", not_before=0.0)

    def finished(self, result: Mapping[str, object], now: float) -> QueuedJob:
        """The file is there, perhaps while it was being stopped."""
        self._require(JobState.ACTIVE, JobState.PAUSED, JobState.QUEUED, to="finished")
        return replace(self, state=JobState.DONE, ended_at=now, result=result, error=None, waits_for="", not_before=0.0)

    def cancelled(self, now: float, *, part: PartChoice = PartChoice.KEEP) -> QueuedJob:
        """The user doesn't want it any more."""
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
    JobState.DONE: "Its file is there; add the reference again to fetch it once more.",
    JobState.FAILED: "Try it again first.",
    JobState.CANCELLED: "Try it again first.",
    JobState.PAUSED: "Resume it first.",
}
