"""Finds the models root on this machine.

The first of these that exists:

1. the path that the caller names (``--models``), 2. ``$ANYFETCH_MODELS``, 3. the ComfyUI around the current folder: a
  folder with ``folder_paths.py``, ``main.py`` and ``models``, 4. ``$COMFYUI_PATH``, ``~/ComfyUI`` and ``./ComfyUI``, if
  it is such a folder, 5. the current folder if it is called ``models`` and contains no ``models``, otherwise
  ``./models``, which may not exist.

The first two may be the models root itself, the folder of ComfyUI, the A1111 web UI, Forge or SwarmUI, or a file that
lists the folders (``folders_file``). If they are ComfyUI's models root itself, ``extra_model_paths.yaml`` still adds
folders to search for models, but new files stay below the named folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.library.extra_paths import FILE_NAME, read_extra_paths
from anymatix_fetcher.library.folders import ModelFolders, comfyui_folders, other_folders
from anymatix_fetcher.library.folders_file import read_folders
from anymatix_fetcher.library.layouts import Layout, recognized

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MODELS_VARIABLE = "ANYFETCH_MODELS"
COMFYUI_VARIABLE = "COMFYUI_PATH"


@dataclass(frozen=True, slots=True)
class ModelsRoot:
    """A models root.

    Args:
        models: Its path, which need not exist.
        layout: The program that it belongs to.
        program: ComfyUI's own folder, if known.
        named: Whether the user named this folder, so that new files must not go elsewhere.
        reason: Why this root was chosen, in words.
        listed: The folders, if a file lists them all.
    """

    models: Path
    layout: Layout
    program: Path | None
    named: bool
    reason: str
    listed: ModelFolders | None = None

    def folders(self, configs: Iterable[Path] = ()) -> ModelFolders:
        """The model folders.

        Args:
            configs: More files like ``extra_model_paths.yaml``, as after ``--extra-model-paths-config``.

        Raises:
            ReferenceSyntaxError: One of these files can't be read.
        """
        if self.listed is not None:
            return self.listed
        if self.layout is not Layout.COMFYUI:
            return other_folders(self.layout, self.models)
        own = [self.program / FILE_NAME] if self.program else []
        files = [file for file in own if file.is_file()] + list(configs)
        extra = [path for file in files for path in read_extra_paths(file)]
        return comfyui_folders(self.models, extra=extra, program=self.program, defaults_apply=not self.named)


def find_models(named: Path | None = None, *, environment: Mapping[str, str], current: Path, home: Path) -> ModelsRoot:
    """Finds the models root in the order above.

    Args:
        named: The path that the caller names.
        environment: The environment variables.
        current: The current folder.
        home: The user's home folder.

    Raises:
        ReferenceSyntaxError: The named file doesn't list folders.
    """
    current = Path(os.path.abspath(current))  # noqa: PTH100 - removes "..", without following links
    if named is not None:
        return _named(current / named, "it was named")
    variable = environment.get(MODELS_VARIABLE)
    if variable:
        return _named(current / _at_home(variable, home), f"${MODELS_VARIABLE} says so")
    for folder in (current, *current.parents):
        if is_comfyui(folder):
            return _comfyui(folder, "the current folder belongs to ComfyUI")
    variable = environment.get(COMFYUI_VARIABLE)
    places = {f"${COMFYUI_VARIABLE} says so": current / _at_home(variable, home)} if variable else {}
    places |= {
        "ComfyUI is in the home folder": home / "ComfyUI",
        "ComfyUI is in the current folder": current / "ComfyUI",
    }
    for reason, folder in places.items():
        if is_comfyui(folder):
            return _comfyui(folder, reason)
    if current.name == "models" and not (current / "models").is_dir():
        return ModelsRoot(current, Layout.COMFYUI, None, named=False, reason="the current folder is called so")
    return ModelsRoot(current / "models", Layout.COMFYUI, None, named=False, reason="no ComfyUI was found")


def is_comfyui(folder: Path) -> bool:
    """Whether it is the folder of a ComfyUI with its models inside."""
    return _has_comfyui_code(folder) and (folder / "models").is_dir()


def _named(folder: Path, reason: str) -> ModelsRoot:
    folder = Path(os.path.normpath(folder))
    if folder.is_file():
        listed = read_folders(folder)
        return ModelsRoot(listed.models, Layout.COMFYUI, None, named=True, reason=reason, listed=listed)
    names, around = _names(folder), _names(folder.parent)
    if _has_comfyui_code(folder):
        return _comfyui(folder, reason)
    for inner in ("models", "Models"):
        # The case of the listed names counts, even if the file system ignores case.
        layout = recognized(_names(folder / inner), names) if inner in names else Layout.COMFYUI
        if layout is not Layout.COMFYUI:
            return ModelsRoot(folder / inner, layout, None, named=True, reason=reason)
    if folder.name == "models" and _has_comfyui_code(folder.parent):
        return replace(_comfyui(folder.parent, reason), named=True)
    return ModelsRoot(folder, recognized(names, around), None, named=True, reason=reason)


def _comfyui(folder: Path, reason: str) -> ModelsRoot:
    program = folder.resolve()  # like ComfyUI does, so that its paths and ours are equal texts
    return ModelsRoot(program / "models", Layout.COMFYUI, program, named=False, reason=reason)


def _has_comfyui_code(folder: Path) -> bool:
    return (folder / "folder_paths.py").is_file() and (folder / "main.py").is_file()


def _names(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in folder.iterdir()}
    except OSError:
        return set()


def _at_home(text: str, home: Path) -> Path:
    parts = Path(text).parts
    return home.joinpath(*parts[1:]) if parts[:1] == ("~",) else Path(text)
