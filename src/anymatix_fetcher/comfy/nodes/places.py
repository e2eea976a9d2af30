"""The folders of a model type in ComfyUI, and the search for a node's file in them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.folders import comfyui_module
from anymatix_fetcher.library.identity import identity as identity_of
from anymatix_fetcher.library.identity import left_by_first_fetcher

if TYPE_CHECKING:
    from collections.abc import Iterator

ANNOTATORS_VARIABLE = "AUX_ANNOTATOR_CKPTS_PATH"
"""The variable that names the model folder of the pack ``comfyui_controlnet_aux``."""
ANNOTATORS = "annotator_ckpts"
_MOST_SIDECAR_BYTES = 8 << 20


def folder_of(name: str) -> Path:
    """The folder for new files of a type."""
    return folders_of(name)[0]


def folders_of(name: str) -> list[Path]:
    """All folders of a type, the one for new files first."""
    folder_paths = comfyui_module()
    try:
        paths = folder_paths.get_folder_paths(name)
    except KeyError:
        paths = []
    return [Path(path) for path in paths] or [Path(folder_paths.models_dir, name)]


def below_models(path: str) -> Path:
    """A folder below ComfyUI's model folder."""
    return Path(comfyui_module().models_dir, path)


def annotators_folder() -> Path:
    """The folder of annotator models; sets the variable for other packs, like the first fetcher."""
    folder = os.environ.setdefault(ANNOTATORS_VARIABLE, str(below_models(ANNOTATORS)))
    return Path(folder)


def is_there(url: str, auth: str, folder: Path) -> bool:
    """Whether a sidecar of this URL names an existing file in the folder that seems complete, without hashing it.

    The sidecar names of the first fetcher are accepted as well.
    """
    stems = dict.fromkeys((*left_by_first_fetcher(url, auth), identity_of(url)))
    return any(_holds(folder, record) for stem in stems for record in _records(folder / f"{stem}.json"))


def name_in(path: Path, name: str) -> str:
    """A file's name for loaders: its path relative to a folder of the type, or its name if it lies elsewhere."""
    for folder in folders_of(name):
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return path.name


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        if path.stat().st_size <= _MOST_SIDECAR_BYTES:
            found = json.loads(path.read_bytes())
            if isinstance(found, dict):
                yield found
    except (OSError, ValueError, RecursionError):
        return


def _holds(folder: Path, record: dict[str, Any]) -> bool:
    name, size = record.get("file_name"), record.get("file_size")
    if not isinstance(name, str) or not name or set(name) & set("/\\\0"):
        return False
    path = folder / name
    try:
        found = path.stat().st_size if path.is_file() else None
        if found is None:
            return False
        if path.suffix.lower() == ".json":
            json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    # The first fetcher's unfinished files have their final names; it records the digest at the end.
    return bool(record.get("sha256")) or not isinstance(size, int) or found == size
