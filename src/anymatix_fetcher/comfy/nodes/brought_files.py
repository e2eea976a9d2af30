"""The files that nodes of this process have downloaded, and whether they are unchanged since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

Key = TypeVar("Key", bound="Hashable")


class BroughtFiles(Generic[Key]):
    """Paths, sizes and modification times, by the inputs of nodes."""

    def __init__(self) -> None:
        self._states: dict[Key, tuple[Path, int, int]] = {}

    def note(self, key: Key, path: Path) -> None:
        """Records a file that was just downloaded; a path that can't be read is ignored."""
        state = _state_of(path)
        if state is not None:
            self._states[key] = state

    def is_known(self, key: Key) -> bool:
        """Whether a file was recorded."""
        return key in self._states

    def is_there(self, key: Key) -> bool:
        """Whether a file was recorded and is unchanged."""
        known = self._states.get(key)
        return known is not None and _state_of(known[0]) == known


def _state_of(path: Path) -> tuple[Path, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return path, found.st_size, found.st_mtime_ns
