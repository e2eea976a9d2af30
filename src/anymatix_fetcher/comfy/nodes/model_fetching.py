"""Implements the node *Fetch model*."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.comfy.folders import child, model_types
from anymatix_fetcher.comfy.nodes.bringing import FileWish, bring, path_of
from anymatix_fetcher.comfy.nodes.brought_files import BroughtFiles
from anymatix_fetcher.comfy.nodes.confidential import vault
from anymatix_fetcher.comfy.nodes.places import name_in
from anymatix_fetcher.comfy.nodes.telling import NodeTelling

if TYPE_CHECKING:
    from collections.abc import Iterable

AUTO = "auto"
_brought: BroughtFiles[tuple[str, str, str]] = BroughtFiles()
"""The downloaded files, by reference, type and digest."""


async def fetched(reference: str, kind: str, sha256: str, node: str | None) -> tuple[str, str]:
    """Downloads a model; returns its name for loaders and its path.

    Raises:
        ModelFetchError: The model can't be downloaded.
        ValueError: The reference is empty.
    """
    asked = vault.revealed(reference).strip()
    if not asked:
        raise ValueError("Fetch model: the reference is empty. Enter a URL, or a reference such as civitai:143906.")
    telling = NodeTelling(node)
    digests = (f"sha256:{sha256.strip().lower().removeprefix('sha256:')}",) if sha256.strip() else ()
    wish = FileWish(reference=asked, type=kind, digests=digests)
    path = Path(path_of(await bring(child, wish, telling.tell)))
    _brought.note((reference, kind, sha256), path)
    telling.end(path.name)
    return name_in(path, kind) if kind != AUTO else _name_anywhere(path), str(path)


def has_changed(reference: str, kind: str, sha256: str) -> bool:
    """Whether the downloaded file was changed or removed since."""
    key = (reference, kind, sha256)
    return _brought.is_known(key) and not _brought.is_there(key)


def _name_anywhere(path: Path) -> str:
    """A file's name for loaders, relative to the innermost model folder."""
    names: Iterable[str] = (name_in(path, name) for name in model_types())
    return min(names, key=len, default=path.name)
