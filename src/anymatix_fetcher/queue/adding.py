"""New jobs: each wish is checked before any is written, and the same file is the same job."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

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
    """Something to be added.

    Args:
        wanted: What.
        priority: The higher one goes first.
        paused: Whether it waits for its user before it begins.
        identity: The id that it is to have; ``None`` for one that is made up.
    """

    wanted: JobWanted
    priority: int = 0
    paused: bool = False
    identity: JobId | None = None


class Adding:
    """Adds jobs.

    Args:
        book: The jobs.
        destinations: Where they may go.
        limiter: The limit that all of them share.
        check: Raises what is wrong with a job that can be seen without asking a server.
        clock: Seconds since 1970.
        stop: Asks what carries a job out to stop.
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
        """The job of each wish, and whether it is a new one. Nothing is added where one of them can't be.

        Raises:
            OutsideError: A destination lies outside.
            ConflictingJobError: Another reference's job holds the destination, or the same one's has another digest.
            ReferenceSyntaxError: A field can't be read.
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
        """Each wish with its digests as they are written, and where its file goes as far as it says.

        Many wishes of one request differ in their references alone: where they go is looked at once.
        """
        looked_at: dict[JobWanted, tuple[Settings, str]] = {}
        checked: list[tuple[JobRequest, str]] = []
        for wish in wishes:
            rest = replace(wish.wanted, reference="")
            if rest not in looked_at:
                settings = self._destinations.settings(rest, self._limiter)
                looked_at[rest] = settings, self._destinations.place(rest)
            settings, place = looked_at[rest]
            self._check(Job(wish.wanted.reference, settings, wish.wanted.author, auth=wish.wanted.auth))
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
            raise ConflictingJobError(
                f"job {holder.id} holds the destination {place} for another reference",
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
    """What is there while wishes are looked at, with what they have come to so far."""

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
        """The job of the same reference to the same destination, be it said or found out meanwhile."""
        key = (wanted.reference, place, wanted.naming)
        return self._by_key.get(key) or (self._by_file.get(key) if wanted.output else None)

    def next_position(self) -> int:
        """The end of the line."""
        self._position += 1
        return self._position

    def free(self, identity: JobId | None) -> JobId:
        """The id that was asked for, or one that no job has.

        Raises:
            ConflictingJobError: Another job has it.
        """
        if identity is None:
            return JobId(secrets.token_hex(8))
        if identity in self._ids:
            raise ConflictingJobError(f"there is a job {identity} already", hint="Choose another id, or none.")
        return identity

    def take(self, job: QueuedJob) -> None:
        """Takes a new job in."""
        self.new[job.id] = job
        self._enter(job)

    def change(self, job: QueuedJob | None) -> None:
        """Takes a job over as it is now; ``None`` where nothing has changed."""
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
    """The job that is asked for once more, as it is then; ``None`` where nothing changes.

    A job that is done answers only for the digests that its file was held against; for others it runs again.

    Raises:
        ConflictingJobError: It is to have another digest.
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
            f"job {job.id} brings the same file, and is to have another digest",
            hint="Check which digest is right; cancel that job first if it is the other one.",
        )
    if digests == job.wanted.digests:
        return None
    changed = replace(job, wanted=replace(job.wanted, digests=digests))
    return changed.put_back() if job.state is JobState.ACTIVE else changed


def _is_there(job: QueuedJob) -> bool:
    """Whether what a job has brought is still at its place."""
    files = (job.result or {}).get("files", [job.result])
    paths = [file.get("path") for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    return bool(paths) and all(isinstance(path, str) and Path(path).exists() for path in paths)
