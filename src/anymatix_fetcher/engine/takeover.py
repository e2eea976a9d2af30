"""The takeover of another program's partial file: finding it, copying it, guarding it, and removing it."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anymatix_fetcher.core.values.digests import COLLISION_FREE
from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.filenames import SET_ASIDE_SUFFIX
from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.errors import DestinationExistsError, StorageError
from anymatix_fetcher.storage.foreign import find_beside, read_partial
from anymatix_fetcher.storage.leftovers import read_header
from anymatix_fetcher.storage.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.messages import StorageFailed
    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.storage.foreign import Partial
    from anymatix_fetcher.storage.store import Store
    from anymatix_fetcher.storage.takeover import TakenOver

log = logging.getLogger("anymatix_fetcher.engine")

AUTO: Final = "auto"
"""The setting that selects a partial file beside the destination, by the names that other programs use."""


class Takeover:
    """The takeover of another program's partial file, for one download.

    Args:
        wanted: The setting ``adopt_partial``.
        disk: The file system.
    """

    def __init__(self, wanted: Path | str | None, disk: Disk) -> None:
        self._wanted = wanted
        self._disk = disk
        self._destination = Path()
        self._partial: Partial | None = None
        self._is_begun = False
        self._was_copied = self._is_copying = False
        self._unused = ""
        """The name of a partial file that isn't used, because nothing proves that it is of this file."""
        self._stored = SpanSet()

    def finds(self, destination: Path) -> bool:
        """Looks for a partial file for ``destination``; returns whether there is something to copy.

        Raises:
            StorageError: The named file doesn't exist.
        """
        self._destination = destination
        with storage_errors(destination):
            if self._wanted is None:
                # Another program may still write its part file, which has the name of ours, so it is only taken on
                # request.
                self._partial = find_beside(destination, self._disk, ours=(Places.of(destination).part,))
                self._is_begun = self._partial is not None and self._has_journal()
            else:
                self._is_begun = self._has_journal()
                self._partial = self._find(self._wanted)
        return self._partial is not None and not self._is_begun

    def _has_journal(self) -> bool:
        return read_header(Places.of(self._destination).journal, self._disk) is not None

    def _find(self, wanted: Path | str) -> Partial | None:
        part, aside = Places.of(self._destination).part, self._aside
        if wanted == AUTO:
            return find_beside(self._destination, self._disk, ours=(part,) if self._is_begun else ())
        path = Path(wanted).absolute()
        if path == part and (self._is_begun or self._disk.kind(part) is None):
            path = aside  # an earlier run has moved it there
        found = read_partial(path, self._disk)
        if found is None and not self._is_begun:
            raise StorageError(f"there is no partial file {wanted}", hint="Check its name.")
        return found

    @property
    def replaces(self) -> bool:
        """Whether the partial file is at the destination itself."""
        return self._partial is not None and self._partial.path == self._destination

    @property
    def _is_asked_for(self) -> bool:
        """Whether it is taken over even if no digest could reveal that it belongs to another file."""
        is_aside = self._partial is not None and self._partial.path == self._aside
        return self._wanted is not None or self.replaces or is_aside

    @property
    def _aside(self) -> Path:
        return self._destination.with_name(self._destination.name + SET_ASIDE_SUFFIX)

    def prepare(self, length: int | None, digests: Sequence[Digest], *, overwrite: bool) -> None:
        """Determines the usable blocks, and moves another program's ``NAME.part`` out of the way of ours.

        Args:
            length: The length that the server states; ``None`` if unknown.
            digests: The expected digests.
            overwrite: Whether any file at the destination may be replaced.

        Raises:
            DestinationExistsError: It is at the destination, and belongs to another file.
            StorageError: The file system refuses.
        """
        partial = self._partial
        if partial is None or self._is_begun:
            return
        if not (self._is_asked_for or any(digest.algorithm in COLLISION_FREE for digest in digests)):
            log.warning(
                "%s is there, unfinished: --adopt-partial auto goes on with it (in Python: adopt_partial='auto')",
                partial.path,
            )
            self._unused, self._partial = partial.path.name, None
            return
        stored = partial.stored(length, digests) if length is not None else None
        if stored is None:
            if self.replaces and not overwrite:
                raise DestinationExistsError(
                    f"{partial.path} is there already, and unfinished, but not a part of this file",
                    hint="--overwrite replaces it; -o NAME chooses another name.",
                )
            log.warning("%s isn't a part of this file: nothing of it is taken over", partial.path)
            self._partial = partial if self.replaces else None
            return
        self._stored = stored
        if partial.path == Places.of(self._destination).part:
            with storage_errors(partial.path):
                self._disk.move(partial.path, self._aside)
            self._partial = replace(partial, path=self._aside)

    def begin(self, store: Store, length: int | None, report: Callable[[TakenOver | StorageFailed], None]) -> bool:
        """Starts to copy into the store; ``report`` takes the result. False if there is nothing to copy.

        Raises:
            StorageError: The file system refuses.
        """
        if self._partial is None or not self._stored or not length:
            return False
        log.info("taking over up to %d bytes of %s", self._stored.total, self._partial.path)
        self._was_copied = self._is_copying = True
        store.take_over(self._partial, self._stored, length, report)
        return True

    def end(self) -> None:
        """Marks the copying as finished."""
        self._is_copying = False

    def note(self, store: Store | None) -> str:
        """The progress of the copying, or a hint at a partial file that isn't used; usually empty."""
        if self._unused:
            return f"{self._unused} is a partial file that isn't used: --adopt-partial auto goes on with it"
        if store is None or self._partial is None or not self._is_copying:
            return ""
        part = store.recorded.total / self._stored.total
        return f"taking over what is in {self._partial.path.name}: {part:.0%}"

    def check_unchanged(self) -> None:
        """Checks before publishing that the partial file at the destination is unchanged.

        Raises:
            DestinationExistsError: Another program is writing it, or has finished it.
        """
        if self.replaces and read_partial(self._destination, self._disk) != self._partial:
            raise DestinationExistsError(
                f"{self._destination} was changed by another program meanwhile",
                hint="End that program, then run the same command again; or choose another name with -o.",
            )

    def tidy(self) -> None:
        """Removes the partial file of this very name, because the file is published."""
        partial = self._partial
        if partial is None or not self._is_asked_for:
            return  # what was taken over unasked belongs to the other program
        is_beside = partial.path.parent == self._destination.parent
        is_named_so = partial.path.name.startswith(f"{self._destination.name}.")
        gone = [partial.control] if self.replaces or (self._was_copied and is_beside and is_named_so) else []
        if is_beside and is_named_so and (self._was_copied or partial.path == self._aside):
            gone.append(partial.path)
        for path in filter(None, gone):
            with suppress(OSError, StorageError):  # a file that can't be removed does no harm
                self._disk.remove(path)
