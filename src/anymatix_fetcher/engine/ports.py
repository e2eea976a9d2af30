"""What the engine needs of the world: the seams that the composition root fills, and simulations fill otherwise."""

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
    """What is known of hosts beyond this session."""

    def read(self) -> Mapping[str, KnownHost]:
        """What is known, by the origin's text; quick enough to be asked every second."""

    def write(self, learned: Mapping[str, KnownHost]) -> None:
        """Adds what was learned."""


class NoMemory:
    """Remembers nothing; implements :class:`Memory`."""

    def read(self) -> Mapping[str, KnownHost]:
        """Implements ``Memory.read``."""
        return {}

    def write(self, learned: Mapping[str, KnownHost]) -> None:
        """Implements ``Memory.write``."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside of a session.

    Args:
        transport: Carries the exchanges.
        disk: Where the files are.
        workers: Run the slow work of storage.
        lock: Makes the lock of a destination.
        clock: Seconds, never going back.
        random: Numbers in [0, 1), for jitter.
        limiter: What the transport was given.
        open_store: Opens a download's place on the disk; called as :meth:`Store.open` is.
        memory: Keeps what was learned about hosts.
        wall_clock: Seconds since 1970, for what the memory says about times.
        shelf: Where files go, and what is here already.
        brought: What the call has brought, in all of its sessions; ``None`` where it brings one file only.
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
