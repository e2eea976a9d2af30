"""Model folders by ComfyUI's rules (``folder_paths.py``): where a model goes, and which folder a path belongs to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import safe_name
from anymatix_fetcher.core.values.forbidden import FORBIDDEN_FOLDERS, folded
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library import layouts
from anymatix_fetcher.library.containment import Bounds
from anymatix_fetcher.library.layouts import Layout, folder_name, folders_of
from anymatix_fetcher.library.types import forbidden_folder, parse_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from anymatix_fetcher.library.extra_paths import ExtraPath

DOWNLOAD_BASE = "download_model_base"
"""The key with which ComfyUI-Manager and ComfyUI's desktop program set the folder for new models."""


@dataclass(frozen=True, slots=True)
class ModelFolders:
    """The model folders.

    Args:
        layout: The program that the layout belongs to.
        models: The models root.
        by_name: Folder names to paths; the first is ComfyUI's default for new files.
    """

    layout: Layout
    models: Path
    by_name: Mapping[str, tuple[Path, ...]]

    def paths(self, name: str) -> tuple[Path, ...]:
        """All paths of a folder name; for an unregistered one, its path below the models root.

        Raises:
            ReferenceSyntaxError: The name is forbidden, or this layout has no folder for it.
        """
        name = layouts.COMFYUI_LEGACY_NAMES.get(name, name)
        _refuse(name)
        if name in self.by_name:
            return self.by_name[name]
        if self.layout is not Layout.COMFYUI:
            raise ReferenceSyntaxError(
                f"{self.layout} has no folder for {name!r}", hint="Choose the folder with --directory."
            )
        return (self._download_base / name,)

    def target(self, name: str) -> Path:
        """The folder for new files of a folder name: its first path, or the one below ``download_model_base``.

        Raises:
            ReferenceSyntaxError: As :meth:`paths`; or ComfyUI would run the files.
        """
        paths = self.paths(name)
        base = self._download_base
        preferred = [path for path in paths if path.parent == base] if DOWNLOAD_BASE in self.by_name else []
        target = (preferred or paths)[0]
        if any(target.is_relative_to(run) for run in self.by_name.get("custom_nodes", ())):
            raise forbidden_folder(name)
        return target

    def target_for(self, type_or_folder: str) -> Path:
        """The folder for new files, by a word for a type or the name of a registered folder.

        Raises:
            ReferenceSyntaxError: There is no such type or folder.
        """
        is_registered = type_or_folder in self.by_name
        return self.target(type_or_folder if is_registered else folder_name(parse_type(type_or_folder)))

    def bounds(self, folder: Path) -> Bounds:
        """The bounds of untrusted names within ``folder``, one of these folders."""
        return Bounds(folder, root=self.models if folder.is_relative_to(self.models) else folder.parent)

    def folder_of(self, path: Path) -> str | None:
        """The folder name that a file or folder belongs to; ``None`` if it is outside."""
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 - removes "..", without following links
        found = self._innermost(absolute)
        if found is None and absolute.is_relative_to(self.models) and absolute != self.models:
            found = absolute.relative_to(self.models).parts[0]
        return found

    @property
    def roots(self) -> tuple[Path, ...]:
        """The outermost folders, which together contain every model."""
        outermost: list[Path] = []
        for path in sorted({self.models, *self.every}, key=lambda path: len(path.parts)):
            if not any(path.is_relative_to(outer) for outer in outermost):
                outermost.append(path)
        return tuple(outermost)

    @property
    def every(self) -> tuple[Path, ...]:
        """The paths of all folder names for models."""
        named = (paths for name, paths in self.by_name.items() if folded(name) not in FORBIDDEN_FOLDERS)
        return tuple(dict.fromkeys(path for paths in named for path in paths))

    @property
    def _download_base(self) -> Path:
        return self.by_name.get(DOWNLOAD_BASE, (self.models,))[0]

    def _innermost(self, path: Path) -> str | None:
        names: dict[Path, str] = {}
        for name, folders in self.by_name.items():
            if folded(name) not in FORBIDDEN_FOLDERS and name != DOWNLOAD_BASE:
                for folder in folders:
                    names.setdefault(folder, name)
        return next((names[folder] for folder in (path, *path.parents) if folder in names), None)


def comfyui_folders(
    models: Path, *, extra: Iterable[ExtraPath] = (), program: Path | None = None, defaults_apply: bool = True
) -> ModelFolders:
    """ComfyUI's folders.

    Args:
        models: The models root.
        extra: The paths of ``extra_model_paths.yaml``.
        program: ComfyUI's own folder, which contains ``custom_nodes`` and ``output``.
        defaults_apply: Whether ``is_default`` of ``extra`` counts; false if the user named ``models``.
    """
    by_name = {name: [models / folder for folder in folders] for name, folders in layouts.COMFYUI_DEFAULTS.items()}
    if program is not None:
        by_name["custom_nodes"] = [program / "custom_nodes"]
    for name, path, is_default in extra:
        if name != DOWNLOAD_BASE or defaults_apply:
            _add(by_name, name, path, first=is_default and defaults_apply)
    if program is not None:
        for name in layouts.COMFYUI_OUTPUTS:
            _add(by_name, name, program / "output" / name, first=False)
    return ModelFolders(Layout.COMFYUI, models, {name: tuple(paths) for name, paths in by_name.items()})


def other_folders(layout: Layout, models: Path) -> ModelFolders:
    """The folders of another program; A1111's and Forge's lie in and beside ``models``, SwarmUI's in ``Models``."""
    base = models if layout is Layout.SWARMUI else models.parent
    by_name = {name: tuple(base / folder for folder in folders) for name, folders in folders_of(layout).items()}
    return ModelFolders(layout, models, by_name)


def _add(by_name: dict[str, list[Path]], name: str, path: Path, *, first: bool) -> None:
    """Like ``folder_paths.add_model_folder_path``: each default is inserted before the earlier ones."""
    paths = by_name.setdefault(layouts.COMFYUI_LEGACY_NAMES.get(name, name), [])
    if path in paths:
        if not first:
            return
        paths.remove(path)
    paths.insert(0 if first else len(paths), path)


def _refuse(name: str) -> None:
    parts = name.split("/")
    if any(folded(part) in FORBIDDEN_FOLDERS for part in parts):
        raise forbidden_folder(name)
    if any(safe_name(part) != part for part in parts):
        raise ReferenceSyntaxError(
            f"no folder of models can be called {name!r}",
            hint="Use the names of ComfyUI's folders, such as loras or vae.",
        )
