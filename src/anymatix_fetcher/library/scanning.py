"""Fills the index from what lies on the disk: sidecars and the Hugging Face cache, without reading a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.library.hugging_face_cache import cached_files
from anymatix_fetcher.library.index import Entry, Proof
from anymatix_fetcher.library.names import is_model_name, is_sidecar_name
from anymatix_fetcher.library.sidecars import read_sidecar
from anymatix_fetcher.library.walking import walk_all

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.ports import Disk
    from anymatix_fetcher.library.sidecar_format import Record
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
        learned: Files whose digests somebody states.
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
    states = {file.path.name: file.state for file in folder}
    for file in folder:
        sidecar = read_sidecar(file.path, disk) if is_sidecar_name(file.path.name) else None
        if sidecar is None or sidecar.model is None:
            continue
        state = states.get(sidecar.model.name)
        if state is not None and sidecar.record.digests and _may_be_true(sidecar.record, state):
            yield Entry(sidecar.model, state, sidecar.record.digests, proof_of(sidecar.record, state))


def _may_be_true(record: Record, state: FileState) -> bool:
    return record.file_size is None or record.file_size == state.size


def proof_of(record: Record, state: FileState) -> Proof:
    """What we wrote ourselves about a file in this very state is as good as what the index says."""
    own = record.own
    ours = own is not None and own.mtime_ns == state.mtime_ns and record.file_size == state.size
    return Proof.HASHED if ours and own is not None and own.verified_at else Proof.CLAIMED
