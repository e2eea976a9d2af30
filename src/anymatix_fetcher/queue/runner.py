"""Runs downloads in engine sessions. Jobs share a session, and so its host limits, backoff and bandwidth limit."""

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
"""A job with its own proxy or limit needs another session. Idle sessions beyond this number are closed."""


class Running(Protocol):
    """A running download."""

    @property
    def progress(self) -> Progress:
        """The progress; of several files, their sum."""

    @property
    def files(self) -> Sequence[Progress]:
        """The progress of each file."""

    @property
    def destinations(self) -> Sequence[Path]:
        """The destinations, as far as they are known."""

    @property
    def results(self) -> tuple[Result, ...] | None:
        """The result of each file; ``None`` while one is still being downloaded."""

    @property
    def was_lost(self) -> bool:
        """Whether the engine failed, so that the results don't say anything about the job."""

    def stop(self) -> None:
        """Asks the download to stop, and returns at once; the partial file is kept."""

    def forget(self) -> None:
        """Frees the memory of an ended download."""


class Runner(Protocol):
    """Starts downloads."""

    def start(self, job: Job, on_over: Callable[[], object]) -> Running:
        """Starts a download.

        Args:
            job: The job, with absolute paths.
            on_over: Called from any thread when one of the files has ended; must not block.

        Raises:
            FetchError: The download can't be started.
            OSError: The system is out of sockets or file descriptors.
        """

    def paused_hosts(self) -> frozenset[str]:
        """The hosts that are in backoff."""

    def close(self) -> None:
        """Stops all downloads and waits until they have released their resources."""


class EngineRunner:
    """Runs downloads in engine sessions; implements :class:`Runner`.

    Args:
        limiter: The bandwidth limit shared by all jobs.
        ca_file: A file of CA certificates to trust instead of the system's.
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
            _logger.error("the engine failed and is restarted: %s", session.failure)
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
            session.cancel()  # all stop in parallel before the first is waited for
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
