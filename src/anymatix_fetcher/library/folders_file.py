"""A JSON file that lists the model folders, which passes ComfyUI's configuration to another process.

::

    {"models": "/comfy/models", "folders": {"checkpoints": ["/comfy/models/checkpoints", "/mnt/checkpoints"], ...}}

It can be given as a models root. Names and order are ComfyUI's: new files go to the first path of a name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.folders import ModelFolders
from anymatix_fetcher.library.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_BYTES = 1 << 20


def read_folders(file: Path) -> ModelFolders:
    """The folders in the file.

    Raises:
        ReferenceSyntaxError: It can't be read, or has another form.
    """
    try:
        with file.open("rb") as opened:
            return _folders(json.loads(opened.read(MOST_BYTES)))
    except OSError as error:
        raise ReferenceSyntaxError(
            f"{file} can't be read: {error.strerror}", hint="Check the path and its permissions."
        ) from error
    except (ValueError, TypeError, RecursionError):
        raise ReferenceSyntaxError(
            f"{file} doesn't say where models are", hint='It is {"models": DIR, "folders": {NAME: [DIR, ...]}}.'
        ) from None


def folders_text(models: str, folders: Mapping[str, Sequence[str]]) -> str:
    """The content of such a file."""
    return json.dumps({"models": models, "folders": {name: list(paths) for name, paths in folders.items()}}, indent=1)


def _folders(content: object) -> ModelFolders:
    match content:
        case {"models": str() as models, "folders": dict() as folders}:
            by_name = {name: tuple(map(_path, paths)) for name, paths in folders.items() if _is_list(paths)}
            return ModelFolders(Layout.COMFYUI, _path(models), by_name)
        case _:
            raise TypeError("it is of another form")


def _is_list(paths: object) -> bool:
    if not isinstance(paths, list):
        raise TypeError("a name has a list of paths")
    return bool(paths)


def _path(text: object) -> Path:
    path = Path(str(text))
    if not path.is_absolute() or "\0" in str(path):
        raise ValueError("paths are absolute, and have no NUL in them")
    return path
