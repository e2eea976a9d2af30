"""What other processes and earlier runs have left, seen from outside: read, never changed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.core.blocks import BlockChecksums
from anymatix_fetcher.core.filenames import JOURNAL_SUFFIX
from anymatix_fetcher.core.journal import HEADER_BYTES, JournalHeader, decode
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.disk import Kind, opened_to_read, read_all, read_first
from anymatix_fetcher.storage.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from anymatix_fetcher.core.journal import JournalContent
    from anymatix_fetcher.storage.disk import Disk


GOOD_FOR_SECONDS = 10.0
"""How long what was seen in a folder is taken for what is there."""


class PartProgress(NamedTuple):
    """How far a download is, by its journal; ``length`` is ``None`` where it isn't known."""

    bytes_recorded: int
    length: int | None


def read_progress(destination: Path, disk: Disk) -> PartProgress | None:
    """How far another process has come with ``destination``; ``None`` where no journal tells."""
    content = read_journal(Places.of(destination).journal, disk)
    if content is None or content.header is None or content.identity is None:
        return None
    return PartProgress(content.blocks.spans(content.header.block_size).total, content.identity.length)


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


def find_part(folder: Path, reference: str, disk: Disk) -> Path | None:
    """The destination in ``folder`` whose journal belongs to ``reference``: where an earlier run has begun it."""
    return _belonging_to(reference, _begun(folder, disk), disk)


def _begun(folder: Path, disk: Disk) -> Iterator[tuple[Path, JournalHeader]]:
    for name in sorted(disk.names(folder)):
        if name.endswith(JOURNAL_SUFFIX) and name != JOURNAL_SUFFIX:
            header = read_header(folder / name, disk)
            if header:
                yield folder / name.removesuffix(JOURNAL_SUFFIX), header


def _belonging_to(reference: str, begun: Iterable[tuple[Path, JournalHeader]], disk: Disk) -> Path | None:
    for destination, header in begun:
        if not header.is_for(reference):
            continue
        if Kind.FILE in (disk.kind(Places.of(destination).part), disk.kind(destination)):
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
