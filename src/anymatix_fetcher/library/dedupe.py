"""Deduplication: files with the same content share their disk space. All bytes are compared before a replacement."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.cloning import clone
from anymatix_fetcher.library.content import digest_of, same_bytes
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.linking import Method
from anymatix_fetcher.library.names import is_model_name
from anymatix_fetcher.library.relinking import relink
from anymatix_fetcher.library.walking import walk_all

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.linking import Cloner
    from anymatix_fetcher.library.walking import SeenFile

LEAST_BYTES = 1 << 20
"""Smaller files aren't worth deduplicating."""
_AGAIN = "Run it again when no program writes to the models."


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file and its digest.

    Args:
        paths: All its paths among the models; the first is reported.
        state: Its state.
        digest: Its digest.
        is_shared: Whether it has hard links elsewhere, too.
    """

    paths: tuple[Path, ...]
    state: FileState
    digest: Digest
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Files on one file system with one digest.

    Args:
        digest: Their digest.
        size: The size of each in bytes.
        keep: The file that the others may become links to.
        others: All paths of each other file.
        may_link: Whether ``keep`` may get more hard links; false if it has links outside the models.
    """

    digest: Digest
    size: int
    keep: Path
    others: tuple[tuple[Path, ...], ...]
    may_link: bool = True

    @property
    def names(self) -> tuple[Path, ...]:
        """The paths of all others."""
        return tuple(path for paths in self.others for path in paths)

    @property
    def bytes_won(self) -> int:
        """The disk space of the others."""
        return self.size * len(self.others)


@dataclass(frozen=True, slots=True)
class DedupeProgress:
    """The current file, and the number of bytes read so far."""

    path: Path
    bytes_read: int


@dataclass(frozen=True, slots=True)
class DedupeReport:
    """The outcome.

    Args:
        linked: The paths of files that share their space with another one now.
        bytes_freed: The disk space freed.
        differing: Files with different content, although their recorded digests are equal.
        skipped: Files that were left unchanged, and why.
    """

    linked: tuple[Path, ...]
    bytes_freed: int
    differing: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...]


def groups_of(files: Iterable[Hashed]) -> tuple[Group, ...]:
    """The groups that are worth linking. In each, the file that comes first in ``files`` is kept.

    Files on different file systems can't share space. A file with links outside the models is never replaced; it is
    kept if there is no other choice.
    where nothing else can be.
    """
    together: dict[tuple[Digest, int], list[Hashed]] = defaultdict(list)
    for file in files:
        together[file.digest, file.state.device].append(file)
    groups = []
    for (digest, _), members in together.items():
        own = [file for file in members if not file.is_shared]
        keep = own[0] if len(own) > 1 else next((file for file in members if file.is_shared), None)
        others = tuple(file.paths for file in own if file is not keep)
        if keep is not None and others:
            groups.append(Group(digest, keep.state.size, keep.paths[0], others, may_link=not keep.is_shared))
    return tuple(groups)


def files_alike(roots: Sequence[Path]) -> list[tuple[SeenFile, ...]]:
    """The models below ``roots`` that have the size of another one, each with all its paths."""
    real = [os.path.realpath(root) for root in roots]
    by_size: dict[int, dict[tuple[int, int], list[SeenFile]]] = defaultdict(lambda: defaultdict(list))
    for seen in walk_all(roots):
        if seen.is_link or seen.state.size < LEAST_BYTES:
            continue
        if seen.is_indirect and not any(Path(os.path.realpath(seen.path)).is_relative_to(root) for root in real):
            continue
        by_size[seen.state.size][seen.state.device, seen.state.inode].append(seen)
    models = (
        [names for names in files.values() if any(is_model_name(seen.path.name) for seen in names)]
        for files in by_size.values()
    )
    return [tuple(names) for files in models if len(files) > 1 for names in files]


def find_duplicates(roots: Sequence[Path], index: Index) -> Generator[DedupeProgress, None, tuple[Group, ...]]:
    """The groups of duplicates below ``roots``; yields progress.

    Only files with the size of another one are hashed, unless the index knows their digests.
    """
    hashed: list[Hashed] = []
    bytes_read = 0
    for names in files_alike(roots):
        first = names[0]
        digest = next((known for seen in names if (known := _known(seen.path, index)) is not None), None)
        if digest is None:
            digest = _hash(names, index)
            bytes_read += first.state.size
        if digest is not None:
            paths = tuple(seen.path for seen in names)
            hashed.append(Hashed(paths, first.state, digest, is_shared=_links(first.path) > len(paths)))
        yield DedupeProgress(first.path, bytes_read)
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
    """Makes the files of each group share their space; yields progress.

    Args:
        groups: The result of :func:`find_duplicates`.
        index: Records the new states.
        disk: The file system.
        order: The methods to try. Hard links make one file of two, so that editing one edits the other; they have to be
            requested. Copies would save nothing.
        cloner: Creates reflinks.
        on_bytes: Called with the number of bytes compared. An exception from it ends everything, between two files.
    """
    linked: list[Path] = []
    differing: list[Path] = []
    skipped: list[tuple[Path, str]] = []
    bytes_freed = bytes_read = 0
    for group in groups:
        methods = [one for one in order if one is Method.REFLINK or (one is Method.HARD_LINK and group.may_link)]
        for names in group.others:
            try:
                is_same = _link(group.keep, names, index, disk, methods, cloner, on_bytes)
            except (OSError, StorageError) as error:
                skipped += [(name, str(error)) for name in names]
            else:
                bytes_read += 2 * group.size
                (linked if is_same else differing).extend(names)
                bytes_freed += group.size if is_same else 0
            yield DedupeProgress(names[0], bytes_read)
    return DedupeReport(tuple(linked), bytes_freed, tuple(differing), tuple(skipped))


def _link(
    keep: Path,
    names: Sequence[Path],
    index: Index,
    disk: Disk,
    methods: Sequence[Method],
    cloner: Cloner,
    on_bytes: Callable[[int], None],
) -> bool:
    """Compares two files, and replaces the second one's paths by links if they are equal; false if they differ."""
    state = FileState.of(keep.stat())
    before = [FileState.of(name.lstat()) for name in names]
    if not same_bytes(keep, names[0], on_bytes=on_bytes):
        return False
    if _links(names[0]) > len(names):
        raise StorageError(f"{names[0]} has a hard link elsewhere now", hint=_AGAIN)
    for name, then in zip(names, before, strict=True):
        if not FileState.of(name.lstat()).is_still(then) or not then.shares_with(before[0]):
            raise StorageError(f"{name} was changed meanwhile", hint=_AGAIN)
    known = index.current(keep)
    with index.keeping(keep):
        relink(names, keep, disk, state=state, order=methods, cloner=cloner)
    if known is not None:
        for name in names:
            index.add(name, known.digests, read_at=known.read_at, verified=known.verified)
    return True


def _links(path: Path) -> int:
    """The number of the file's hard links in its whole file system."""
    try:
        return path.lstat().st_nlink
    except OSError:
        return 0


def _known(path: Path, index: Index) -> Digest | None:
    return next((digest for digest in index.digests(path) if digest.algorithm == "sha256"), None)


def _hash(names: Sequence[SeenFile], index: Index) -> Digest | None:
    try:
        digest, state = digest_of(names[0].path)
    except OSError:
        return None
    for seen in names:
        index.add(seen.path, [digest], state=state)
    return digest if state.is_still(names[0].state) else None
