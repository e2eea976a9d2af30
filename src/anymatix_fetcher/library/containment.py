"""Paths that stay inside: nothing is ever written through a symbolic link out of the folder that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.disk_errors import storage_errors
from anymatix_fetcher.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from anymatix_fetcher.core.filenames import SafeName


def inside(folder: Path, parts: Iterable[SafeName]) -> Path:
    """The path of ``parts`` below ``folder``, which may itself be a link: that is its owner's to say.

    Raises:
        StorageError: A symbolic link on the way leads out of ``folder``.
    """
    path = folder.joinpath(*parts)
    with storage_errors(path):
        try:
            stays = path.resolve().is_relative_to(folder.resolve())
        except RuntimeError:  # before Python 3.13: links that lead to each other
            stays = False
    if not stays:
        raise StorageError(
            f"{path} leads out of {folder} by a symbolic link",
            hint="Name the folder that the link leads to, or add it to extra_model_paths.yaml.",
        )
    return path
