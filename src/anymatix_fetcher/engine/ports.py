"""The engine's ports: what the composition root provides, and simulations replace."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.engine.shelf import NoShelf
from anymatix_fetcher.storage.store import Store
from anymatix_fetcher.transports.limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from anymatix_fetcher.core.pace.learned import KnownHost
    from anymatix_fetcher.core.values.ports import Disk, Lock
    from anymatix_fetcher.engine.brought import Brought
    from anymatix_fetcher.engine.shelf import Shelf
    from anymatix_fetcher.storage.workers import Workers
    from anymatix_fetcher.transports.base import Transport


class Memory(Protocol):
    """Stored facts about hosts, shared between sessions."""

    def read(self) -> Mapping[str, KnownHost]:
        """The facts by origin; fast enough to be called every second."""

    def write(self, learned: Mapping[str, KnownHost]) -> None:
        """Adds facts."""


class NoMemory:
    """Stores nothing; implements :class:`Memory`."""

    def read(self) -> Mapping[str, KnownHost]:
        """Implements ``Memory.read``."""
        return {}

    def write(self, learned: Mapping[str, KnownHost]) -> None:
        """Implements ``Memory.write``."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The dependencies of a session.

    Args:
        transport: Carries the exchanges.
        disk: The file system.
        workers: Run the slow work of storage.
        lock: Creates the lock of a destination.
        clock: The monotonic time in seconds.
        random: Numbers in [0, 1), for jitter.
        limiter: The rate limiter that the transport uses.
        open_store: Opens a download's store; called like :meth:`Store.open`.
        memory: The stored facts about hosts.
        wall_clock: The seconds since 1970, for the times in the memory.
        shelf: Chooses destinations, and finds local copies.
        brought: The destinations written by the call, in all its sessions; ``None`` if it fetches one file only.
    """

    transport: Transport
    disk: Disk
    workers: Workers
    lock: Callable[[Path], Lock]
    clock: Callable[[], float]
    random: Callable[[], float]
    limiter: RateLimiter = field(default_factory=RateLimiter)
    open_store: Callable[..., Store] = Store.open
    memory: Memory = field(default_factory=NoMemory)
    wall_clock: Callable[[], float] = time.time
    shelf: Shelf = field(default_factory=NoShelf)
    brought: Brought | None = None
