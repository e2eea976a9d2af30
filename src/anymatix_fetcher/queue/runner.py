"""What carries the jobs out: one engine session for all, so that they share hosts, politeness and bandwidth limit."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.queue.progress import summed
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.wiring.composition import network_of, open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.engine.facts import Job, Progress, Result
    from anymatix_fetcher.engine.session import Session
    from anymatix_fetcher.engine.settings import Settings
    from anymatix_fetcher.engine.ticket import Ticket
    from anymatix_fetcher.transports.base import NetworkSettings

_logger = logging.getLogger("anymatix_fetcher.queue")

MOST_SESSIONS = 4
"""A job with a proxy or a limit of its own has another session. So many are kept; idle ones go when there are more."""


class Running(Protocol):
    """One job under way."""

    @property
    def progress(self) -> Progress:
        """How it stands; of several files, in sum."""

    @property
    def files(self) -> Sequence[Progress]:
        """How each of its files stands."""

    @property
    def destinations(self) -> Sequence[Path]:
        """The destinations that are claimed, as far as they are known."""

    @property
    def results(self) -> tuple[Result, ...] | None:
        """What became of each of its files; ``None`` while it is under way."""

    @property
    def was_lost(self) -> bool:
        """Whether what carried it out has broken down, so that its results say nothing of the job."""

    def stop(self) -> None:
        """Asks it to stop; part and journal are kept. Returns at once."""

    def forget(self) -> None:
        """It is over, and its results were taken: nothing of it is kept."""


class Runner(Protocol):
    """Starts jobs."""

    def start(self, job: Job, on_over: Callable[[], object]) -> Running:
        """Begins a download.

        Args:
            job: What, with absolute paths.
            on_over: Called from any thread when one of its files is over; doesn't block.

        Raises:
            FetchError: It can't be begun.
            OSError: The system has no sockets or files to give.
        """

    def paused_hosts(self) -> frozenset[str]:
        """Those that have asked to be left alone for a while."""

    def close(self) -> None:
        """Stops what is under way, and waits until it has let go of everything."""


class EngineRunner:
    """Jobs in sessions of the engine; implements :class:`Runner`.

    Args:
        limiter: The limit that all of them share.
        ca_file: Certificates to trust instead of the system's.
        verify_tls: Whether certificates are checked.
        peers: Servers that may lend files.
    """

    def __init__(
        self,
        limiter: RateLimiter,
        *,
        ca_file: Path | None = None,
        verify_tls: bool = True,
        peers: tuple[str, ...] = (),
    ) -> None:
        self._limiter = limiter
        self._ca_file = ca_file
        self._verify_tls = verify_tls
        self._peers = peers
        self._sessions: dict[tuple[NetworkSettings, RateLimiter], Session] = {}

    def start(self, job: Job, on_over: Callable[[], object]) -> Running:
        """Implements ``Runner.start``."""
        settings = replace(job.settings, ca_file=self._ca_file, verify_tls=self._verify_tls, peers=self._peers)
        job = replace(job, settings=settings)
        session = self._session(job.settings)
        return _Submitted(session.submit(job, on_over), session)

    def _session(self, settings: Settings) -> Session:
        limiter = settings.limit_rate if isinstance(settings.limit_rate, RateLimiter) else self._limiter
        network = network_of(settings)
        session = self._sessions.get((network, limiter))
        if session is not None and session.failure is not None:
            _logger.error("the engine has broken down, and is started again: %s", session.failure)
            self._sessions.pop((network, limiter)).close()
            session = None
        if session is None:
            self._close_idle()
            session = open_session(network, settings.engine, limiter, Path.cwd)
            self._sessions[network, limiter] = session
            session.start()
        return session

    def _close_idle(self) -> None:
        idle = [key for key, session in self._sessions.items() if session.is_idle()]
        for key in idle[: max(0, len(self._sessions) - MOST_SESSIONS + 1)]:
            self._sessions.pop(key).close()

    def paused_hosts(self) -> frozenset[str]:
        """Implements ``Runner.paused_hosts``."""
        return frozenset(host for session in list(self._sessions.values()) for host in session.paused_hosts())

    def close(self) -> None:
        """Implements ``Runner.close``."""
        for session in self._sessions.values():
            session.cancel()  # all together, then each to its end
        while self._sessions:
            self._sessions.popitem()[1].close()


class _Submitted:
    """A ticket of a session; implements :class:`Running`."""

    def __init__(self, ticket: Ticket, session: Session) -> None:
        self._ticket = ticket
        self._session = session

    @property
    def progress(self) -> Progress:
        """Implements ``Running.progress``."""
        return summed(self.files, self._ticket.progress)

    @property
    def files(self) -> Sequence[Progress]:
        """Implements ``Running.files``."""
        return [file.progress for file in self._ticket.files]

    @property
    def destinations(self) -> Sequence[Path]:
        """Implements ``Running.destinations``."""
        return [file.path for file in self.files if file.path is not None]

    @property
    def results(self) -> tuple[Result, ...] | None:
        """Implements ``Running.results``."""
        files = self._ticket.files
        found = tuple(file.result for file in files if file.result is not None)
        return found if len(found) == len(files) else None

    @property
    def was_lost(self) -> bool:
        """Implements ``Running.was_lost``."""
        failure = self._session.failure
        return failure is not None and any(one.error is failure for one in self.results or ())

    def stop(self) -> None:
        """Implements ``Running.stop``."""
        self._session.stop(self._ticket)

    def forget(self) -> None:
        """Implements ``Running.forget``."""
        self._session.forget(self._ticket)
