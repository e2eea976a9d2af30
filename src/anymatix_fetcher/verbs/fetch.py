"""The entry points of the library: ``fetch``, ``afetch`` and ``fetch_many``."""

from __future__ import annotations

import logging
from contextvars import copy_context
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.brought import Brought
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.failing import let_go
from anymatix_fetcher.engine.settings import Options, Settings
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.engine.ticket import Ticket
from anymatix_fetcher.errors import DownloadCancelled, FetchError, InternalError, ReferenceSyntaxError
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.workers import no_thread
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.verbs.settings import settings_of
from anymatix_fetcher.wiring.composition import current_folder, network_of, open_session

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from anymatix_fetcher.engine.facts import Progress, Result
    from anymatix_fetcher.engine.forms import Engine
    from anymatix_fetcher.engine.session import Session
    from anymatix_fetcher.transports.base import NetworkSettings

    _Surroundings: TypeAlias = "tuple[NetworkSettings, Engine, RateLimiter | None, bool]"
    """The settings that the downloads of one session share."""

log = logging.getLogger("anymatix_fetcher.verbs")

PROGRESS_SECONDS = 0.25
"""The interval between calls of ``on_progress``."""


@explained(Options)
def fetch(
    reference: str,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[Options],
) -> Result:
    """Downloads and verifies the file that ``reference`` names.

    Args:
        reference: A URL, ``civitai:143906``, ``hf:org/repo/file``, ``github:owner/repo@tag/asset``, ...
        on_progress: Called about four times a second on the calling thread. An exception that it raises ends the
            download and is raised here.
        cancel: Stops the download from another thread.
        **options: The fields of :class:`Settings`.

    Returns:
        The result: path, size, digest, how it was verified, and statistics.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type or can't be parsed; nothing was started.
        FetchError: The download failed. The part file is kept, and the same call continues it.
    """
    forms.callbacks(on_progress=on_progress)
    return fetch_one(Job(reference, settings_of(**options)), on_progress=on_progress, cancel=cancel)


def fetch_one(
    job: Job, *, on_progress: Callable[[Progress], None] | None = None, cancel: CancelToken | None = None
) -> Result:
    """The result of one job; the implementation of :func:`fetch`.

    Raises:
        FetchError: As for :func:`fetch`.
    """
    raised: list[Exception] = []

    def tell(progress: tuple[Progress, ...]) -> None:
        if on_progress is None:
            return
        try:
            on_progress(progress[0])
        except Exception as error:
            raised.append(error)
            raise

    results = fetch_many([job], cancel=cancel, on_progress=tell)
    if raised:
        raise raised[0]
    for result in results:
        if result.error is not None:
            raise result.error
    if len(results) > 1:
        raise ReferenceSyntaxError(
            f"{job.shown_reference} names {len(results)} files, which have all been fetched",
            hint="Use fetch_many, which returns a result for each file.",
        )
    return results[0]


