"""Adds jobs. All requests are checked before any is written, and a request for a known file returns its job."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.queries import differ_in_query_only
from anymatix_fetcher.engine.facts import Job, shown
from anymatix_fetcher.queue.jobs import ConflictingJobError, JobId, JobState, QueuedJob

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.engine.settings import Settings
    from anymatix_fetcher.queue.book import Book
    from anymatix_fetcher.queue.destinations import Destinations
    from anymatix_fetcher.queue.jobs import JobWanted
    from anymatix_fetcher.transports.limiter import RateLimiter


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A request for a new job.

    Args:
        wanted: The file, its destination and its settings.
        priority: Jobs of higher priority start first.
        paused: Whether the job is paused at first.
        identity: The job's id; ``None`` for a random one.
    """

    wanted: JobWanted
    priority: int = 0
    paused: bool = False
    identity: JobId | None = None


class Adding:
    """Adds jobs.

    Args:
        book: The jobs.
        destinations: The folders that jobs may write to.
        limiter: The bandwidth limit shared by all jobs.
        check: Raises the errors of a job that can be found without a request.
        clock: The time in seconds since 1970.
        stop: Asks a job's download to stop.
    """

    def __init__(
        self,
        book: Book,
        destinations: Destinations,
        limiter: RateLimiter,
        *,
        check: Callable[[Job], None],
        clock: Callable[[], float],
        stop: Callable[[QueuedJob], None],
    ) -> None:
        self._book = book
        self._destinations = destinations
        self._limiter = limiter
        self._check = check
        self._clock = clock
        self._stop = stop

    def add(self, wishes: Sequence[JobRequest]) -> list[tuple[QueuedJob, bool]]:
        """The job of each request, and whether it is new. If one request fails, no job is added.

        Raises:
            OutsideError: A destination lies outside the allowed folders.
            ConflictingJobError: A job for another reference holds the destination, or the file's job has another
                digest.
            ReferenceSyntaxError: A field is invalid.
        """
        checked = self._checked(wishes)
        with self._book.lock:
            known = _Known(self._book.all())
            found = [self._found(wish, place, known) for wish, place in checked]
            self._book.add(known.new.values())
            self._book.change(*known.changed.values())
            for job in known.changed.values():
                self._stop(job)
        return [(self._book.get(job.id), is_new) for job, is_new in found]

    def _checked(self, wishes: Sequence[JobRequest]) -> list[tuple[JobRequest, str]]:
        """Each request with its digests normalised, and its destination as far as it names one.

        Many requests differ only in their references, so a destination is checked once.
        """
        looked_at: dict[JobWanted, tuple[Settings, str]] = {}
        checked: list[tuple[JobRequest, str]] = []
        for wish in wishes:
            rest = replace(wish.wanted, reference="")
            if rest not in looked_at:
                settings = self._destinations.settings(rest, self._limiter)
                looked_at[rest] = settings, self._destinations.place(rest)
            settings, place = looked_at[rest]
            self._check(wish.wanted.as_job(settings))
            wanted = replace(wish.wanted, digests=tuple(map(str, settings.digests)))
            checked.append((replace(wish, wanted=wanted), place))
        return checked

    def _found(self, wish: JobRequest, place: str, known: _Known) -> tuple[QueuedJob, bool]:
        job = known.same(wish.wanted, place)
        if job is not None:
            known.change(_again(job, wish, place))
            return job, False
        holder = known.held.get(place) if wish.wanted.output else None
        if holder is not None:
            differs = differ_in_query_only(holder.wanted.reference, wish.wanted.reference)
            raise ConflictingJobError(
                f"job {holder.id} holds the destination {place} for another reference"
                + (", which differs in its query only" if differs else ""),
                hint="Choose another output, or cancel that job.",
            )
        job = QueuedJob(
            id=known.free(wish.identity),
            reference=shown(wish.wanted.reference),
            wanted=wish.wanted,
            state=JobState.PAUSED if wish.paused else JobState.QUEUED,
            priority=wish.priority,
            position=known.next_position(),
            created_at=self._clock(),
            place=place,
            name=Path(wish.wanted.output).name or None,
            path=place if wish.wanted.output else None,
        )
        known.take(job)
        return job, True


