"""Enters the claims on the disk into the index (those of sidecars, names and caches) without reading models."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.library.entries import HowKnown, IndexEntry
from anymatix_fetcher.library.hash_named import digest_by_name
from anymatix_fetcher.library.hugging_face_cache import cached_files
from anymatix_fetcher.library.names import is_model_name, is_sidecar_name
from anymatix_fetcher.library.walking import walk_folders

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.library.catalog import Catalog
    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.walking import SeenFile, SeenFolder

BATCH = 500
"""The number of claims in one transaction."""


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """The progress of a scan: files seen, and claimed digests learned."""

    files: int
    learned: int


@dataclass(frozen=True, slots=True)
class ScanReport:
    """The result of a scan.

    Args:
        files: The files seen.
        models: The models among them, by name.
        learned: The claimed digests.
        forgotten: The files that were in the index and no longer exist.
    """

    files: int
    models: int
    learned: int
    forgotten: int


def scan(
    index: Index, roots: Iterable[Path], caches: Iterable[Path], catalog: Catalog
) -> Generator[ScanProgress, None, ScanReport]:
    """Enters claims; yields progress.

    A folder that is unchanged since its last scan isn't scanned again, because its claims are in the index.

    Args:
        index: The index.
        roots: Model folders, as in ``ModelFolders.roots``.
        caches: Folders like ``~/.cache/huggingface/hub``.
        catalog: The sidecars.
    """
    files = models = learned = 0
    waiting: list[IndexEntry] = []
    folders: list[tuple[Path, FileState, tuple[str, ...]]] = []
    for seen, entries in _found(roots, caches, index, catalog):
        if seen is not None:
            files += len(seen.files or ())
            models += sum(is_model_name(file.path.name) for file in seen.files or ())
            folders.append((seen.path, seen.state, seen.folders))
        learned += len(entries)
        waiting += entries
        if len(waiting) >= BATCH:
            index.add_many(waiting)
            waiting.clear()
        yield ScanProgress(files, learned)
    index.add_many(waiting)
    index.keep_folders(folders)
    return ScanReport(files, models, learned, forgotten=index.forget_missing())


def _found(
    roots: Iterable[Path], caches: Iterable[Path], index: Index, catalog: Catalog
) -> Iterator[tuple[SeenFolder | None, list[IndexEntry]]]:
    """The changed folders, each with the claims about its files."""
    known = index.folders_looked_through()

    def remembered(path: Path, state: FileState) -> tuple[str, ...] | None:
        before = known.get(Path(os.path.abspath(path)))  # noqa: PTH100 - without following links
        return before[1] if before is not None and state.is_still(before[0]) else None

    before = _Before(index)
    for seen in walk_folders(roots, remembered):
        if seen.files is not None:
            yield seen, [*_entries_of(seen.path, seen.files, catalog), *before.entries(seen.files)]
    for cache in caches:
        for path, state, digest in cached_files(cache):
            yield None, [IndexEntry(path, state, (digest,), HowKnown.CLAIMED)]


class _Before:
    """The records of files by inode, size and time, by which a moved file is recognized.

    Args:
        index: The index.
    """

    def __init__(self, index: Index) -> None:
        self._index = index

    @cached_property
    def _known(self) -> dict[tuple[int, int, int], tuple[Path, tuple[Digest, ...]]]:
        known = self._index.all_remembered().items()
        return {_number(one.state): (path, one.digests) for path, one in known if one.digests}

    def entries(self, files: Iterable[SeenFile]) -> Iterator[IndexEntry]:
        """Claims for models that were recorded under another path."""
        for file in files:
            before = self._known.get(_number(file.state)) if is_model_name(file.path.name) else None
            if before is not None and before[0] != file.path:
                yield IndexEntry(file.path, file.state, before[1], HowKnown.CLAIMED)


def _number(state: FileState) -> tuple[int, int, int]:
    return state.inode, state.size, state.mtime_ns


def _entries_of(folder: Path, files: Sequence[SeenFile], catalog: Catalog) -> Iterator[IndexEntry]:
    """The digests that sidecars and names claim for the files in one folder."""
    states = {file.path.name: file.state for file in files}
    if any(map(is_sidecar_name, states)):
        for sidecar in catalog.sidecars(folder):
            state = states.get(sidecar.model.name) if sidecar.model is not None else None
            if sidecar.model is not None and state is not None and sidecar.record.digests:
                yield IndexEntry(sidecar.model, state, sidecar.record.digests, HowKnown.CLAIMED)
    for file in files:
        digest = digest_by_name(file.path.name)
        if digest is not None:
            yield IndexEntry(file.path, file.state, (digest,), HowKnown.CLAIMED)
