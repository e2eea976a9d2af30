"""What lies beside a destination while it is downloaded."""

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
"""In bytes: what eCryptfs, and so many encrypted network shares, take for a name; nothing common takes less."""
_MARK = re.compile(r"~[0-9a-f]{16}")
_MARK_BYTES = 17


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of one download: all in the destination's folder, so that no rename leaves a file system.

    Where a destination's name is possible there, and isn't any more with a suffix, the others have a shorter one.
    """

    destination: Path
    part: Path
    journal: Path
    lock: Path

    @classmethod
    def of(cls, destination: Path) -> Places:
        """Those of ``destination``."""
        return _of(destination, str(destination))


@lru_cache(maxsize=256)
def _of(destination: Path, text: str) -> Places:
    """Cached: locking, looking and opening use the same paths, which are slow to create."""
    del text  # tells names apart that differ in case, which Windows takes for equal
    name = working_name(destination.name, lambda: name_limit(destination.parent))
    return Places(destination, *(destination.with_name(name + suffix) for suffix in _SUFFIXES))


def working_name(name: str, limit: Callable[[], int]) -> str:
    """What the part file of a file of this name is called, but for its suffix; the same one every time.

    Args:
        name: The file's name.
        limit: Tells how long names may be there, in bytes; asked only where that may matter.
    """
    raw, longest = _encoded(name), max(map(len, _SUFFIXES))
    if len(raw) + longest <= LEAST_NAME_LIMIT:
        return name
    most = limit()
    if len(raw) + longest <= most or len(raw) > most:
        return name  # one that is too long by itself is refused before anything is begun
    head = raw[: most - longest - _MARK_BYTES].decode("utf-8", "ignore")
    return f"{head}~{sha256(raw).hexdigest()[: _MARK_BYTES - 1]}"


def is_shortened(name: str) -> bool:
    """Whether :func:`working_name` has shortened it, so that it doesn't tell the file's own name."""
    return _MARK.fullmatch(name[-_MARK_BYTES:]) is not None


def name_limit(folder: Path) -> int:
    """How long names may be in ``folder``, or where it will be made, in bytes."""
    for there in (folder, *folder.parents):
        try:
            return os.pathconf(there, "PC_NAME_MAX")
        except FileNotFoundError:
            continue
        except (OSError, ValueError, AttributeError):  # it doesn't say; Windows has no such call
            break
    return _USUAL_LIMIT


def _encoded(name: str) -> bytes:
    """As file systems store it; names that aren't text keep their bytes."""
    return name.encode("utf-8", "surrogateescape")
