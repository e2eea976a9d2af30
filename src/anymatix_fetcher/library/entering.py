"""The statements that write to the index's tables; each runs within the caller's transaction."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.entries import STRONG, HowKnown
from anymatix_fetcher.library.file_state import FileState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from anymatix_fetcher.library.entries import IndexEntry


def enter(connection: sqlite3.Connection, entry: IndexEntry, wall_seconds: float) -> None:
    """Enters an entry, which was computed here or is a claim."""
    key = key_of(entry.path)
    if entry.proof is HowKnown.CLAIMED:
        claims = [(key, digest.algorithm, digest.hex) for digest in entry.digests]
        connection.executemany("INSERT OR IGNORE INTO claims VALUES (?, ?, ?)", claims)
        return
    known = _known_state(connection, key)
    same = _compare(connection, key, entry.digests)
    if known is not None and same is False and _has_rotted(known, entry):
        refute(connection, entry.path, entry.state)
        return
    if known is not None and (same is False or (same is None and not entry.state.is_still(known))):
        connection.execute("DELETE FROM files WHERE path = ?", (key,))
    read_at = wall_seconds if entry.read_at is None else entry.read_at
    connection.execute(
        """INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET
           device = excluded.device, inode = excluded.inode, size = excluded.size, mtime_ns = excluded.mtime_ns,
           ctime_ns = excluded.ctime_ns, read_at = excluded.read_at,
           verified = CASE WHEN ? THEN excluded.verified ELSE verified END""",
        (key, *as_row(entry.state), read_at, entry.verified or "none", bool(entry.verified)),
    )
    connection.execute("DELETE FROM refuted WHERE path = ?", (key,))
    digests = [(key, digest.algorithm, digest.hex) for digest in entry.digests]
    connection.executemany("INSERT OR REPLACE INTO hashed VALUES (?, ?, ?)", digests)
    if entry.blocks is not None:
        values = (key, entry.blocks.block_size, entry.blocks.data)
        connection.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?)", values)
    origins = [(key, identity) for identity in entry.identities]
    connection.executemany("INSERT OR IGNORE INTO origins VALUES (?, ?)", origins)


def _has_rotted(known: FileState, entry: IndexEntry) -> bool:
    """Whether the disk has changed a file that no program seems to have written to."""
    return entry.state.is_unwritten_since(known) and entry.verified not in STRONG


def refute(connection: sqlite3.Connection, path: Path, state: FileState) -> None:
    """Records that the file, in this state, has wrong content."""
    key = key_of(path)
    connection.execute("INSERT OR REPLACE INTO refuted VALUES (?, ?, ?, ?, ?, ?)", (key, *as_row(state)))
    if _known_state(connection, key) is None:
        connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, NULL, 'none')", (key, *as_row(state)))


def move(connection: sqlite3.Connection, moved: Iterable[tuple[Path, FileState]]) -> None:
    """Records the new states of files with unchanged content."""
    connection.executemany(
        "UPDATE files SET ctime_ns = ? WHERE path = ?", [(state.ctime_ns, key_of(path)) for path, state in moved]
    )


def forget(connection: sqlite3.Connection, paths: Iterable[Path]) -> None:
    """Deletes the entries of files."""
    keys = [(key_of(path),) for path in paths]
    connection.executemany("DELETE FROM files WHERE path = ?", keys)
    connection.executemany("DELETE FROM claims WHERE path = ?", keys)
    connection.executemany("DELETE FROM refuted WHERE path = ?", keys)


def run(connection: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> None:
    """Runs one statement."""
    connection.execute(statement, values)


def run_many(connection: sqlite3.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Runs one statement for each row."""
    connection.executemany(statement, rows)


def key_of(path: Path) -> bytes:
    """The key of a file in the tables: its absolute path as the system encodes it."""
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100 - removes "..", without following links


def state_of_row(row: Sequence[str | int]) -> FileState:
    """The state in a row."""
    device, inode, size, mtime_ns, ctime_ns = row
    return FileState(int(device), int(inode), int(size), int(mtime_ns), int(ctime_ns))


def as_row(state: FileState) -> tuple[str, str, int, int, int]:
    """A state as a row."""
    return str(state.device), str(state.inode), state.size, state.mtime_ns, state.ctime_ns


def _known_state(connection: sqlite3.Connection, key: bytes) -> FileState | None:
    query = "SELECT device, inode, size, mtime_ns, ctime_ns FROM files WHERE path = ?"
    row = connection.execute(query, (key,)).fetchone()
    return state_of_row(row) if row is not None else None


def _compare(connection: sqlite3.Connection, key: bytes, digests: Sequence[Digest]) -> bool | None:
    """Whether the content is that of the recorded digests; ``None`` if no strong digest decides."""
    rows = connection.execute("SELECT algorithm, hex FROM hashed WHERE path = ?", (key,)).fetchall()
    before, now = {Digest(*row) for row in rows}, set(digests)
    if {one.algorithm for one in before - now} & {one.algorithm for one in now - before}:
        return False
    return True if any(one.algorithm in STRONG for one in before & now) else None