@explained(Options)
async def afetch(
    reference: str,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[Options],
) -> Result:
    """The asynchronous form of :func:`fetch`: the same engine on a thread of its own.

    Cancelling the task stops this download only, and waits until its resources are released.

    Args:
        reference: As for :func:`fetch`.
        on_progress: Called about four times a second on the event loop's thread. An exception that it raises ends the
            download and is raised here.
        cancel: Stops the download from another thread or task; may be shared.
        **options: The fields of :class:`Settings`.

    Returns:
        As for :func:`fetch`.

    Raises:
        TypeError: As for :func:`fetch`, like all other exceptions.
        FetchError: As for :func:`fetch`.
    """
    import asyncio  # noqa: PLC0415 - costs start-up time; callers of afetch have imported it

    forms.callbacks(on_progress=on_progress)
    theirs = forms.token(cancel)
    job = Job(reference, settings_of(**options).anchored(current_folder()))
    loop, token, over = asyncio.get_running_loop(), CancelToken(), asyncio.Event()
    results: list[Result] = []
    raised: list[BaseException] = []

    def show(progress: Progress) -> None:
        if on_progress is None or raised:
            return
        try:
            on_progress(progress)
        except Exception as error:  # noqa: BLE001 - raised where the caller waits
            raised.append(error)
            token.cancel()

    def work() -> None:
        try:
            results.append(
                fetch_one(job, on_progress=lambda one: _tell(loop.call_soon_threadsafe, show, one), cancel=token)
            )
        except BaseException as error:  # noqa: BLE001 - as above
            raised.append(error)
        _tell(loop.call_soon_threadsafe, over.set)

    thread = Thread(target=copy_context().run, args=(work,), name="anymatix-fetcher afetch", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        raise no_thread() from None
    theirs.add_listener(token.cancel)
    try:
        await _end_of(over, token)
    finally:
        theirs.remove_listener(token.cancel)
    if raised:
        raise raised[0]
    return results[0]


async def _end_of(over: asyncio.Event, token: CancelToken) -> None:
    """Waits for the download to end, even if the task is cancelled repeatedly; raises the cancellation at the end."""
    import asyncio  # noqa: PLC0415 - as above

    cancelled: asyncio.CancelledError | None = None
    while not over.is_set():
        try:
            await over.wait()
        except asyncio.CancelledError as error:
            cancelled = error
            token.cancel()
    if cancelled is not None:
        raise cancelled


def _tell(call: Callable[..., object], *arguments: object) -> None:
    """Schedules a call on the event loop; a closed loop has no one waiting for it."""
    try:
        call(*arguments)
    except RuntimeError:
        return


@explained(Options)
def fetch_many(
    jobs: Iterable[Job | str],
    *,
    cancel: CancelToken | None = None,
    on_progress: Callable[[tuple[Progress, ...]], None] | None = None,
    **options: Unpack[Options],
) -> list[Result]:
    """Downloads several files. A failed download is a result as well, and doesn't stop the others.

    A reference to a whole repository or a list yields one result for each of its files.

    Args:
        jobs: References, or jobs with settings of their own. Jobs with the same network settings share a session; jobs
            with the same ``limit_rate`` share a limit.
        cancel: Stops all downloads.
        on_progress: Called about four times a second with the progress of each job, in order, on the calling thread. An
            exception that it raises stops the downloads that aren't over, and is the cause of their errors.
        **options: The settings of those jobs that are references.

    Returns:
        One result for each file, in the order of the jobs.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type or can't be parsed, or the requested engine is unavailable;
            nothing was started.
    """
    forms.callbacks(on_progress=on_progress)
    settings, token = settings_of(**options), forms.token(cancel)
    every = [one if isinstance(one, Job) else Job(one, settings) for one in forms.several("jobs", jobs)]
    return _Batch(token).run(every, on_progress)


class _Batch:
    """The jobs of one call, each in the session for its network settings.

    Args:
        cancel: Stops all of them.
    """

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._here = current_folder()
        self._brought = Brought(OsDisk())
        self._anchored: dict[int, Settings] = {}
        self._limiters: dict[float, RateLimiter] = {}
        self._sessions: dict[_Surroundings, Session] = {}
        self._tickets: list[Ticket] = []
        self._raised: Exception | None = None
        """What ``on_progress`` has raised."""

    def run(self, jobs: list[Job], on_progress: Callable[[tuple[Progress, ...]], None] | None) -> list[Result]:
        """One result for each file.

        Raises:
            ReferenceSyntaxError: The requested engine is unavailable.
        """
        try:
            self._tickets.extend(map(self._submitted, jobs))
            for session in self._sessions.values():
                self._cancel.add_listener(session.cancel)
                session.start()
            self._watch(on_progress)
        finally:
            for session in self._sessions.values():
                self._cancel.remove_listener(session.cancel)
                let_go("the downloads", session.close)
        results = [_result_of(file) for ticket in self._tickets for file in ticket.files]
        return results if self._raised is None else [_stopped_by(result, self._raised) for result in results]

    def _submitted(self, job: Job) -> Ticket:
        """Submits the job to its session. If the system refuses a resource, the ticket holds that error."""
        try:
            job = self._at_hand(job)
            return self._session_for(job.settings).submit(job)
        except ReferenceSyntaxError:
            raise
        except (FetchError, OSError) as error:
            ticket = Ticket(job, -1)
            ticket.end(ticket.failed(error_of(error)))
            return ticket

    def _at_hand(self, job: Job) -> Job:
        """The job with absolute paths. Many jobs share their settings."""
        settings = self._anchored.get(id(job.settings))
        if settings is None:
            settings = self._anchored[id(job.settings)] = job.settings.anchored(self._here)
        return replace(job, settings=settings)

    def _session_for(self, settings: Settings) -> Session:
        limiter = settings.limit_rate
        if limiter is not None and not isinstance(limiter, RateLimiter):
            limiter = self._limiters.setdefault(limiter, RateLimiter(limiter))
        key = (network_of(settings), settings.engine, limiter, settings.remember)
        session = self._sessions.get(key)  # once: hashing the settings is most of the cost, and lists may be long
        if session is None:
            session = self._sessions[key] = open_session(
                *key[:3], self._here, remember=settings.remember, brought=self._brought
            )
        return session

    def _watch(self, on_progress: Callable[[tuple[Progress, ...]], None] | None) -> None:
        over = False
        while not over:
            for session in self._sessions.values():
                session.wait(PROGRESS_SECONDS / len(self._sessions))
            over = all(session.is_idle() for session in self._sessions.values())
            if on_progress is not None and self._raised is None:
                self._tell(on_progress)

    def _tell(self, on_progress: Callable[[tuple[Progress, ...]], None]) -> None:
        try:
            on_progress(tuple(file.progress for ticket in self._tickets for file in ticket.files))
        except Exception as raised:
            log.warning("on_progress raised %s: what isn't over is stopped", type(raised).__name__, exc_info=True)
            self._raised = raised
            for session in self._sessions.values():
                session.cancel()


def _stopped_by(result: Result, raised: Exception) -> Result:
    """The result of a download that may have been stopped since ``on_progress`` raised this."""
    if not isinstance(result.error, DownloadCancelled):
        return result
    error = InternalError(f"on_progress raised {type(raised).__name__}: {raised}", hint=result.error.hint)
    error.__cause__ = raised
    return replace(result, error=error)


def _result_of(ticket: Ticket) -> Result:
    if ticket.result is None:
        raise AssertionError("a download ended without a result")
    return ticket.result
