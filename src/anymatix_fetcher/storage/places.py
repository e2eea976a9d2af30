"""What lies beside a destination while it is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from anymatix_fetcher.core.filenames import JOURNAL_SUFFIX, LOCK_SUFFIX, PART_SUFFIX

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of one download: all in the destination's folder, so that no rename leaves a file system."""

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
    """As above: whoever locks, looks and opens asks for the same paths one after another, and each is slow to make."""
    del text  # tells names apart that differ in case, which Windows takes for equal
    suffixes = (PART_SUFFIX, JOURNAL_SUFFIX, LOCK_SUFFIX)
    return Places(destination, *(destination.with_name(destination.name + suffix) for suffix in suffixes))
