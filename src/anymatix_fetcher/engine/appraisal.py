"""What is to be thought of a download: of its beginning as it comes, of a pickle before it is published."""

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
    """Appraises one download.

    Args:
        store: Where its bytes are.
        destination: Where they will be.
        name: What the file will be called: what they have to live up to.
        settings: What the caller lets pass.
        report: Takes what the scan of a pickle has come to, from another thread.

    Attributes:
        is_looking: Whether the beginning isn't settled yet.
        found_worthless: Whether what is here turned out to be no part of a model, and nobody had it before.
        warning: What a person should know of the file that is published.
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
        """The beginning will come again, and may be another one."""
        self._first_bytes = FirstBytes(self._name)
        self.is_looking = not (self._settings.as_is or self._first_bytes.is_settled)

    def look(self, front: int, length: int | None) -> ContentRefused | None:
        """Why the download ends here, if it does.

        Args:
            front: How many bytes are here without a gap.
            length: Of the whole file, where known.

        Raises:
            StorageError: They can't be read.
        """
        refusal = self._first_bytes.look(front, length, self._store.read_first)
        self.is_looking = refusal is None and not self._first_bytes.is_settled
        if refusal is None:
            return None
        self.found_worthless = self._store.is_new
        return ContentRefused(refusal)

    def scan(self, length: int) -> bool:
        """Has a pickle scanned, which is answered by ``Scanned``; False where the file can't be one.

        Raises:
            StorageError: It can't be read.
        """
        from anymatix_fetcher.engine.pickle_scan import PickleScan, may_run_code  # noqa: PLC0415 - first the bytes come
        from anymatix_fetcher.formats.content import ENOUGH  # noqa: PLC0415 - as above

        if not may_run_code(self._store.read_first(ENOUGH), self._name, length):
            return False
        self._scan = PickleScan(self._store, length, self._destination, self._name, report=self._report)
        self._store.run(self._scan)
        return True

    def scanned(self, found: Scanned) -> ContentRefused | None:
        """Why the file isn't published, if it isn't."""
        refusal = None if self._settings.allow_unsafe else found.refusal(self._name)
        if refusal is not None:
            return ContentRefused(refusal)
        self.warning = found.warning
        if self.warning:
            log.warning("%s is %s", self._name, self.warning)
        return None

    def abandon(self) -> None:
        """Abandons the task; its result is no longer needed."""
        if self._scan is not None:
            self._scan.abandon()
