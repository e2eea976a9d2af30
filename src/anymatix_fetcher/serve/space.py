"""The free space on the disk of a folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Room:
    """The space on a disk, in bytes.

    Args:
        free: The space available to this user.
        total: The size of the disk.
    """

    free: int
    total: int


def room_at(folder: Path) -> Room | None:
    """The space at ``folder``, which need not exist yet; ``None`` if it can't be determined."""
    for existing in (folder, *folder.parents):
        try:
            usage = shutil.disk_usage(existing)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return Room(usage.free, usage.total)
    return None
