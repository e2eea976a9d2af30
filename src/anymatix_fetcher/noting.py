"""What is noted of a file that has arrived: its sidecar, written on a worker's thread, and its entry in the index."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.core.disk_errors import error_of
from anymatix_fetcher.engine.shelf import Recorded
from anymatix_fetcher.errors import InternalError
from anymatix_fetcher.library.names import parse_hashed_name
from anymatix_fetcher.storage.workers import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.resource import Resource
    from anymatix_fetcher.engine.shelf import Kept
    from anymatix_fetcher.library.ports import Disk
    from anymatix_fetcher.library.recording import Arrival
    from anymatix_fetcher.searching import LateIndex
    from anymatix_fetcher.storage.workers import Next

log = logging.getLogger("anymatix_fetcher.shelf")


class Noting:
    """The task that writes a sidecar; where that can't be, the file is there all the same.

    Args:
        kept: The file.
        index: Learns of it.
        disk: The file system.
        wall_clock: Seconds since 1970.
        report: Takes ``Recorded``, from the worker's thread.
    """

    def __init__(
        self,
        kept: Kept,
        index: LateIndex,
        disk: Disk,
        wall_clock: Callable[[], float],
        report: Callable[[Recorded], None],
    ) -> None:
        self._kept = kept
        self._index = index
        self._disk = disk
        self._wall_clock = wall_clock
        self._report = report

    def step(self) -> Next:
        """Implements ``Task.step``."""
        from anymatix_fetcher.library.recording import record  # noqa: PLC0415 - brings SQLite

        arrival = replace(arrival_of(self._kept), blocks=self._kept.checksums())
        record(arrival, self._index.opened(), self._disk, self._wall_clock())
        self._report(Recorded())
        return Step.DONE

    def fail(self, error: Exception) -> None:
        """Implements ``Task.fail``."""
        ours = error_of(error, self._kept.path)
        if isinstance(ours, InternalError):
            log.error("a sidecar can't be written for a reason that is a bug", exc_info=error)
        else:
            log.warning("the sidecar of %s can't be written: %s", self._kept.path, ours)
        self._report(Recorded(is_kept=False))


def arrival_of(kept: Kept) -> Arrival:
    """What there is to note of a file."""
    from anymatix_fetcher.library.recording import Arrival  # noqa: PLC0415 - brings SQLite

    resource, asked = kept.resource, kept.job.reference.strip()
    hashed = parse_hashed_name(kept.path.name)
    # Whoever looks for a URL's sidecar has the URL as it was typed, and not what its source made of it.
    is_url = asked.lower().startswith(("http://", "https://"))
    return Arrival(
        kept.path,
        reference=resource.reference,
        url=asked if is_url else resource.url.reveal(),
        digests=kept.digests,
        verified=kept.verified,
        name=resource.name or (hashed.original if hashed else kept.path.name),
        type=kept.place.type,
        data=_description(resource),
        asked=asked,
        read_at=kept.verified_at,
        is_unnamed=kept.place.leaves_name,
        part_of=kept.job.part_of,
    )


def _description(resource: Resource) -> dict[str, Any] | None:
    """Civitai's description of the version: nobody else's has a place in sidecars."""
    if resource.service.name != "civitai" or not resource.about.document:
        return None
    try:
        document = json.loads(resource.about.document)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
