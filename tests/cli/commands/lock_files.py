"""What a lock file says, for tests of the verbs that write and read it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.library.lock_file_format import read

if TYPE_CHECKING:
    from anymatix_fetcher.library.lock_file_format import LockedFile


def locked(path: str = "anyfetch.lock") -> dict[str, LockedFile]:
    return {str(file): file for file in read(Path(path).read_bytes()).files}
