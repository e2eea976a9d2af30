"""What other processes and earlier runs have left, seen from outside: read, never changed."""

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
"""How long what was seen in a folder is taken for what is there."""


class PartProgress(NamedTuple):
    """How far a download is, by its journal; ``length`` is ``None`` where it isn't known."""

    bytes_recorded: int
    length: int | None


class JournalWatch:
    """How far another process is with a destination, by the journal beside it, which is read only when it has changed.

    Args:
        destination: The file.
        reference: What is wanted there.
        disk: The file system.

    Attributes:
        progress: How far it is; ``None`` where no journal tells.
        is_for_reference: Whether the journal, the last one that could be read, belongs to the reference.
    """

    def __init__(self, destination: Path, reference: str, disk: Disk) -> None:
        self.progress: PartProgress | None = None
        self.is_for_reference = False
        self._path = Places.of(destination).journal
        self._reference = reference
        self._disk = disk
        self._size: int | None = None

    def look(self) -> None:
        """Reads the journal, unless it is as long as it was."""
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
    """What a run of ``reference`` that was killed just after it gave ``destination`` its name has recorded of it.

    ``None`` where no journal beside it tells. The file has to be read: it may have been changed since.
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
    """What earlier runs have begun, by folder: each is looked through once for many downloads into it.

    Args:
        disk: The file system.
        clock: Seconds, never going back.
    """

    def __init__(self, disk: Disk, clock: Callable[[], float]) -> None:
        self._disk = disk
        self._clock = clock
        self._seen: dict[Path, tuple[float, list[tuple[Path, JournalHeader]]]] = {}

    def find(self, folder: Path, reference: str) -> Path | None:
        """The destination in ``folder`` whose journal belongs to ``reference``, as of some seconds ago.

        It is begun, or published by a run that was killed before it could remove the journal.

        Whatever was begun since is found all the same: beside its destination, once that is known.
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
    """A journal's header; ``None`` where there is none that can be read."""
    with suppress(OSError, StorageError), opened_to_read(disk, journal) as file:
        return JournalHeader.decode(read_first(file, HEADER_BYTES))
    return None


def read_journal(journal: Path, disk: Disk) -> JournalContent | None:
    """What a journal says; ``None`` where it can't be opened."""
    with suppress(OSError, StorageError), opened_to_read(disk, journal) as file:
        return decode(read_all(file))
    return None
