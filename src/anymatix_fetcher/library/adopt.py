"""Finds models without a sidecar, which were copied here by users or by other programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.library.names import is_model_name, is_sidecar_name, parse_hashed_name
from anymatix_fetcher.library.walking import walk_all

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.library.catalog import Catalog
    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.walking import SeenFile


@dataclass(frozen=True, slots=True)
class Foundling:
    """A model without a sidecar.

    Args:
        path: Its path.
        folder: The folder name that it belongs to; ``None`` if unknown.
        size: Its size in bytes.
        digests: Its digests in the index, so that it needn't be hashed.
        hash_in_name: The 64 hex digits in its name, a hash of its content or of a URL; ``None`` if there are none.
    """

    path: Path
    folder: str | None
    size: int
    digests: tuple[Digest, ...]
    hash_in_name: str | None


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """The models without a sidecar, and the number of all models."""

    foundlings: tuple[Foundling, ...]
    models: int


def plan_adoption(folders: ModelFolders, index: Index, catalog: Catalog) -> Generator[int, None, AdoptionPlan]:
    """The models in ``folders`` that no sidecar names, under any of their hard links.

    Yields the number of files seen, and returns the plan.
    """
    models: dict[tuple[int, int], list[SeenFile]] = {}
    with_sidecars: dict[Path, None] = {}
    count = 0
    for count, seen in enumerate(walk_all(folders.roots), 1):
        if is_model_name(seen.path.name):
            models.setdefault((seen.state.device, seen.state.inode), []).append(seen)
        elif is_sidecar_name(seen.path.name):
            with_sidecars[seen.path.parent] = None
        yield count
    named = {sidecar.model for folder in with_sidecars for sidecar in catalog.sidecars(folder)}
    alone = [names for names in models.values() if not any(seen.path in named for seen in names)]
    return AdoptionPlan(tuple(_foundling(names, folders, index) for names in alone), len(models))


def _foundling(names: Sequence[SeenFile], folders: ModelFolders, index: Index) -> Foundling:
    """A file with all its hard links, reported at a path without symbolic links if possible."""
    seen = min(names, key=lambda seen: not seen.is_real)
    hashed = parse_hashed_name(seen.path.name)
    return Foundling(
        path=seen.path,
        folder=folders.folder_of(seen.path),
        size=seen.state.size,
        digests=next((known for one in names if (known := index.digests(one.path))), ()),
        hash_in_name=hashed.hex if hashed else None,
    )
