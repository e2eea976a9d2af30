"""The neck: what callers call."""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.engine.brought import Brought
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.failing import let_go
from anymatix_fetcher.engine.settings import Options, Settings
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.engine.ticket import Ticket
from anymatix_fetcher.errors import FetchError, ReferenceSyntaxError
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
    """What the downloads of one session share."""

PROGRESS_SECONDS = 0.25
"""How often progress is told."""


@explained(Options)
def fetch(
    reference: str,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[Options],
) -> Result:
    """The file that ``reference`` names, proved and at its destination.

    Args:
        reference: A URL, ``civitai:143906``, ``hf:org/repo/file``, ``github:owner/repo@tag/asset``, ...
        on_progress: Told about four times a second how it stands, on the calling thread. What it raises ends the
            download, and comes out of here.
        cancel: Stops it from another thread.
        **options: The fields of :class:`Settings`.

    Raises:
        TypeError: There is no such keyword.
        ReferenceSyntaxError: A value is of a wrong kind, or can't be read: nothing was begun.
        FetchError: It can't be done; what has arrived is kept, and the same call goes on with it.
    """
    return fetch_one(Job(reference, settings_of(**options)), on_progress=on_progress, cancel=cancel)


def fetch_one(
    job: Job, *, on_progress: Callable[[Progress], None] | None = None, cancel: CancelToken | None = None
) -> Result:
    """What becomes of one job; for :func:`fetch`, which makes it.

    Raises:
        FetchError: As :func:`fetch` does.
    """

    def tell(progress: tuple[Progress, ...]) -> None:
        if on_progress is not None:
            on_progress(progress[0])

    results = fetch_many([job], cancel=cancel, on_progress=tell)
    for result in results:
        if result.error is not None:
            raise result.error
    if len(results) > 1:
        raise ReferenceSyntaxError(
            f"{job.shown_reference} names {len(results)} files, which are all here now",
            hint="fetch_many returns a result for each.",
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
    """:func:`fetch` for event loops: the same engine, on a thread of its own.

    Cancelling the task stops this download and no other one, and waits until it has let go of everything.

    Args:
        reference: As for :func:`fetch`.
        on_progress: Told about four times a second how it stands, on the event loop's thread. What it raises ends the
            download, and comes out of here.
        cancel: Stops it from another thread or task; may be shared.
        **options: The fields of :class:`Settings`.

    Raises:
        TypeError: As :func:`fetch` does, and all others, too.
        FetchError: As :func:`fetch` does.
    """
    import asyncio  # noqa: PLC0415 - costs start-up time, and whoever needs it has it already

    job = Job(reference, settings_of(**options).anchored(current_folder()))
    loop, token, over = asyncio.get_running_loop(), CancelToken(), asyncio.Event()
    results: list[Result] = []
    raised: list[BaseException] = []

    def show(progress: Progress) -> None:
        if on_progress is None or raised:
            return
        try:
            on_progress(progress)
        except Exception as error:  # noqa: BLE001 - it is raised where the caller waits
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
    if cancel is not None:
        cancel.add_listener(token.cancel)
    try:
        await _end_of(over, token)
    finally:
        if cancel is not None:
            cancel.remove_listener(token.cancel)
    if raised:
        raise raised[0]
    return results[0]


async def _end_of(over: asyncio.Event, token: CancelToken) -> None:
    """Waits for it, also where the task is cancelled, however often: that stops the download, and is raised at last."""
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
    """Has an event loop call something soon; where it is closed already, nobody waits for that."""
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
    """One result for each file, in the order of the jobs. A failed download is a result too, and stops no other one.

    A job whose reference names a whole repository or a list comes to a result for each of its files.

    Args:
        jobs: What to fetch: references, and jobs, which have settings of their own. Those with the same network
            settings share one session, and those with the same ``limit_rate`` one limit.
        cancel: Stops all of them.
        on_progress: Told about four times a second how each stands, in order, on the calling thread. What it raises
            ends all of them, and comes out of here.
        **options: The settings of those that are references.

    Raises:
        TypeError: There is no such keyword.
        ReferenceSyntaxError: A value is of a wrong kind or can't be read, or an engine that was asked for isn't there:
            nothing was begun.
    """
    settings = settings_of(**options)
    if isinstance(jobs, str | Job):
        raise ReferenceSyntaxError("a list of references or jobs is expected, and not a single one")
    every = [one if isinstance(one, Job) else Job(one, settings) for one in jobs]
    return _Batch(cancel or CancelToken()).run(every, on_progress)


class _Batch:
    """Jobs that one call brings, each in the session of those with the same surroundings.

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

    def run(self, jobs: list[Job], on_progress: Callable[[tuple[Progress, ...]], None] | None) -> list[Result]:
        """One result for each file.

        Raises:
            ReferenceSyntaxError: An engine that was asked for isn't there.
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
        return [_result_of(file) for ticket in self._tickets for file in ticket.files]

    def _submitted(self, job: Job) -> Ticket:
        """The job in its session; where this machine doesn't give what it takes, that is its result."""
        try:
            job = self._at_hand(job)
            return self._session_for(job.settings).submit(job)
        except ReferenceSyntaxError:
            raise
        except (FetchError, OSError) as error:
            ticket = Ticket(job, -1)
            ticket.result = ticket.failed(error_of(error))
            return ticket

    def _at_hand(self, job: Job) -> Job:
        """The job with absolute paths; many jobs have the same settings."""
        settings = self._anchored.get(id(job.settings))
        if settings is None:
            settings = self._anchored[id(job.settings)] = job.settings.anchored(self._here)
        return replace(job, settings=settings)

    def _session_for(self, settings: Settings) -> Session:
        limiter = settings.limit_rate
        if limiter is not None and not isinstance(limiter, RateLimiter):
            limiter = self._limiters.setdefault(limiter, RateLimiter(limiter))
        key = (network_of(settings), settings.engine, limiter, settings.remember)
        session = self._sessions.get(key)  # once: to hash the settings is most of what this costs, and lists are long
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
            if on_progress is not None:
                on_progress(tuple(file.progress for ticket in self._tickets for file in ticket.files))


def _result_of(ticket: Ticket) -> Result:
    if ticket.result is None:
        raise AssertionError("a download ended without a result")
    return ticket.result
