"""ComfyUI's model folders, from its module ``folder_paths``. It is read at each use, since other packs change it."""

from __future__ import annotations

import os
from typing import Any

from anymatix_fetcher.comfy.child import Child, ComfyFolders

_ELSEWHERE = {"annotator_ckpts": "AUX_ANNOTATOR_CKPTS_PATH"}
"""Folders that other packs keep elsewhere, and the environment variables that name them."""


def comfyui_folders() -> ComfyFolders:
    """ComfyUI's present model folders."""
    folder_paths = comfyui_module()
    by_name = {
        str(name): [os.path.abspath(path) for path in known[0]]  # noqa: PTH100 - no link is followed
        for name, known in folder_paths.folder_names_and_paths.items()
    }
    for name, variable in _ELSEWHERE.items():
        if os.environ.get(variable):
            by_name.setdefault(name, [os.path.abspath(os.environ[variable])])  # noqa: PTH100 - as above
    return ComfyFolders(os.path.abspath(folder_paths.models_dir), by_name)  # noqa: PTH100 - as above


def model_types() -> list[str]:
    """The names of the folders that models may be stored in."""
    from anymatix_fetcher.core.values.forbidden import FORBIDDEN_FOLDERS, folded  # noqa: PLC0415 - not when ComfyUI starts

    names = map(str, comfyui_module().folder_names_and_paths)
    return sorted(name for name in names if folded(name) not in FORBIDDEN_FOLDERS)


def comfyui_module() -> Any:  # noqa: ANN401 - it has no types
    """ComfyUI's module ``folder_paths``, which can be imported while ComfyUI runs."""
    import folder_paths  # noqa: PLC0415 - as above

    return folder_paths


child = Child(comfyui_folders)
"""The child process of this ComfyUI, for nodes and routes."""
