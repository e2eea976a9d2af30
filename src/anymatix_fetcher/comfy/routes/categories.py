"""Where ComfyUI's loaders look for a file: the type's folders, and the one name that a file there may have.

``folder_paths`` is asked each time, since other packs add folders to it. Nothing is ever placed where ComfyUI finds
programs and configurations, by whatever name a folder of those is known.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.comfy.routes.answers import RefusedError
from anymatix_fetcher.core.values.filenames import exact_name, safe_name
from anymatix_fetcher.core.values.forbidden import FORBIDDEN_FOLDERS, folded

if TYPE_CHECKING:
    from collections.abc import Collection

_PROGRAMS = ("custom_nodes", "configs")
_ONLY_SAFE_NAMES = os.name == "nt"


class FolderPathsModule(Protocol):
    """The part of ComfyUI's module ``folder_paths`` that is asked."""

    models_dir: str
    folder_names_and_paths: dict[str, tuple[list[str], Collection[str]]]

    def map_legacy(self, folder_name: str, /) -> str:
        """The name of today for a folder's old one."""

    def get_folder_paths(self, folder_name: str, /) -> list[str]:
        """A type's folders; the first one gets new files."""

    def get_full_path(self, folder_name: str, filename: str, /) -> str | None:
        """Where the loader finds a file."""

    def get_filename_list(self, folder_name: str, /) -> list[str]:
        """What the loaders of a type offer."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a file goes.

    Args:
        category: ComfyUI's name of the type.
        name: The file's, as loaders have it; it may begin with folders.
        root: The type's folder that gets it.
    """

    category: str
    name: str
    root: Path

    @property
    def path(self) -> Path:
        """The file's."""
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
        """ComfyUI's folder of models."""
        return Path(self._folders.models_dir)

    def names(self) -> list[str]:
        """The types that files may be placed in."""
        return [name for name in self._folders.folder_names_and_paths if self._is_of_models(name)]

    def roots(self) -> list[Path]:
        """Every folder of models, each once."""
        found = [self.models, *(Path(path) for name in self.names() for path in self._folders.get_folder_paths(name))]
        return list(dict.fromkeys(found))

    def first_root(self, category: str) -> Path:
        """The folder that gets new files of a type that is known."""
        return Path(self._folders.get_folder_paths(category)[0])

    def roots_of(self, category: str) -> list[Path]:
        """All folders of a type that is known."""
        return list(map(Path, self._folders.get_folder_paths(category)))

    def placed(self, category: str, name: str) -> Placed:
        """Where a file of that name goes: to the folder that holds it already, where one does, else to the first.

        Raises:
            RefusedError: There is no such type, or no file may be called so.
        """
        known = self._folders.map_legacy(category)
        if not self._is_of_models(known):
            raise RefusedError(400, "UNKNOWN_MODEL_FOLDER", f"{category[:80]!r} is no folder of models here")
        parts = _parts(name)
        extensions = self._folders.folder_names_and_paths[known][1]
        ending = os.path.splitext(parts[-1])[1].lower()  # noqa: PTH122 - as ComfyUI reads it
        if extensions and ending not in extensions:
            raise RefusedError(
                400,
                "UNSUPPORTED_EXTENSION",
                f"no loader would offer {parts[-1]!r}: files in {known} end with {', '.join(sorted(extensions))}",
            )
        file = "/".join(parts)
        roots = list(map(Path, self._folders.get_folder_paths(known)))
        root = next((root for root in roots if (root / file).is_file()), roots[0])
        return Placed(known, file, root)

    def of_path(self, path: str | None) -> Placed | None:
        """The type and name of a file that lies in a folder of models; ``None`` elsewhere."""
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
        """Whether the loader would open that very file by its name."""
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
    """The folders and the file that a name says: exactly as given, or not at all.

    Raises:
        RefusedError: A part of it hides something, or leads elsewhere.
    """
    parts = name.replace("\\", "/").split("/")
    for part in parts:
        kept = safe_name(part) if _ONLY_SAFE_NAMES else exact_name(part)
        if kept != part:
            raise RefusedError(400, "INVALID_FILENAME", f"no file may be called {name[:120]!r} here")
    return parts
