"""Reports the condition of the index's file without changing it; opening the index would repair it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.library.schema import OLDEST, VERSION

if TYPE_CHECKING:
    from pathlib import Path

_BUSY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class IndexCondition:
    """The condition of the file.

    Args:
        files: The number of files in it.
        trouble: Why it can't be used, as a clause; empty if it can.
    """

    files: int
    trouble: str = ""


def condition_of(path: Path) -> IndexCondition:
    """The condition of the index at ``path``, which exists."""
    # If no process has it open, it is read as immutable, because SQLite would create files beside it.
    is_open = path.with_name(f"{path.name}-wal").exists()
    name = f"{path.absolute().as_uri()}?mode=ro{'' if is_open else '&immutable=1'}"
    try:
        with closing(sqlite3.connect(name, uri=True, timeout=_BUSY_SECONDS)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in {0, OLDEST, VERSION}:
                return IndexCondition(0, f"its version is {version}, not {VERSION}")
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                return IndexCondition(0, "it is damaged")
            return IndexCondition(connection.execute("SELECT count(*) FROM files").fetchone()[0] if version else 0)
    except sqlite3.DatabaseError as error:
        return IndexCondition(0, f"it can't be read: {error}")
