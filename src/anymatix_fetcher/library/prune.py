"""Finds and removes leftovers of interrupted downloads: part files, journals, locks; and files kept by repairs.

Browsers, wget, curl and others use ``NAME.part`` as well. Ours have a journal or a lock beside them, because the
journal is created before the part file.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import JOURNAL_SUFFIX, LOCK_SUFFIX, OWN_SUFFIXES, PART_SUFFIX
from anymatix_fetcher.core.values.journal import HEADER_BYTES, may_be_ours
from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.library.setting_aside import is_changed_model
from anymatix_fetcher.library.walking import walk_all

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from anymatix_fetcher.core.values.ports import Disk, Lock
    from anymatix_fetcher.library.walking import SeenFile

NANOSECONDS = 1_000_000_000
_BLOCK_BYTES = 512
"""The unit of ``st_blocks``, independent of the file system."""
_TEMPORARY = re.compile(r"anyfetch-[0-9a-f]{16}\.part")


@dataclass(frozen=True, slots=True)
class Leftover:
    """The leftovers of one download.

    Args:
        destination: Its destination.
        files: The files that it has left.
        written_at: When the newest one was written, in seconds since 1970.
        is_ours: Whether this program made them; otherwise another program may still use them.
        is_changed: Whether it is a model that its user had changed, set aside by a repair. It belongs to the user, and
            is removed on request only.
    """

    destination: Path
    files: tuple[Path, ...]
    written_at: float
    is_ours: bool = True
    is_changed: bool = False

    @property
    def bytes_used(self) -> int:
        """The disk space of the files; part files have holes."""
        return sum(map(_bytes_on_disk, self.files))


@dataclass(frozen=True, slots=True)
class PruneReport:
    """The outcome.

    Args:
        removed: The destinations of leftovers that were removed.
        bytes_freed: The disk space freed.
        held: Destinations with a running download, or one that was continued meanwhile.
        failed: The destinations of leftovers that can't be removed, and why.
    """

    removed: tuple[Path, ...]
    bytes_freed: int
    held: tuple[Path, ...]
    failed: tuple[tuple[Path, str], ...]


def leftovers_of(files: Iterable[SeenFile], is_journal: Callable[[Path], bool]) -> list[Leftover]:
    """The leftovers among ``files``, by destination. Links and complete files aren't leftovers.

    Args:
        files: All files in some folders.
        is_journal: Whether a file with a journal's name is a journal of this program.
    """
    together: dict[Path, list[SeenFile]] = defaultdict(list)
    changed: list[SeenFile] = []
    for seen in files:
        if is_changed_model(seen.path.name) and not seen.is_link:
            changed.append(seen)
        destination = None if seen.is_link else _destination(seen.path)
        if destination is not None:
            together[destination].append(seen)
    found = [replace(_leftover(seen.path, [seen], is_ours=False), is_changed=True) for seen in changed]
    for destination, members in together.items():
        ours = [seen for seen in members if not seen.path.name.endswith((PART_SUFFIX, JOURNAL_SUFFIX))]
        ours += [seen for seen in members if seen.path.name.endswith(JOURNAL_SUFFIX) and is_journal(seen.path)]
        proves = any(seen.path.name.endswith((JOURNAL_SUFFIX, LOCK_SUFFIX)) for seen in ours)
        parts = [seen for seen in members if seen.path.name.endswith(PART_SUFFIX)]
        ours += [seen for seen in parts if proves or _TEMPORARY.fullmatch(seen.path.name)]
        found += [
            _leftover(destination, [seen for seen in members if (seen in ours) is is_ours], is_ours=is_ours)
            for is_ours in (True, False)
            if any((seen in ours) is is_ours for seen in members)
        ]
    return found


def _leftover(destination: Path, members: Sequence[SeenFile], *, is_ours: bool) -> Leftover:
    written_at = max(seen.state.mtime_ns for seen in members) / NANOSECONDS
    return Leftover(destination, tuple(seen.path for seen in members), written_at, is_ours)


def stale(leftovers: Iterable[Leftover], *, wall_seconds: float, older_than_seconds: float) -> list[Leftover]:
    """The leftovers that weren't written to for longer than that."""
    return [leftover for leftover in leftovers if wall_seconds - leftover.written_at > older_than_seconds]


def find_leftovers(roots: Sequence[Path], disk: Disk) -> list[Leftover]:
    """The leftovers of downloads in folders below ``roots``, without leaving them by links."""
    real = [os.path.realpath(root) for root in roots]

    def is_inside(seen: SeenFile) -> bool:
        path = Path(os.path.realpath(seen.path)) if seen.is_indirect else seen.path
        return not seen.is_indirect or any(path.is_relative_to(root) for root in real)

    return leftovers_of(filter(is_inside, walk_all(roots)), lambda path: _is_journal(path, disk))


def _is_journal(path: Path, disk: Disk) -> bool:
    try:
        with closing(disk.open_to_read(path)) as file:
            buffer = bytearray(HEADER_BYTES)
            return may_be_ours(bytes(buffer[: file.read_into(0, buffer)]))
    except (OSError, FetchError):
        return False


def remove_leftovers(
    leftovers: Iterable[Leftover], lock: Callable[[Path], Lock], disk: Disk, *, changed: bool = False
) -> Generator[Leftover, None, PruneReport]:
    """Removes our own leftovers that no process holds; yields each before it is examined, returns the outcome.

    Args:
        leftovers: The result of :func:`stale`; those of other programs are kept.
        changed: Whether to remove models that were set aside as well.
        lock: The lock of a destination, which a running download holds.
        disk: The file system.
    """
    removed: list[Path] = []
    held: list[Path] = []
    failed: list[tuple[Path, str]] = []
    bytes_freed = 0
    for leftover in leftovers:
        if not (leftover.is_ours or (changed and leftover.is_changed)):
            continue
        yield leftover
        try:
            freed = _remove(leftover, lock(leftover.destination), disk)
        except (OSError, FetchError) as error:
            failed.append((leftover.destination, str(error)))
            continue
        (held if freed is None else removed).append(leftover.destination)
        bytes_freed += freed or 0
    return PruneReport(tuple(removed), bytes_freed, tuple(held), tuple(failed))


def _remove(leftover: Leftover, lock: Lock, disk: Disk) -> int | None:
    """The number of bytes freed; ``None`` if a download is running."""
    is_waiting = [path for path in leftover.files if not path.name.endswith(LOCK_SUFFIX)]
    if not lock.try_acquire():
        return None
    try:
        freed = 0
        for path in is_waiting:
            if path.lstat().st_mtime_ns / NANOSECONDS > leftover.written_at:
                return None
            freed += _bytes_on_disk(path)
        for path in is_waiting:
            disk.remove(path)
        return freed
    finally:
        lock.release()  # which removes the lock's file


def _bytes_on_disk(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:
        return 0
    return min(status.st_size, getattr(status, "st_blocks", status.st_size) * _BLOCK_BYTES)


def _destination(path: Path) -> Path | None:
    for suffix in sorted(OWN_SUFFIXES, key=len, reverse=True):
        if path.name.endswith(suffix) and path.name != suffix:
            return path.with_name(path.name.removesuffix(suffix))
    return None
