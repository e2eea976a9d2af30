"""The paths of a download's files: part file, journal and lock beside the destination."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import JOURNAL_SUFFIX, LOCK_SUFFIX, PART_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SUFFIXES = (PART_SUFFIX, JOURNAL_SUFFIX, LOCK_SUFFIX)
_USUAL_LIMIT = 255
LEAST_NAME_LIMIT = 143
"""The shortest name limit in common use, in bytes: that of eCryptfs, and so of many encrypted network shares."""
_MARK = re.compile(r"~[0-9a-f]{16}")
_MARK_BYTES = 17


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of one download, all in the destination's folder, so that every rename stays in one file system.

    If a suffix would make the destination's name too long, the other names are shortened.
    """

    destination: Path
    part: Path
    journal: Path
    lock: Path

    @classmethod
    def of(cls, destination: Path) -> Places:
        """The paths for ``destination``."""
        return _of(destination, str(destination))


@lru_cache(maxsize=256)
def _of(destination: Path, text: str) -> Places:
    """Cached: locking, looking and opening use the same paths, which are slow to create."""
    del text  # distinguishes names that differ in case only, which are equal paths on Windows
    name = working_name(destination.name, lambda: name_limit(destination.parent))
    return Places(destination, *(destination.with_name(name + suffix) for suffix in _SUFFIXES))


def working_name(name: str, limit: Callable[[], int]) -> str:
    """The stem of the part file's name for a file of this name; the same every time.

    Args:
        name: The file's name.
        limit: Returns the file system's limit on names in bytes; called only if it may matter.
    """
    raw, longest = _encoded(name), max(map(len, _SUFFIXES))
    if len(raw) + longest <= LEAST_NAME_LIMIT:
        return name
    most = limit()
    if len(raw) + longest <= most or len(raw) > most:
        return name  # a name that is too long by itself is refused before the download begins
    head = raw[: most - longest - _MARK_BYTES].decode("utf-8", "ignore")
    return f"{head}~{sha256(raw).hexdigest()[: _MARK_BYTES - 1]}"


def is_shortened(name: str) -> bool:
    """Whether :func:`working_name` has shortened it, so that the file's name can't be derived from it."""
    return _MARK.fullmatch(name[-_MARK_BYTES:]) is not None


def name_limit(folder: Path) -> int:
    """The limit on names in ``folder``, which may not exist yet, in bytes."""
    for there in (folder, *folder.parents):
        try:
            return os.pathconf(there, "PC_NAME_MAX")
        except FileNotFoundError:
            continue
        except (OSError, ValueError, AttributeError):  # not stated; Windows has no such call
            break
    return _USUAL_LIMIT


def _encoded(name: str) -> bytes:
    """The name as file systems store it; names that aren't text keep their bytes."""
    return name.encode("utf-8", "surrogateescape")
