"""Opens the models of this machine: their folders, the index and the disk; and finds files by path."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.engine import forms
from anymatix_fetcher.errors import NotFoundError
from anymatix_fetcher.library.catalog import Catalog
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.hugging_face_cache import cache_folder, digest_in_name
from anymatix_fetcher.library.names import is_model_name
from anymatix_fetcher.library.roots import find_models
from anymatix_fetcher.library.walking import SeenFile, walk_all
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.wiring.composition import current_folder, open_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.roots import ModelsRoot
    from anymatix_fetcher.library.sidecars import Sidecar


@dataclass(frozen=True, slots=True)
class Models:
    """The models of this machine.

    Args:
        root: The models root, and why it was chosen.
        folders: The model folders.
        index: The known files.
        disk: The file system.
        catalog: The facts from sidecars, without descriptions.
    """

    root: ModelsRoot
    folders: ModelFolders
    index: Index
    disk: OsDisk
    catalog: Catalog

    def shown(self, path: Path) -> str:
        """The path for display: relative to the models root, or the whole path."""
        models = self.folders.models
        return str(path.relative_to(models)) if path.is_relative_to(models) else str(path)


@dataclass(frozen=True, slots=True)
class KeptModel:
    """One local file.

    Args:
        paths: Its names, the first one for display; several if there are hard links or symbolic links to it.
        state: The file's state.
        sidecars: The sidecars for any of its names, without descriptions.
    """

    paths: tuple[Path, ...]
    state: FileState
    sidecars: tuple[Sidecar, ...]

    @property
    def path(self) -> Path:
        """The name for display."""
        return self.paths[0]


def models_root(models: Path | str | None = None) -> ModelsRoot:
    """The models root: the one that is named, or the one that is found as in ``library.roots``.

    Raises:
        ReferenceSyntaxError: The value is no path.
    """
    named = forms.path("models", models)
    return find_models(named, environment=os.environ, current=current_folder()(), home=Path.home())


@contextmanager
def opened_place(
    models: Path | str | None = None, extra_paths: Iterable[Path | str] | Path | str = ()
) -> Iterator[Models]:
    """The models of this machine, within the block.

    Args:
        models: The models root, or a program's folder; found as in ``library.roots`` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.

    Raises:
        ReferenceSyntaxError: One of these files can't be parsed, or a value is no path.
    """
    root = models_root(models)
    folders = root.folders(forms.paths("extra_paths", extra_paths))
    with open_index() as index:
        disk = OsDisk()
        yield Models(root, folders, index, disk, Catalog(index, disk))


def paths_of(word: Path | str, place: Models | None) -> list[Path]:
    """The existing paths that ``word`` may mean, relative to the current folder and to the models root of ``place``.

    They are absolute; symbolic links aren't followed.
    """
    beginnings = (Path(), *([place.folders.models] if place is not None else []))
    # abspath removes "..", and follows no link.
    paths = dict.fromkeys(Path(os.path.abspath(beginning / word)) for beginning in beginnings)  # noqa: PTH100
    return [path for path in paths if os.path.lexists(path)]


def hugging_face_cache() -> Path:
    """The current user's Hugging Face cache."""
    return cache_folder(os.environ, Path.home())


def files_at(
    place: Models, paths: Sequence[Path], on_error: Callable[[Path, OSError], None] = lambda _path, _error: None
) -> list[KeptModel]:
    """The files that ``paths`` name, and the models in folders that they name; each file once.

    Relative paths are looked up in the current folder, then below the models root, as `ls` shows them.

    Args:
        place: The models.
        paths: Files and folders.
        on_error: Called with each folder that can't be read, and the error.

    Raises:
        NotFoundError: There is no such file or folder.
    """
    folders: list[Path] = []
    files: dict[Path, SeenFile] = {}
    for named in paths:
        path = next(iter(paths_of(named, place)), named)
        if path.is_dir():
            folders.append(path)
        elif path.is_file():
            files[path] = SeenFile(path, FileState.of(path.stat()), is_link=path.is_symlink())
        else:
            raise NotFoundError(f"there is no file {named}", hint="Run `anyfetch ls` to see the models.")
    return _kept(place, {file.path: file for file in walk_all(folders, on_error)} | files, set(files))


def _kept(place: Models, seen: dict[Path, SeenFile], named: set[Path]) -> list[KeptModel]:
    sidecars = _by_model({path.parent for path in seen}, place.catalog)
    together: dict[tuple[int, int], list[SeenFile]] = {}
    for path, file in seen.items():
        if path in named or path in sidecars or is_model_name(path.name) or digest_in_name(path):
            together.setdefault((file.state.device, file.state.inode), []).append(file)
    found = [
        KeptModel(
            tuple(file.path for file in files),
            files[0].state,
            tuple(sidecar for file in files for sidecar in sidecars.get(file.path, ())),
        )
        for files in (sorted(files, key=lambda file: not file.is_real) for files in together.values())
    ]
    return sorted(found, key=lambda kept: kept.path)


def _by_model(folders: Iterable[Path], catalog: Catalog) -> dict[Path, list[Sidecar]]:
    found: dict[Path, list[Sidecar]] = {}
    for folder in folders:
        for sidecar in catalog.sidecars(folder):
            if sidecar.model is not None:
                found.setdefault(sidecar.model, []).append(sidecar)
    return found
