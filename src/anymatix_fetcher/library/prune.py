"""What interrupted downloads have left and nobody has gone on with: part files, journals, locks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.filenames import JOURNAL_SUFFIX, LOCK_SUFFIX, PART_SUFFIX
from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.library.walking import walk_all

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from anymatix_fetcher.library.ports import Disk, Lock
    from anymatix_fetcher.library.walking import SeenFile

NANOSECONDS = 1_000_000_000
_BLOCK_BYTES = 512
"""What ``st_blocks`` counts, whatever the file system's own blocks are."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """What one download has left: its files, when the youngest of them was written (seconds since 1970)."""

    destination: Path
    files: tuple[Path, ...]
    written_at: float

    @property
    def bytes_used(self) -> int:
        """What the files take on the disk now; part files have holes."""
        return sum(map(_bytes_on_disk, self.files))


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What was done.

    Args:
        removed: Destinations whose leftovers are gone.
        bytes_freed: What these took on the disk.
        held: Destinations that somebody is downloading to, or went on with meanwhile.
        failed: Destinations whose leftovers can't be removed, and why.
    """

    removed: tuple[Path, ...]
    bytes_freed: int
    held: tuple[Path, ...]
    failed: tuple[tuple[Path, str], ...]


def leftovers_of(files: Iterable[SeenFile]) -> list[Leftover]:
    """What downloads have left among ``files``, by destination. Links and complete files are none of it."""
    together: dict[Path, list[SeenFile]] = defaultdict(list)
    for seen in files:
        destination = None if seen.is_link else _destination(seen.path)
        if destination is not None:
            together[destination].append(seen)
    return [
        Leftover(
            destination,
            tuple(seen.path for seen in members),
            max(seen.state.mtime_ns for seen in members) / NANOSECONDS,
        )
        for destination, members in together.items()
    ]


def stale(leftovers: Iterable[Leftover], *, wall_seconds: float, older_than_seconds: float) -> list[Leftover]:
    """Those that nobody has written to for longer than that."""
    return [leftover for leftover in leftovers if wall_seconds - leftover.written_at > older_than_seconds]


def find_leftovers(roots: Iterable[Path]) -> list[Leftover]:
    """What downloads have left below ``roots``."""
    return leftovers_of(walk_all(roots))


def prune(
    leftovers: Iterable[Leftover], lock: Callable[[Path], Lock], disk: Disk
) -> Generator[Leftover, None, PruneReport]:
    """Removes what nobody holds; yields each before it is looked at, returns what was done.

    Args:
        leftovers: Of :func:`stale`.
        lock: The lock of a destination, which whoever downloads to it holds.
        disk: The file system.
    """
    removed: list[Path] = []
    held: list[Path] = []
    failed: list[tuple[Path, str]] = []
    bytes_freed = 0
    for leftover in leftovers:
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
    """How many bytes are free now; ``None`` where somebody works there."""
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
    for suffix in (JOURNAL_SUFFIX, LOCK_SUFFIX, PART_SUFFIX):
        if path.name.endswith(suffix) and path.name != suffix:
            return path.with_name(path.name.removesuffix(suffix))
    return None
