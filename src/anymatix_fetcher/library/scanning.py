"""Fills the index with what is claimed on the disk: by sidecars, names and caches, without reading a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.library.entries import Entry, Proof
from anymatix_fetcher.library.hash_named import digest_by_name
from anymatix_fetcher.library.hugging_face_cache import cached_files
from anymatix_fetcher.library.names import is_model_name, is_sidecar_name
from anymatix_fetcher.library.sidecars import read_sidecar
from anymatix_fetcher.library.walking import walk_all

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.ports import Disk
    from anymatix_fetcher.library.walking import SeenFile

BATCH = 500
"""Files between two reports of progress; each batch is entered in one step."""


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far a scan is: files that were looked at, and digests that were learned from somebody's word."""

    files: int
    learned: int


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan has found.

    Args:
        files: That were looked at.
        models: Of these, by their names.
        learned: Claims of digests.
        forgotten: Files that were in the index and are gone.
    """

    files: int
    models: int
    learned: int
    forgotten: int


def scan(
    index: Index, roots: Iterable[Path], caches: Iterable[Path], disk: Disk
) -> Generator[ScanProgress, None, ScanReport]:
    """Enters what sidecars and caches say; yields progress, returns the report.

    Args:
        index: What to fill.
        roots: Folders of models, as ``ModelFolders.roots``.
        caches: Folders like ``~/.cache/huggingface/hub``.
        disk: To read the sidecars.
    """
    files = models = learned = 0
    waiting: list[Entry] = []
    forgotten = index.forget_missing()
    for seen, entries in _found(roots, caches, disk):
        files += len(seen)
        models += sum(is_model_name(file.path.name) for file in seen)
        learned += len(entries)
        waiting += entries
        if len(waiting) >= BATCH:
            index.add_many(waiting)
            waiting.clear()
        yield ScanProgress(files, learned)
    index.add_many(waiting)
    return ScanReport(files, models, learned, forgotten)


def _found(roots: Iterable[Path], caches: Iterable[Path], disk: Disk) -> Iterator[tuple[list[SeenFile], list[Entry]]]:
    """Folder by folder: the files that are there, and what is stated about them."""
    for folder in _by_folder(walk_all(roots)):
        yield folder, list(_entries_of(folder, disk))
    for cache in caches:
        for path, state, digest in cached_files(cache):
            yield [], [Entry(path, state, (digest,), Proof.CLAIMED)]


def _by_folder(files: Iterable[SeenFile]) -> Iterator[list[SeenFile]]:
    """The files of one folder at a time, as long as they come one after another; large folders in one piece."""
    together: list[SeenFile] = []
    for file in files:
        if together and together[0].path.parent != file.path.parent:
            yield together
            together = []
        together.append(file)
    if together:
        yield together


def _entries_of(folder: list[SeenFile], disk: Disk) -> Iterator[Entry]:
    """What sidecars and names say of the files in one folder: claims, whatever else the sidecars say."""
    states = {file.path.name: file.state for file in folder}
    for file in folder:
        if is_sidecar_name(file.path.name):
            sidecar = read_sidecar(file.path, disk)
            model = sidecar.model if sidecar is not None else None
            state = states.get(model.name) if model is not None else None
            if sidecar is not None and model is not None and state is not None and sidecar.record.digests:
                yield Entry(model, state, sidecar.record.digests, Proof.CLAIMED)
        elif (digest := digest_by_name(file.path.name)) is not None:
            yield Entry(file.path, file.state, (digest,), Proof.CLAIMED)
