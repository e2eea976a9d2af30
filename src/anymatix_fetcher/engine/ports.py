"""What the engine needs of the world: the seams that the composition root fills, and simulations fill otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.storage.disk import Disk
    from anymatix_fetcher.storage.lock_file import DestinationLock
    from anymatix_fetcher.storage.workers import Workers
    from anymatix_fetcher.transports.base import Transport


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
    """

    transport: Transport
    disk: Disk
    workers: Workers
    lock: Callable[[Path], DestinationLock]
    clock: Callable[[], float]
    random: Callable[[], float]
