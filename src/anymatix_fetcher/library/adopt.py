"""Models that are here without a sidecar: brought by hand or by another program, and so far nobody knows from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.library.names import is_model_name, is_sidecar_name, parse_hashed_name
from anymatix_fetcher.library.sidecars import read_sidecar
from anymatix_fetcher.library.walking import walk_all

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from anymatix_fetcher.core.digests import Digest
    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.ports import Disk
    from anymatix_fetcher.library.walking import SeenFile


@dataclass(frozen=True, slots=True)
class Foundling:
    """A model without a sidecar.

    Args:
        path: Where it is.
        folder: The folder name that it belongs to; ``None`` where that isn't known.
        size: Its length in bytes.
        digests: What the index knows of it, so that it needn't be hashed.
        hash_in_name: The 64 digits that its name carries: of its content, or of a URL.
    """

    path: Path
    folder: str | None
    size: int
    digests: tuple[Digest, ...]
    hash_in_name: str | None


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """Which models have no sidecar, and how many were looked at."""

    foundlings: tuple[Foundling, ...]
    models: int


def plan_adoption(folders: ModelFolders, index: Index, disk: Disk) -> Generator[int, None, AdoptionPlan]:
    """The models in ``folders`` that no sidecar names; yields how many files were looked at, returns the plan."""
    models: list[SeenFile] = []
    named: set[Path] = set()
    count = 0
    for count, seen in enumerate(walk_all(folders.roots), 1):
        if is_model_name(seen.path.name):
            models.append(seen)
        elif is_sidecar_name(seen.path.name):
            sidecar = read_sidecar(seen.path, disk)
            if sidecar is not None and sidecar.model is not None:
                named.add(sidecar.model)
        yield count
    alone = [seen for seen in models if seen.path not in named]
    known = {seen.path: index.digests(seen.path) for seen in alone}
    return AdoptionPlan(tuple(_foundling(seen, folders, known) for seen in alone), len(models))


def _foundling(seen: SeenFile, folders: ModelFolders, known: Mapping[Path, tuple[Digest, ...]]) -> Foundling:
    hashed = parse_hashed_name(seen.path.name)
    return Foundling(
        path=seen.path,
        folder=folders.folder_of(seen.path),
        size=seen.state.size,
        digests=known[seen.path],
        hash_in_name=hashed.hex if hashed else None,
    )
