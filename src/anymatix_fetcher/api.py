"""The neck: what callers call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.composition import network_of, open_session
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.options import Options, settings_of
from anymatix_fetcher.transports.limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from anymatix_fetcher.engine.facts import Engine, Progress, Result, Settings
    from anymatix_fetcher.engine.session import Session
    from anymatix_fetcher.engine.ticket import Ticket
    from anymatix_fetcher.transports.base import NetworkSettings

    _Surroundings: TypeAlias = "tuple[NetworkSettings, Engine, RateLimiter | None]"
    """What the downloads of one session share."""

PROGRESS_SECONDS = 0.25
"""How often progress is told."""


def fetch(
    reference: str,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[Options],
) -> Result:
    """The file that ``reference`` names, proved and at its destination.

    Args:
        reference: A URL.
        on_progress: Told about four times a second how it stands, on the calling thread.
        cancel: Stops it from another thread.
        **options: The fields of :class:`Settings`.

    Raises:
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


async def afetch(
    reference: str,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[Options],
) -> Result:
    """:func:`fetch` for event loops: the same engine on a thread.

    ``on_progress`` is called on the event loop's thread. Cancelling the task stops the download, and waits for it to
    let go.

    Raises:
        FetchError: As :func:`fetch` does.
    """
    import asyncio  # noqa: PLC0415 - costs start-up time, and whoever needs it has it already

    loop = asyncio.get_running_loop()
    token = cancel or CancelToken()

    def tell(progress: Progress) -> None:
        if on_progress is not None:
            loop.call_soon_threadsafe(on_progress, progress)

    work = asyncio.ensure_future(asyncio.to_thread(fetch, reference, on_progress=tell, cancel=token, **options))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        token.cancel()
        await asyncio.wait([work])
        work.exception()  # looked at, so that nobody complains that it wasn't
        raise


def fetch_many(
    jobs: Sequence[Job],
    *,
    cancel: CancelToken | None = None,
    on_progress: Callable[[tuple[Progress, ...]], None] | None = None,
) -> list[Result]:
    """One result for each file, in the order of the jobs. A failed download is a result too, and stops no other one.

    A job whose reference names a whole repository or a list comes to a result for each of its files.

    Args:
        jobs: What to fetch. Jobs with the same network settings share one session, and jobs with the same
            ``limit_rate`` one limit.
        cancel: Stops all of them.
        on_progress: Told about four times a second how each stands, in order, on the calling thread.

    Raises:
        ReferenceSyntaxError: A limit isn't above zero, or an engine that was asked for isn't there.
    """
    sessions: dict[_Surroundings, Session] = {}
    limiters: dict[float, RateLimiter] = {}
    tickets: list[Ticket] = []
    cancel = cancel or CancelToken()
    try:
        tickets.extend(
            _session_for(job.settings, _limiter_for(job.settings.limit_rate, limiters), sessions).submit(job)
            for job in jobs
        )
        for session in sessions.values():
            session.start()
            cancel.add_listener(session.cancel)
        _watch(list(sessions.values()), tickets, on_progress)
    finally:
        for session in sessions.values():
            cancel.remove_listener(session.cancel)
            session.close()
    return [_result_of(file) for ticket in tickets for file in ticket.files]


def _watch(
    sessions: list[Session], tickets: list[Ticket], on_progress: Callable[[tuple[Progress, ...]], None] | None
) -> None:
    over = False
    while not over:
        for session in sessions:
            session.wait(PROGRESS_SECONDS / len(sessions))
        over = all(session.is_idle() for session in sessions)
        if on_progress is not None:
            on_progress(tuple(file.progress for ticket in tickets for file in ticket.files))


def _result_of(ticket: Ticket) -> Result:
    if ticket.result is None:
        raise AssertionError("a download ended without a result")
    return ticket.result


def _limiter_for(limit_rate: float | RateLimiter | None, limiters: dict[float, RateLimiter]) -> RateLimiter | None:
    """The limit of a job; equal numbers mean the same one."""
    if limit_rate is None or isinstance(limit_rate, RateLimiter):
        return limit_rate
    try:
        return limiters.setdefault(limit_rate, RateLimiter(limit_rate))
    except ValueError as error:
        raise ReferenceSyntaxError(str(error), hint="Leave the limit away for none.") from None


def _session_for(settings: Settings, limiter: RateLimiter | None, sessions: dict[_Surroundings, Session]) -> Session:
    key = (network_of(settings), settings.engine, limiter)
    session = sessions.get(key)  # once: to hash the settings is most of what this costs, and lists are long
    if session is None:
        session = sessions[key] = open_session(*key)
    return session
