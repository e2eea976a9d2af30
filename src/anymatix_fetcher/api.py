"""The neck: what callers call, and the only place that picks concrete parts."""

from __future__ import annotations

import logging
import random
import time
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict, Unpack

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.core.filenames import SafeName
from anymatix_fetcher.core.http import Headers
from anymatix_fetcher.core.urls import Url
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Engine, Job, Progress, Result, Settings
from anymatix_fetcher.engine.ports import Ports
from anymatix_fetcher.engine.session import Session
from anymatix_fetcher.environment import environment
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources import catalog
from anymatix_fetcher.sources.base import Wish
from anymatix_fetcher.storage.host_memory import HostMemory
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.workers import ThreadWorkers
from anymatix_fetcher.transports.base import NetworkSettings
from anymatix_fetcher.transports.limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.core.diagnosis import Machine, Step
    from anymatix_fetcher.engine.bench import Measured
    from anymatix_fetcher.engine.session import Ticket
    from anymatix_fetcher.sources.base import Resolving
    from anymatix_fetcher.transports.base import Transport

log = logging.getLogger("anymatix_fetcher.api")

PROGRESS_SECONDS = 0.25
"""How often progress is told."""

_Surroundings: TypeAlias = "tuple[NetworkSettings, Engine, RateLimiter | None]"
"""What the downloads of one session share."""


class Options(TypedDict, total=False):
    """The keywords of :func:`fetch`: the fields of :class:`Settings`; paths and digests may be text."""

    output: Path | str | None
    directory: Path | str
    digests: Sequence[Digest | str]
    connections: int | None
    max_connections: int
    engine: Engine | str
    limit_rate: float | RateLimiter | None
    overwrite: bool
    headers: Sequence[tuple[str, str]]
    proxy: str | None
    ca_file: Path | str | None
    verify_tls: bool
    http3: bool
    include: Sequence[str]
    exclude: Sequence[str]
    mirrors: Sequence[str]


def settings_of(**options: Unpack[Options]) -> Settings:
    """Settings from keywords as people write them.

    Raises:
        ReferenceSyntaxError: A digest or the engine's name can't be read.
    """
    output, ca_file = options.get("output"), options.get("ca_file")
    try:
        return Settings(
            output=Path(output) if output is not None else None,
            directory=Path(options.get("directory", "")),
            digests=tuple(Digest.parse(str(digest)) for digest in options.get("digests", ())),
            connections=options.get("connections"),
            max_connections=options.get("max_connections", Settings().max_connections),
            engine=Engine(options.get("engine", Engine.AUTO)),
            limit_rate=options.get("limit_rate"),
            overwrite=options.get("overwrite", False),
            headers=tuple(options.get("headers", ())),
            proxy=options.get("proxy"),
            ca_file=Path(ca_file) if ca_file is not None else None,
            verify_tls=options.get("verify_tls", True),
            http3=options.get("http3", False),
            include=tuple(options.get("include", ())),
            exclude=tuple(options.get("exclude", ())),
            mirrors=tuple(options.get("mirrors", ())),
        )
    except ValueError as error:
        raise ReferenceSyntaxError(str(error)) from None


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

    def tell(progress: tuple[Progress, ...]) -> None:
        if on_progress is not None:
            on_progress(progress[0])

    job = Job(reference, settings_of(**options))
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


def bench(
    url: str,
    *,
    seconds: float = 3.0,
    cancel: CancelToken | None = None,
    on_step: Callable[[Step], None] = lambda _: None,
    **options: Unpack[Options],
) -> Measured:
    """What numbers of connections to ``url`` bring, and what this machine can take; nothing is kept.

    Args:
        url: What to stream; a large file tells most.
        seconds: For each number of connections.
        cancel: Stops it; what was measured by then is returned.
        on_step: Told about each number as soon as it is measured, on the calling thread.
        **options: As for :func:`fetch`: ``max_connections`` is the greatest number, ``directory`` the folder whose disk
            is measured; what is about the file's destination and content means nothing here.

    Raises:
        FetchError: The file can't be had.
    """
    from anymatix_fetcher.engine.bench import Bench, Measured  # noqa: PLC0415 - downloads needn't wait for it
    from anymatix_fetcher.engine.inquiry import Inquiry  # noqa: PLC0415 - as above

    settings, cancel = settings_of(**options), cancel or CancelToken()
    machine, trouble = _machine(settings.directory, seconds)
    steps: list[Step] = []

    def keep(step: Step) -> None:
        steps.append(step)
        on_step(step)

    most = settings.max_connections
    counts = [*(2**power for power in range(most.bit_length()) if 2**power < most), most]
    with closing(_transport(_network(settings), settings.engine, RateLimiter())) as transport:
        cancel.add_listener(transport.wake)
        inquiry = Inquiry(_ports(transport, RateLimiter()), lambda: cancel.cancelled)
        resource = inquiry.run(_resolve(Job(url, settings)))[0]
        measuring = Bench(
            resource,
            transport,
            clock=time.monotonic,
            processor_clock=time.process_time,
            is_cancelled=lambda: cancel.cancelled,
        )
        try:
            measuring.open()
            whole = measuring.steps(counts, seconds, keep)
        finally:
            cancel.remove_listener(transport.wake)
    return Measured(
        url=str(resource.url),
        length=measuring.length,
        ranged=measuring.ranged,
        bytes_transferred=measuring.bytes_transferred,
        steps=tuple(steps),
        machine=machine,
        disk_trouble=trouble,
        interrupted=not whole,
    )


