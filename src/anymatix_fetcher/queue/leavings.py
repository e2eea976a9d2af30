"""Removes the partial files of cancelled jobs."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.storage.leftovers import read_header
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterable

_logger = logging.getLogger("anymatix_fetcher.queue")


def remove_parts(destinations: Iterable[str]) -> None:
    """Removes part file, journal and lock beside each destination, unless another process is downloading it."""
    for destination in destinations:
        try:
            _remove(Path(destination))
        except (OSError, FetchError) as error:
            _logger.warning("the partial file of %s can't be removed: %s", destination, error)


def _remove(destination: Path) -> None:
    disk, places = OsDisk(), Places.of(destination)
    if disk.kind(places.journal) is None and disk.kind(places.lock) is None:
        return
    lock = DestinationLock(destination)
    if not lock.try_acquire():
        return
    try:
        if read_header(places.journal, disk) is not None:
            for path in (places.part, places.journal):
                disk.remove(path)
    finally:
        lock.release()  # also removes the lock file
