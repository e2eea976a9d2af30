"""Lists the files below a folder with their states. Unreadable files are skipped."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.library.file_state import FileState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    OnError: TypeAlias = "Callable[[Path, OSError], None]"

_logger = logging.getLogger("anymatix_fetcher.library")

SKIPPED_FOLDERS = {".git", ".cache", "custom_nodes"}
"""These folders contain no models, and nothing that ComfyUI runs is read or changed."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A regular file, or a link to one, with the state of the file.

    Args:
        path: The path.
        state: The file's state.
        is_link: Whether the path itself is a symbolic link.
        is_indirect: Whether it was reached through a link to a folder.
    """

    path: Path
    state: FileState
    is_link: bool
    is_indirect: bool = False

    @property
    def is_real(self) -> bool:
        """Whether the path contains no symbolic links that were followed."""
        return not (self.is_link or self.is_indirect)


@dataclass(frozen=True, slots=True)
class SeenFolder:
    """A folder.

    Args:
        path: The path.
        state: The folder's state before it was listed.
        files: Its files, sorted by name; ``None`` if it is unchanged and wasn't listed.
        folders: The names of its subfolders.
    """

    path: Path
    state: FileState
    files: tuple[SeenFile, ...] | None
    folders: tuple[str, ...]


def walk(root: Path) -> Iterator[SeenFile]:
    """Every file below ``root``; see :func:`walk_all`."""
    return walk_all([root])


def walk_all(roots: Iterable[Path], on_error: OnError = lambda _path, _error: None) -> Iterator[SeenFile]:
    """Every file below ``roots``, folder by folder, sorted by name. Each folder is listed once.

    Links to folders are followed, as in ComfyUI, but last, so that files below ``roots`` are reported at their real
    paths.
    """
    for folder in walk_folders(roots, on_error=on_error):
        yield from folder.files or ()


def walk_folders(
    roots: Iterable[Path],
    remembered: Callable[[Path, FileState], Sequence[str] | None] = lambda _path, _state: None,
    on_error: OnError = lambda _path, _error: None,
) -> Iterator[SeenFolder]:
    """Every folder at and below ``roots``.

    Args:
        roots: The folders to start with.
        remembered: Returns the subfolders of a folder that is unchanged and needn't be listed; ``None`` for others.
        on_error: Called with each folder that can't be listed, and the error.
    """
    known = set[tuple[int, int]]()
    waiting, linked, is_indirect = sorted(roots, key=_is_reached_by_link)[::-1], list[Path](), False
    while waiting or linked:
        if not waiting:
            waiting, linked, is_indirect = list(reversed(linked)), [], True
        path = waiting.pop()
        try:
            seen = _look_through(path, known, remembered, is_indirect=is_indirect)
        except OSError as error:
            _logger.debug("%s can't be looked through: %s", path, error.strerror)
            on_error(path, error)
            continue
        if seen is None:
            continue
        yield seen
        inner = [path / name for name in seen.folders]
        linked += [folder for folder in inner if os.path.islink(folder)]  # noqa: PTH114 - much faster
        waiting += [folder for folder in reversed(inner) if not os.path.islink(folder)]  # noqa: PTH114


def _is_reached_by_link(root: Path) -> bool:
    return os.path.realpath(root) != os.path.abspath(root)  # noqa: PTH100 - without following links


def _look_through(
    folder: Path,
    known: set[tuple[int, int]],
    remembered: Callable[[Path, FileState], Sequence[str] | None],
    *,
    is_indirect: bool,
) -> SeenFolder | None:
    """Lists the folder; ``None`` if it was listed before.

    Raises:
        OSError: It can't be listed.
    """
    state = FileState.of(folder.stat())
    if (state.device, state.inode) in known:
        return None
    known.add((state.device, state.inode))
    names = remembered(folder, state)
    if names is not None:
        return SeenFolder(folder, state, None, tuple(names))
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    files = [(entry, _look_at(entry, is_indirect=is_indirect)) for entry in found]
    folders = (entry for entry, seen in files if seen is None and entry.name not in SKIPPED_FOLDERS)
    return SeenFolder(
        folder,
        state,
        tuple(seen for _, seen in files if seen is not None),
        tuple(entry.name for entry in folders if _is_folder(entry)),
    )


def _look_at(entry: os.DirEntry[str], *, is_indirect: bool) -> SeenFile | None:
    try:
        # DirEntry.stat gives no inode on Windows; os.stat always does.
        if entry.is_file():
            state = FileState.of(os.stat(entry.path))  # noqa: PTH116 - faster for thousands of files
            return SeenFile(Path(entry.path), state, entry.is_symlink(), is_indirect)
    except OSError as error:
        _logger.debug("%s can't be looked at: %s", entry.path, error.strerror)
    return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