class _Known:
    """The jobs that exist while requests are processed, including those added or changed by earlier requests."""

    def __init__(self, jobs: Sequence[QueuedJob]) -> None:
        self.held: dict[str, QueuedJob] = {}
        self.new: dict[JobId, QueuedJob] = {}
        self.changed: dict[JobId, QueuedJob] = {}
        self._by_key: dict[tuple[str, str, str], QueuedJob] = {}
        self._by_file: dict[tuple[str, str, str], QueuedJob] = {}
        self._ids = {job.id for job in jobs}
        self._position = max((job.position for job in jobs if not job.has_ended), default=-1)
        for job in sorted(jobs, key=lambda job: job.created_at):
            self._enter(job)

    def same(self, wanted: JobWanted, place: str) -> QueuedJob | None:
        """The job with the same reference and destination; the destination may have been named or found out later."""
        key = (wanted.reference, place, wanted.naming)
        return self._by_key.get(key) or (self._by_file.get(key) if wanted.output else None)

    def next_position(self) -> int:
        """The position behind all jobs."""
        self._position += 1
        return self._position

    def free(self, identity: JobId | None) -> JobId:
        """The requested id, or a random one.

        Raises:
            ConflictingJobError: Another job has the requested id.
        """
        if identity is None:
            return JobId(secrets.token_hex(8))
        if identity in self._ids:
            raise ConflictingJobError(
                f"a job with the id {identity} exists already", hint="Choose another id, or none."
            )
        return identity

    def take(self, job: QueuedJob) -> None:
        """Adds a new job."""
        self.new[job.id] = job
        self._enter(job)

    def change(self, job: QueuedJob | None) -> None:
        """Replaces a job by its changed value; ``None`` for no change."""
        if job is not None:
            (self.new if job.id in self.new else self.changed)[job.id] = job
            self._enter(job)

    def _enter(self, job: QueuedJob) -> None:
        self._ids.add(job.id)
        if job.wanted.reference:
            self._by_key[job.wanted.reference, job.place, job.wanted.naming] = job
            if job.path:
                self._by_file[job.wanted.reference, job.path, job.wanted.naming] = job
        if not job.has_ended:
            self.held.update((path, job) for path in (job.place if job.wanted.output else None, job.path) if path)


def _again(job: QueuedJob, wish: JobRequest, place: str) -> QueuedJob | None:
    """The job after it was requested once more; ``None`` for no change.

    A finished job is reused only if its file was checked against all requested digests; otherwise it runs again.

    Raises:
        ConflictingJobError: The job expects another digest.
    """
    wanted = wish.wanted
    if job.has_ended:
        if job.state is JobState.DONE and _is_there(job) and set(wanted.digests) <= set(job.wanted.digests):
            return None
        state = JobState.PAUSED if wish.paused else JobState.QUEUED
        return replace(job.renewed(), wanted=wanted, place=place, state=state, priority=wish.priority)
    digests = tuple(dict.fromkeys((*job.wanted.digests, *wanted.digests)))
    algorithms = [digest.partition(":")[0] for digest in digests]
    if len(set(algorithms)) < len(algorithms):
        raise ConflictingJobError(
            f"job {job.id} fetches the same file with another expected digest",
            hint="Check which digest is right. If it is the new one, cancel that job first.",
        )
    if digests == job.wanted.digests:
        return None
    changed = replace(job, wanted=replace(job.wanted, digests=digests))
    return changed.put_back() if job.state is JobState.ACTIVE else changed


def _is_there(job: QueuedJob) -> bool:
    """Whether all files of a finished job still exist."""
    files = (job.result or {}).get("files", [job.result])
    paths = [file.get("path") for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    return bool(paths) and all(isinstance(path, str) and Path(path).exists() for path in paths)
