"""Files of the same content, made to share their space; every byte is compared before anything is replaced."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.cloning import clone
from anymatix_fetcher.library.content import digest_of, same_bytes
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.linking import Method, bring
from anymatix_fetcher.library.names import is_model_name
from anymatix_fetcher.library.walking import walk_all

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.digests import Digest
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.linking import Cloner
    from anymatix_fetcher.library.ports import Disk
    from anymatix_fetcher.library.walking import SeenFile

LEAST_BYTES = 1 << 20
"""Smaller files aren't worth it."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file, its state, and its digest."""

    path: Path
    state: FileState
    digest: Digest


@dataclass(frozen=True, slots=True)
class Group:
    """Files on one disk with one digest: ``others`` may become links to ``keep``."""

    digest: Digest
    size: int
    keep: Path
    others: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class DedupeProgress:
    """What is being looked at, and how many bytes were read so far."""

    path: Path
    bytes_read: int


@dataclass(frozen=True, slots=True)
class DedupeReport:
    """What was done.

    Args:
        linked: Files that share the space of another one now.
        bytes_freed: What they took before.
        differing: Files that turned out not to be the same, whatever their digests are said to be.
        skipped: Files that nothing was done with, and why.
    """

    linked: tuple[Path, ...]
    bytes_freed: int
    differing: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...]


def groups_of(files: Iterable[Hashed]) -> tuple[Group, ...]:
    """The groups that are worth linking; in each, the file that comes first in ``files`` is kept.

    Files on different disks can't share anything; those that are one file already have nothing to gain.
    """
    together: dict[tuple[Digest, int], list[Hashed]] = defaultdict(list)
    for file in files:
        members = together[file.digest, file.state.device]
        if not any(file.state.shares_with(member.state) for member in members):
            members.append(file)
    return tuple(
        Group(digest, members[0].state.size, members[0].path, tuple(member.path for member in members[1:]))
        for (digest, _), members in together.items()
        if len(members) > 1
    )


def files_alike(roots: Iterable[Path]) -> list[SeenFile]:
    """The models below ``roots`` that are as long as another one: all that may have one."""
    by_size: dict[int, list[SeenFile]] = defaultdict(list)
    for seen in walk_all(roots):
        if not seen.is_link and seen.state.size >= LEAST_BYTES and is_model_name(seen.path.name):
            by_size[seen.state.size].append(seen)
    groups = [group for group in by_size.values() if len({(seen.state.device, seen.state.inode) for seen in group}) > 1]
    return [seen for group in groups for seen in group]


def find_duplicates(roots: Iterable[Path], index: Index) -> Generator[DedupeProgress, None, tuple[Group, ...]]:
    """The groups of models below ``roots``; yields progress, returns them.

    Only files that are as long as another one are hashed, and of these only those that the index doesn't know.
    """
    hashed: list[Hashed] = []
    bytes_read = 0
    for seen in files_alike(roots):
        digest = _known(seen.path, index)
        if digest is None:
            digest = _hash(seen, index)
            bytes_read += seen.state.size
        if digest is not None:
            hashed.append(Hashed(seen.path, seen.state, digest))
        yield DedupeProgress(seen.path, bytes_read)
    return groups_of(hashed)


def dedupe(
    groups: Iterable[Group],
    index: Index,
    disk: Disk,
    *,
    order: Sequence[Method] = (Method.REFLINK,),
    cloner: Cloner = clone,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Generator[DedupeProgress, None, DedupeReport]:
    """Makes the files of each group share their space; yields progress, returns what was done.

    Args:
        groups: Of :func:`find_duplicates`.
        index: Learns the new states.
        disk: The file system.
        order: Which links to make. Hard links make one file of two, so that editing one edits the other: they have to
            be asked for. A copy would gain nothing.
        cloner: Makes reflinks.
        on_bytes: Told how many more bytes were compared; what it raises ends all, between two files.
    """
    linked: list[Path] = []
    differing: list[Path] = []
    skipped: list[tuple[Path, str]] = []
    bytes_freed = bytes_read = 0
    for group in groups:
        for other in group.others:
            try:
                is_same = _link(group, other, disk, order, cloner, on_bytes)
            except (OSError, StorageError) as error:
                skipped.append((other, str(error)))
            else:
                bytes_read += 2 * group.size
                (linked if is_same else differing).append(other)
                if is_same:
                    bytes_freed += group.size
                    index.add(other, [group.digest])
            yield DedupeProgress(other, bytes_read)
    return DedupeReport(tuple(linked), bytes_freed, tuple(differing), tuple(skipped))


def _link(
    group: Group,
    other: Path,
    disk: Disk,
    order: Sequence[Method],
    cloner: Cloner,
    on_bytes: Callable[[int], None],
) -> bool:
    """Whether both were the same; then ``other`` is a link now, with the time and the mode that it had."""
    keep_status, status = group.keep.stat(), other.lstat()
    if not same_bytes(group.keep, other, on_bytes=on_bytes):
        return False
    if not FileState.of(other.lstat()).is_still(FileState.of(status)):
        raise StorageError(f"{other} was changed meanwhile")
    links = [method for method in order if method is not Method.COPY]
    result = bring(
        group.keep,
        other,
        disk,
        state=FileState.of(keep_status),
        order=links,
        overwrite=True,
        cloner=cloner,
    )
    if result.method is Method.REFLINK:
        other.chmod(status.st_mode & 0o7777)
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    return True


def _known(path: Path, index: Index) -> Digest | None:
    return next((digest for digest in index.digests(path) if digest.algorithm == "sha256"), None)


def _hash(seen: SeenFile, index: Index) -> Digest | None:
    try:
        digest, state = digest_of(seen.path)
    except OSError:
        return None
    index.add(seen.path, [digest], state=state)
    return digest if state.is_still(seen.state) else None
