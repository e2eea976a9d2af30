"""Finds the finished file of a run that was killed while it renamed it to its content-based name.

The reference doesn't lead to that name, but the leftovers of the run do: a part file that is a link to the same file,
or the journal of a missing part file.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from xxhash import xxh3_64

from anymatix_fetcher.core.values.filenames import JOURNAL_SUFFIX, PART_SUFFIX
from anymatix_fetcher.core.values.journal import decode
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.names import parse_hashed_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.journal import JournalContent
    from anymatix_fetcher.core.values.ports import Disk

MOST_JOURNAL_BYTES = 64 << 20


def published(
    working: Path, references: Iterable[str], disk: Disk, on_bytes: Callable[[int], None] = lambda _: None
) -> Path | None:
    """The published file with another name than ``working``; ``None`` if there is none.

    Args:
        working: The path under which it was downloaded; its lease is held.
        references: The references that it may have come from.
        disk: The file system.
        on_bytes: Called with the number of bytes read. An exception from it ends the search.
    """
    part = working.with_name(f"{working.name}{PART_SUFFIX}")
    state = _state_of(part)
    if state is not None:
        found = next((path for path, other in _hash_named(part.parent, disk) if other.shares_with(state)), None)
        if found is not None:
            disk.remove(part)
        return found
    journal = _journal(working, disk)
    header = journal.header
    if header is None or not any(map(header.is_for, references)):
        return None
    size = sum(map(journal.blocks.length, journal.blocks))
    alike = (path for path, other in _hash_named(part.parent, disk) if other.size == size > 0)
    return next((path for path in alike if _is_recorded(path, journal, header.block_size, disk, on_bytes)), None)


def _hash_named(folder: Path, disk: Disk) -> Iterator[tuple[Path, FileState]]:
    """The files with content-based names, and their states."""
    for name in disk.names(folder):
        if parse_hashed_name(name) and (state := _state_of(folder / name)) is not None:
            yield folder / name, state


def _journal(working: Path, disk: Disk) -> JournalContent:
    path = working.with_name(f"{working.name}{JOURNAL_SUFFIX}")
    try:
        with closing(disk.open_to_read(path)) as file:
            buffer = bytearray(min(file.size(), MOST_JOURNAL_BYTES))
            return decode(bytes(buffer[: file.read_into(0, buffer)]))
    except (OSError, StorageError):
        return decode(b"")


def _is_recorded(
    path: Path, journal: JournalContent, block_size: int, disk: Disk, on_bytes: Callable[[int], None]
) -> bool:
    """Whether each block of the file has its recorded checksum."""
    try:
        with closing(disk.open_to_read(path)) as file:
            for index in range(journal.blocks.stop):
                buffer = bytearray(journal.blocks.length(index))
                count = file.read_into(index * block_size, buffer) if buffer else 0
                if not count or xxh3_64(buffer[:count]).intdigest() != journal.blocks.checksum(index):
                    return False
                on_bytes(count)
    except (OSError, StorageError):
        return False
    return True


def _state_of(path: Path) -> FileState | None:
    """The state of the regular file at ``path``; ``None`` if there is none, or it is a link."""
    try:
        return FileState.of(path.lstat()) if path.is_file() and not path.is_symlink() else None
    except OSError:
        return None
