"""The options that clients have set, kept in memory because jobs store only some of them."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from anymatix_fetcher.queue.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.queue.events import QueueEvent


class OptionMemory:
    """The global options and those of each download, as given.

    Args:
        given: The initial global options.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._lock = Lock()
        self._common = dict(given)
        self._own: dict[str, dict[str, str]] = {}

    @property
    def common(self) -> dict[str, str]:
        """The global options."""
        with self._lock:
            return dict(self._common)

    def change_common(self, options: Mapping[str, str]) -> None:
        """Changes the global options, for downloads added from now on."""
        with self._lock:
            self._common.update(options)

    def of(self, identity: str) -> dict[str, str]:
        """The options of one download."""
        with self._lock:
            return dict(self._own.get(identity, {}))

    def change(self, identity: str, options: Mapping[str, str]) -> None:
        """Changes the options of one download."""
        with self._lock:
            self._own.setdefault(identity, {}).update(options)

    def hear(self, event: QueueEvent) -> None:
        """Drops the options of a removed download."""
        if event.kind is EventKind.REMOVED:
            with self._lock:
                self._own.pop(event.job.id, None)
