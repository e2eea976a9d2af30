"""Reads, and never changes, the journals and part files that other processes and earlier runs have left."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.filenames import JOURNAL_SUFFIX
from anymatix_fetcher.core.values.journal import HEADER_BYTES, JournalHeader, decode
from anymatix_fetcher.core.values.ports import FileKind
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.disk import opened_to_read, read_all, read_first
from anymatix_fetcher.storage.places import Places, is_shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.journal import JournalContent
    from anymatix_fetcher.core.values.ports import Disk


GOOD_FOR_SECONDS = 10.0
"""How long a folder's listing is cached."""


class PartProgress(NamedTuple):
    """The progress of a download according to its journal; ``length`` is ``None`` if unknown."""

    bytes_recorded: int
    length: int | None


class JournalWatch:
    """Observes another process's progress by the journal at the destination, which is read only after a change.

    Args:
        destination: The destination.
        reference: The reference that this process wants to fetch there.
        disk: The file system.

    Attributes:
        progress: The progress; ``None`` if no journal states it.
        is_for_reference: Whether the last journal that could be read belongs to the reference.
    """

    def __init__(self, destination: Path, reference: str, disk: Disk) -> None:
        self.progress: PartProgress | None = None
        self.is_for_reference = False
        self._path = Places.of(destination).journal
        self._reference = reference
        self._disk = disk
        self._size: int | None = None

    def look(self) -> None:
        """Reads the journal if its length has changed."""
        try:
            with opened_to_read(self._disk, self._path) as file:
                size = file.size()
                if size == self._size:
                    return
                content, self._size = decode(read_all(file)), size
        except (OSError, StorageError):
            self.progress = self._size = None
            return
        self.progress = None
        if content.header is not None and content.identity is not None:
            self.is_for_reference = content.header.is_for(self._reference)
            stored = content.stored.total
            self.progress = PartProgress(stored, content.identity.length)


def read_published(destination: Path, reference: str, disk: Disk) -> BlockChecksums | None:
    """The recorded checksums of ``destination``, published by a run of ``reference`` that was killed just afterwards.

    ``None`` if there is no such journal. The file has to be read, because it may have been changed since.
    """
    places = Places.of(destination)
    header = read_header(places.journal, disk)
    if header is None or not header.is_for(reference):
        return None
    if disk.kind(places.part) is not None and not disk.same_file(destination, places.part):
        return None
    content = read_journal(places.journal, disk)
    if content is None or content.identity is None or content.identity.length is None:
        return None
    return BlockChecksums.of_table(content.blocks, header.block_size, content.identity.length)


class Leftovers:
    """The part files of earlier runs. Each folder is listed once for many downloads into it.

    Args:
        disk: The file system.
        clock: The monotonic time in seconds.
    """

    def __init__(self, disk: Disk, clock: Callable[[], float]) -> None:
        self._disk = disk
        self._clock = clock
        self._seen: dict[Path, tuple[float, list[tuple[Path, JournalHeader]]]] = {}

    def find(self, folder: Path, reference: str) -> Path | None:
        """The destination in ``folder`` with a journal of ``reference``, according to a cached listing.

        Its file is unfinished, or was published by a run that was killed before it removed the journal. A newer journal
        is found by its destination, once that is known.
        """
        now = self._clock()
        looked_at, begun = self._seen.get(folder, (float("-inf"), []))
        if now - looked_at > GOOD_FOR_SECONDS:
            begun = list(_begun(folder, self._disk))
            self._seen[folder] = now, begun
        return _belonging_to(reference, begun, self._disk)


def _begun(folder: Path, disk: Disk) -> Iterator[tuple[Path, JournalHeader]]:
    for name in sorted(disk.names(folder)):
        if name.endswith(JOURNAL_SUFFIX) and name != JOURNAL_SUFFIX and not is_shortened(_stem(name)):
            header = read_header(folder / name, disk)
            if header:
                yield folder / _stem(name), header


def _stem(journal: str) -> str:
    return journal.removesuffix(JOURNAL_SUFFIX)


def _belonging_to(reference: str, begun: Iterable[tuple[Path, JournalHeader]], disk: Disk) -> Path | None:
    for destination, header in begun:
        if not header.is_for(reference):
            continue
        if FileKind.FILE in (disk.kind(Places.of(destination).part), disk.kind(destination)):
            return destination
    return None


def read_header(journal: Path, disk: Disk) -> JournalHeader | None:
    """The header of a journal; ``None`` if there is no valid one."""
    with suppress(OSError, StorageError), opened_to_read(disk, journal) as file:
        return JournalHeader.decode(read_first(file, HEADER_BYTES))
    return None


def read_journal(journal: Path, disk: Disk) -> JournalContent | None:
    """The content of a journal; ``None`` if it can't be opened."""
    with suppress(OSError, StorageError), opened_to_read(disk, journal) as file:
        return decode(read_all(file))
    return None
