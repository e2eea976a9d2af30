"""Checks a download's content: its first bytes as they arrive, and a pickle before it is published."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.messages import ContentRefused
from anymatix_fetcher.engine.first_bytes import FirstBytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.messages import StorageFailed
    from anymatix_fetcher.engine.pickle_scan import PickleScan
    from anymatix_fetcher.engine.scanned import Scanned
    from anymatix_fetcher.engine.settings import Settings
    from anymatix_fetcher.storage.store import Store

log = logging.getLogger("anymatix_fetcher.engine")


class Appraisal:
    """The content checks of one download.

    Args:
        store: The part file's store.
        destination: The destination, for messages.
        name: The file's name, which says what the content has to be.
        settings: The settings.
        report: Takes the result of the pickle scan, from another thread.

    Attributes:
        is_looking: Whether the first bytes still have to be checked.
        found_worthless: Whether the content was refused and the part file is new, so that it can be deleted.
        warning: A warning about the published file, for people; usually empty.
    """

    def __init__(
        self,
        store: Store,
        destination: Path,
        name: str,
        settings: Settings,
        report: Callable[[Scanned | StorageFailed], None],
    ) -> None:
        self._store = store
        self._destination = destination
        self._name = name
        self._settings = settings
        self._report = report
        self._scan: PickleScan | None = None
        self.found_worthless = False
        self.warning = ""
        self.begin_anew()

    def begin_anew(self) -> None:
        """Restarts the check, because the first bytes will be fetched again and may differ."""
        self._first_bytes = FirstBytes(self._name)
        self.is_looking = not (self._settings.as_is or self._first_bytes.is_settled)

    def look(self, front: int, length: int | None) -> ContentRefused | None:
        """The refusal of the content, if there is one.

        Args:
            front: The number of contiguous bytes at the front.
            length: The file's length; ``None`` if unknown.

        Raises:
            StorageError: The bytes can't be read.
        """
        refusal = self._first_bytes.look(front, length, self._store.read_first)
        self.is_looking = refusal is None and not self._first_bytes.is_settled
        if refusal is None:
            return None
        self.found_worthless = self._store.is_new
        return ContentRefused(refusal)

    def scan(self, length: int) -> bool:
        """Starts a scan, which ends with ``Scanned``. False if the file can't be a pickle.

        Raises:
            StorageError: The bytes can't be read.
        """
        from anymatix_fetcher.engine.pickle_scan import PickleScan, may_run_code  # noqa: PLC0415 - seldom needed
        from anymatix_fetcher.formats.content import ENOUGH  # noqa: PLC0415 - as above

        if not may_run_code(self._store.read_first(ENOUGH), self._name, length):
            return False
        self._scan = PickleScan(self._store, length, self._destination, self._name, report=self._report)
        self._store.run(self._scan)
        return True

    def scanned(self, found: Scanned) -> ContentRefused | None:
        """The refusal of the scanned file, if there is one."""
        refusal = None if self._settings.allow_unsafe else found.refusal(self._name)
        if refusal is not None:
            return ContentRefused(refusal)
        self.warning = found.warning
        if self.warning:
            log.warning("%s is %s", self._name, self.warning)
        return None

    def abandon(self) -> None:
        """Abandons the scan; its result is no longer needed."""
        if self._scan is not None:
            self._scan.abandon()
