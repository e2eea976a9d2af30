"""ComfyUI's model types: their folders, and the names that their loaders accept.

``folder_paths`` is read each time, since other packs add folders to it. No file is stored in a folder of programs or
configurations, under whatever type name that folder is known.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.comfy.routes.answers import RefusedError
from anymatix_fetcher.core.values.filenames import exact_name, safe_name
from anymatix_fetcher.core.values.forbidden import FORBIDDEN_FOLDERS, folded
from anymatix_fetcher.library.names import MODEL_EXTENSIONS, split_name

if TYPE_CHECKING:
    from collections.abc import Collection

_PROGRAMS = ("custom_nodes", "configs")
_ONLY_SAFE_NAMES = os.name == "nt"


class FolderPathsModule(Protocol):
    """The part of ComfyUI's module ``folder_paths`` that is used."""

    models_dir: str
    folder_names_and_paths: dict[str, tuple[list[str], Collection[str]]]

    def map_legacy(self, folder_name: str, /) -> str:
        """The present name for a legacy folder name."""

    def get_folder_paths(self, folder_name: str, /) -> list[str]:
        """The folders of a type; the first one is for new files."""

    def get_full_path(self, folder_name: str, filename: str, /) -> str | None:
        """The path of the file that the loader opens."""

    def get_filename_list(self, folder_name: str, /) -> list[str]:
        """The names that the loaders of a type offer."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The destination of a file.

    Args:
        category: ComfyUI's name of the type.
        name: The file's name for loaders; may contain folders.
        root: The folder of the type.
    """

    category: str
    name: str
    root: Path

    @property
    def path(self) -> Path:
        """The file's path."""
        return self.root / self.name


class Categories:
    """ComfyUI's types of models.

    Args:
        folder_paths: ComfyUI's module.
    """

    def __init__(self, folder_paths: FolderPathsModule) -> None:
        self._folders = folder_paths

    @property
    def models(self) -> Path:
        """ComfyUI's model folder."""
        return Path(self._folders.models_dir)

    def names(self) -> list[str]:
        """The types that files may be stored under."""
        return [name for name in self._folders.folder_names_and_paths if self._is_of_models(name)]

    def roots(self) -> list[Path]:
        """All model folders, each once."""
        found = [self.models, *(Path(path) for name in self.names() for path in self._folders.get_folder_paths(name))]
        return list(dict.fromkeys(found))

    def first_root(self, category: str) -> Path:
        """The folder for new files of a known type."""
        return Path(self._folders.get_folder_paths(category)[0])

    def roots_of(self, category: str) -> list[Path]:
        """All folders of a type, also by its legacy name; none if the type is unknown."""
        known = self._folders.map_legacy(category)
        return list(map(Path, self._folders.get_folder_paths(known))) if self._is_of_models(known) else []

    def is_loaded(self, category: str, name: str) -> bool:
        """Whether the loaders of a known type list files with the extension of ``name``."""
        extensions = self._folders.folder_names_and_paths[self._folders.map_legacy(category)][1] or MODEL_EXTENSIONS
        return split_name(name)[1].lower() in extensions

    def placed(self, category: str, name: str) -> Placed:
        """The destination for a name: the folder that already contains the file, or the first one.

        Raises:
            RefusedError: The type is unknown, or the name is not allowed.
        """
        known = self._folders.map_legacy(category)
        if not self._is_of_models(known):
            raise RefusedError(400, "UNKNOWN_MODEL_FOLDER", f"{category[:80]!r} is not a model folder of this ComfyUI")
        parts = _parts(name)
        extensions = self._folders.folder_names_and_paths[known][1]
        ending = os.path.splitext(parts[-1])[1].lower()  # noqa: PTH122 - as ComfyUI reads it
        if extensions and ending not in extensions:
            raise RefusedError(
                400,
                "UNSUPPORTED_EXTENSION",
                f"no loader lists {parts[-1]!r}: files in {known} end with {', '.join(sorted(extensions))}",
            )
        file = "/".join(parts)
        roots = list(map(Path, self._folders.get_folder_paths(known)))
        root = next((root for root in roots if (root / file).is_file()), roots[0])
        return Placed(known, file, root)

    def of_path(self, path: str | None) -> Placed | None:
        """The type and name of a file in a model folder; ``None`` for other files."""
        if not path:
            return None
        file = Path(path)
        found = [
            Placed(name, file.relative_to(root).as_posix(), Path(root))
            for name in self.names()
            for root in self._folders.get_folder_paths(name)
            if file.is_relative_to(root)
        ]
        return max(found, key=lambda one: len(one.root.parts), default=None)

    def is_found(self, placed: Placed) -> bool:
        """Whether the loader opens this file by its name."""
        found = self._folders.get_full_path(placed.category, placed.name)
        if found is None or Path(found) != placed.path:
            return False
        return placed.name in {name.replace("\\", "/") for name in self._folders.get_filename_list(placed.category)}

    def _is_of_models(self, name: str) -> bool:
        known = self._folders.folder_names_and_paths
        if name not in known or folded(name) in FORBIDDEN_FOLDERS or not known[name][0]:
            return False
        programs = [Path(path).resolve() for one in _PROGRAMS if one in known for path in known[one][0]]
        where = [Path(path).resolve() for path in known[name][0]]
        return not any(path.is_relative_to(folder) for path in where for folder in programs)


def _parts(name: str) -> list[str]:
    """The components of a name, unchanged.

    Raises:
        RefusedError: A component is unsafe, such as "..".
    """
    parts = name.replace("\\", "/").split("/")
    for part in parts:
        kept = safe_name(part) if _ONLY_SAFE_NAMES else exact_name(part)
        if kept != part:
            raise RefusedError(400, "INVALID_FILENAME", f"{name[:120]!r} is not allowed as a file name")
    return parts
