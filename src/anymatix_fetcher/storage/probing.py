"""Determines what a folder's file system can do, with temporary files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.places import name_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

_WRITTEN_BYTES = 64 << 10
_HOLE_BYTES = 8 << 20
_MOST_BESIDE_A_HOLE = 1 << 20
_MOUNTS = Path("/proc/self/mountinfo")
_FAT = {"vfat", "msdos"}
_FAT_FILE_BYTES = (4 << 30) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """The properties of a folder's file system.

    Args:
        file_system: Its name, as "ext4"; empty if unknown.
        free_bytes: The space that this user may use; ``None`` if unknown.
        longest_name_bytes: The limit on names.
        largest_file_bytes: The limit on files; ``None`` if unlimited or unknown.
        trouble: Why nothing can be written; ``None`` if something can, so that the following were tested.
        locks: Whether files can be locked, and a held lock is refused to others.
        hard_links: Whether a file can have several names.
        sparse_files: Whether a hole takes no space; ``None`` if unknown.
    """

    file_system: str
    free_bytes: int | None
    longest_name_bytes: int
    largest_file_bytes: int | None
    trouble: OSError | None = None
    locks: bool = False
    hard_links: bool = False
    sparse_files: bool | None = None


def abilities_of(folder: Path, disk: OsDisk | None = None) -> Abilities:
    """Tests the file system of ``folder``, which has to exist."""
    disk = disk or OsDisk()
    file_system = file_system_of(folder)
    trouble: OSError | None = None
    locks, hard_links, sparse_files = False, False, None
    try:
        with trial_folder(folder) as place:
            _write(place / "written", disk)
            locks = _has_locks(place / "locked")
            hard_links = _has_hard_links(place / "written")
            sparse_files = _has_sparse_files(place / "sparse", disk)
    except OSError as error:
        trouble = error
    return Abilities(
        file_system=file_system,
        free_bytes=disk.free_bytes(folder),
        longest_name_bytes=name_limit(folder),
        largest_file_bytes=largest_file(file_system),
        trouble=trouble,
        locks=locks,
        hard_links=hard_links,
        sparse_files=sparse_files,
    )


@contextmanager
def trial_folder(folder: Path) -> Iterator[Path]:
    """Creates a folder in ``folder``, and removes it with its content at the end of the block.

    Raises:
        OSError: It can't be created.
    """
    place = Path(tempfile.mkdtemp(prefix=".anyfetch-trial-", dir=folder))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def file_system_of(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The name of the file system of ``folder``; empty if unknown (proc_pid_mountinfo(5))."""
    try:
        device, lines = folder.stat().st_dev, mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in lines:
        facts, _, kind = line.partition(" - ")
        if wanted in facts.split()[2:3]:
            return kind.partition(" ")[0]
    return ""


def largest_file(file_system: str) -> int | None:
    """The limit on file sizes in bytes; ``None`` if neither the file system nor the process has one."""
    limits = [_FAT_FILE_BYTES] if file_system in _FAT else []
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on every system

        soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        limits += [soft] if soft != resource.RLIM_INFINITY else []
    return min(limits, default=None)


def _write(path: Path, disk: OsDisk) -> None:
    with closing(disk.open(path)) as file:
        file.write_at(0, bytes(_WRITTEN_BYTES))
        file.sync()


def _has_locks(destination: Path) -> bool:
    first, second = DestinationLock(destination), DestinationLock(destination)
    try:
        return first.try_acquire() and not second.try_acquire()
    except StorageError:
        return False
    finally:
        second.release()
        first.release()


def _has_hard_links(path: Path) -> bool:
    try:
        os.link(path, path.with_name("linked"))
    except OSError:
        return False
    return True


def _has_sparse_files(path: Path, disk: OsDisk) -> bool | None:
    try:
        with closing(disk.open(path)) as file:
            file.truncate(_HOLE_BYTES)
            file.write_at(_HOLE_BYTES - 1, b"\1")
            file.sync()
            taken = file.on_disk()
    except OSError:
        return None
    return taken < _MOST_BESIDE_A_HOLE if taken else None
