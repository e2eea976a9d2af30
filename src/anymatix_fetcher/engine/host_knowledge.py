"""Shares what is learned about hosts with other sessions and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.core.pace.pause import LONGEST_RETRY_AFTER_SECONDS
from anymatix_fetcher.core.values.urls import Url

if TYPE_CHECKING:
    from anymatix_fetcher.core.pace.hosts import Hosts
    from anymatix_fetcher.core.pace.learned import KnownHost
    from anymatix_fetcher.core.pace.pause import Pause
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.engine.ports import Memory

KEEPING_UP_SECONDS = 1.0
"""The interval between synchronizations with the shared memory."""
SLACK_SECONDS = 0.1
"""The difference up to which two clocks may state the same pause."""


class MemoryPorts(Protocol):
    """The part of :class:`~anymatix_fetcher.engine.ports.Ports` that is used here."""

    @property
    def memory(self) -> Memory:
        """The stored facts about hosts."""

    def clock(self) -> float:
        """The monotonic time in seconds."""

    def wall_clock(self) -> float:
        """The seconds since 1970."""


class HostKnowledge:
    """Synchronizes a session's hosts with the memory that other processes share.

    Args:
        hosts: The session's hosts.
        ports: The memory and the clocks.
    """

    def __init__(self, hosts: Hosts, ports: MemoryPorts) -> None:
        self.has_news = False
        """Whether something was learned that hasn't been written."""
        self._hosts = hosts
        self._ports = ports
        self._kept_up_at = float("-inf")
        self._told: dict[Origin, Pause] = {}
        hosts.remember_by(self._known)

    def note_news(self) -> None:
        """Marks that something was learned that has to be written."""
        self.has_news = True

    def _known(self, origin: Origin) -> KnownHost | None:
        self._take_pauses(self._ports.clock())
        return self._ports.memory.read().get(str(origin))

    def keep_up(self, now: float) -> None:
        """Adopts the pauses that other processes were told, and writes what this session has learned."""
        paused = self._hosts.pauses.items() - self._told.items()
        if now - self._kept_up_at < KEEPING_UP_SECONDS and not paused:
            return
        self._kept_up_at = now
        self._take_pauses(now)
        if self.has_news or paused:
            self._tell(now)

    def end(self) -> None:
        """Writes what hasn't been written yet."""
        if self.has_news:
            self._tell(self._ports.clock())

    def _tell(self, now: float) -> None:
        learned = self._hosts.learned(now, self._ports.wall_clock())
        self._told = dict(self._hosts.pauses)
        self.has_news = False
        if learned:
            self._ports.memory.write({str(origin): known for origin, known in learned.items()})

    def _take_pauses(self, now: float) -> None:
        wall_now = self._ports.wall_clock()
        for text, known in self._ports.memory.read().items():
            seconds = known.paused_until - wall_now
            if not 0 < seconds <= LONGEST_RETRY_AFTER_SECONDS:
                continue  # over, or longer than any wait
            try:
                origin = Url.parse(text).origin
            except ValueError:
                continue  # another process wrote it
            ours = self._hosts.pause_at(origin, now)
            if ours is None or now + seconds > ours.until + SLACK_SECONDS:
                self._hosts.pause(origin, now + seconds, "the server has asked another download to wait")
                self._told[origin] = self._hosts.pauses[origin]
