"""How much room there is where a folder is, or will be made."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Room:
    """A disk's bytes.

    Args:
        free: That a file may take.
        total: All of them.
    """

    free: int
    total: int


def room_at(folder: Path) -> Room | None:
    """The room at ``folder``; ``None`` where that can't be told."""
    for existing in (folder, *folder.parents):
        try:
            usage = shutil.disk_usage(existing)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return Room(usage.free, usage.total)
    return None
