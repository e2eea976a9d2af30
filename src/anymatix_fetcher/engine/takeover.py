"""What another program has left of a download: found, taken over, guarded while it is needed, and tidied away."""

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
"""As a setting: whatever lies beside the destination under a name that other programs give."""


class Takeover:
    """The takeover of what another program has left, for one download.

    Args:
        wanted: Settings' ``adopt_partial``.
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
        """The name of an unfinished file that nothing shows to be of this one."""
        self._stored = SpanSet()

    def finds(self, destination: Path) -> bool:
        """Looks at what is there for ``destination``; whether there is something to be copied.

        Raises:
            StorageError: What the caller names isn't there.
        """
        self._destination = destination
        with storage_errors(destination):
            if self._wanted is None:
                # A part file of another program may be in use, and has the name of ours: only who asks gets that.
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
        """Whether what is at the destination is the unfinished file itself."""
        return self._partial is not None and self._partial.path == self._destination

    @property
    def _is_asked_for(self) -> bool:
        """Whether the caller wants it taken over, even where no digest would tell that it is another file's."""
        is_aside = self._partial is not None and self._partial.path == self._aside
        return self._wanted is not None or self.replaces or is_aside

    @property
    def _aside(self) -> Path:
        return self._destination.with_name(self._destination.name + SET_ASIDE_SUFFIX)

    def prepare(self, length: int | None, digests: Sequence[Digest], *, overwrite: bool) -> None:
        """Finds out what of it counts; another program's ``NAME.part`` makes room for ours.

        Args:
            length: Of the whole file, as the server states it.
            digests: What it has to have.
            overwrite: Whether what is at the destination may be replaced, whatever it is.

        Raises:
            DestinationExistsError: It is at the destination, and another file's.
            StorageError: The system doesn't allow it.
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
        """Begins to copy into the store; ``report`` takes its answer. False where there is nothing to copy.

        Raises:
            StorageError: The system doesn't allow it.
        """
        if self._partial is None or not self._stored or not length:
            return False
        log.info("taking over up to %d bytes of %s", self._stored.total, self._partial.path)
        self._was_copied = self._is_copying = True
        store.take_over(self._partial, self._stored, length, report)
        return True

    def end(self) -> None:
        """All that was to be copied has been."""
        self._is_copying = False

    def note(self, store: Store | None) -> str:
        """How far the copying into the store is, or which partial file isn't used and how it would be; mostly empty."""
        if self._unused:
            return f"{self._unused} is a partial file that isn't used: --adopt-partial auto goes on with it"
        if store is None or self._partial is None or not self._is_copying:
            return ""
        part = store.recorded.total / self._stored.total
        return f"taking over what is in {self._partial.path.name}: {part:.0%}"

    def check_unchanged(self) -> None:
        """Looks before publishing whether the unfinished file that is replaced is still what it was.

        Raises:
            DestinationExistsError: Another program is writing it, or has finished it.
        """
        if self.replaces and read_partial(self._destination, self._disk) != self._partial:
            raise DestinationExistsError(
                f"{self._destination} was changed by another program meanwhile",
                hint="End that program, then run the same command again; or choose another name with -o.",
            )

    def tidy(self) -> None:
        """The file is published: what was left for this very name, and nothing else, goes."""
        partial = self._partial
        if partial is None or not self._is_asked_for:
            return  # what was taken over unasked is the other program's own
        is_beside = partial.path.parent == self._destination.parent
        is_named_so = partial.path.name.startswith(f"{self._destination.name}.")
        gone = [partial.control] if self.replaces or (self._was_copied and is_beside and is_named_so) else []
        if is_beside and is_named_so and (self._was_copied or partial.path == self._aside):
            gone.append(partial.path)
        for path in filter(None, gone):
            with suppress(OSError, StorageError):  # litter that can't be removed does no harm
                self._disk.remove(path)