def _machine(directory: Path, seconds: float) -> tuple[Machine, str]:
    """What this machine can do, and why the disk's part of it is missing, if it is."""
    from anymatix_fetcher.core.diagnosis import Machine  # noqa: PLC0415 - as in bench
    from anymatix_fetcher.engine.bench import hashing_speed  # noqa: PLC0415
    from anymatix_fetcher.storage.measuring import writing_speed  # noqa: PLC0415

    hashes = hashing_speed(time.monotonic)
    try:
        return Machine(writing_speed(directory, seconds=min(seconds, 1.0), clock=time.monotonic), hashes), ""
    except OSError as error:
        return Machine(None, hashes), error.strerror or type(error).__name__


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
    if ticket.bug is not None:
        raise ticket.bug
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
    key = (_network(settings), settings.engine, limiter)
    if key not in sessions:
        sessions[key] = _open_session(*key)
    return sessions[key]


def _network(settings: Settings) -> NetworkSettings:
    return NetworkSettings(
        proxy=settings.proxy, ca_file=settings.ca_file, verify_tls=settings.verify_tls, http3=settings.http3
    )


def _open_session(network: NetworkSettings, engine: Engine, limiter: RateLimiter | None) -> Session:
    limiter = limiter or RateLimiter()
    if not network.verify_tls:
        log.warning("certificates aren't checked: anybody on the way can read and change what is sent")
    return Session(_ports(_transport(network, engine, limiter), limiter), _resolve)


def _ports(transport: Transport, limiter: RateLimiter) -> Ports:
    from platformdirs import user_cache_path  # noqa: PLC0415 - after the command line has been read

    return Ports(
        transport=transport,
        disk=OsDisk(),
        workers=ThreadWorkers(),
        lock=DestinationLock,
        clock=time.monotonic,
        random=random.random,
        limiter=limiter,
        memory=HostMemory(user_cache_path("anymatix-fetcher", appauthor=False) / "hosts.json", time.time),
    )


def _transport(network: NetworkSettings, engine: Engine, limiter: RateLimiter) -> Transport:
    if engine is not Engine.THREADS:
        try:
            from anymatix_fetcher.transports.curl import CurlTransport  # noqa: PLC0415 - pycurl may be missing
        except ImportError as error:  # so does a pycurl whose libcurl is missing or another one
            if engine is Engine.CURL:
                raise ReferenceSyntaxError(
                    "the engine curl needs pycurl, which can't be imported here",
                    hint="Install it by `pip install pycurl`, or use the engine threads.",
                ) from error
            _say_that_curl_is_missing()
        else:
            return CurlTransport(network, limiter)
    from anymatix_fetcher.transports.threads import ThreadsTransport  # noqa: PLC0415 - costs start-up time

    return ThreadsTransport(network, limiter)


@cache
def _say_that_curl_is_missing() -> None:
    """Once in a process: it is the same for every session."""
    log.warning("pycurl can't be imported: downloading by threads, over HTTP/1.1; `pip install pycurl` mends that")


def _resolve(job: Job) -> Resolving:
    return catalog.resolve(_wish(job), environment())


def _wish(job: Job) -> Wish:
    """What the job says, checked.

    Raises:
        ReferenceSyntaxError: A mirror isn't a URL.
    """
    settings = job.settings
    try:
        mirrors = tuple(map(Url.parse, settings.mirrors))
    except ValueError as error:
        raise ReferenceSyntaxError(f"not a mirror: {error}", hint="A mirror is an http or https URL.") from None
    return Wish(
        job.reference,
        name=SafeName(settings.output.name) if settings.output else None,
        digests=settings.digests,
        headers=Headers(settings.headers),
        include=settings.include,
        exclude=settings.exclude,
        mirrors=mirrors,
    )
