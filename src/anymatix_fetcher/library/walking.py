"""The files below a folder, one after another, with their states; what can't be read is passed over."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.library.file_state import FileState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_logger = logging.getLogger("anymatix_fetcher.library")

SKIPPED_FOLDERS = {".git", ".cache", "custom_nodes"}
"""No models are kept there; and nothing that ComfyUI runs is looked at, let alone touched."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A regular file, or a link to one: its state is then that of the file itself."""

    path: Path
    state: FileState
    is_link: bool


def walk(root: Path) -> Iterator[SeenFile]:
    """Every file below ``root``, folder by folder in the order of names.

    Links to folders are followed, as ComfyUI does; a folder that is reached twice is looked through once.
    """
    waiting, known = [root], set[tuple[int, int]]()
    while waiting:
        folder = waiting.pop()
        folders: list[Path] = []
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in known:
                continue
            known.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            _logger.debug("%s can't be looked through: %s", folder, error.strerror)
            continue
        for entry in found:
            seen = _look_at(entry)
            if seen is not None:
                yield seen
            elif entry.name not in SKIPPED_FOLDERS and _is_folder(entry):
                folders.append(Path(entry.path))
        waiting.extend(reversed(folders))


def walk_all(roots: Iterable[Path]) -> Iterator[SeenFile]:
    """The files below each of ``roots``; one that two of them lead to comes once."""
    known = set[Path]()
    for root in roots:
        for seen in walk(root):
            if seen.path not in known:
                known.add(seen.path)
                yield seen


def _look_at(entry: os.DirEntry[str]) -> SeenFile | None:
    try:
        # DirEntry.stat gives no inode on Windows; Path.stat always does.
        if entry.is_file():
            path = Path(entry.path)
            return SeenFile(path, FileState.of(path.stat()), is_link=entry.is_symlink())
    except OSError as error:
        _logger.debug("%s can't be looked at: %s", entry.path, error.strerror)
    return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
