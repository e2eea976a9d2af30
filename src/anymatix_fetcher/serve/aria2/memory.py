"""What clients have said that no job keeps: options of ours and theirs, until the server ends."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from anymatix_fetcher.queue.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.queue.events import QueueEvent


class OptionMemory:
    """The options as they were given: for all downloads, and for each.

    Args:
        given: For all downloads, from the start.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._lock = Lock()
        self._common = dict(given)
        self._own: dict[str, dict[str, str]] = {}

    @property
    def common(self) -> dict[str, str]:
        """Those for all downloads."""
        with self._lock:
            return dict(self._common)

    def change_common(self, options: Mapping[str, str]) -> None:
        """These are for all downloads that are added from now on."""
        with self._lock:
            self._common.update(options)

    def of(self, identity: str) -> dict[str, str]:
        """Those of one download."""
        with self._lock:
            return dict(self._own.get(identity, {}))

    def change(self, identity: str, options: Mapping[str, str]) -> None:
        """These are for one download."""
        with self._lock:
            self._own.setdefault(identity, {}).update(options)

    def hear(self, event: QueueEvent) -> None:
        """Forgets the options of a download that is gone."""
        if event.kind is EventKind.REMOVED:
            with self._lock:
                self._own.pop(event.job.id, None)
