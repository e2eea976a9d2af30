"""What is here, by digest: so that nothing is downloaded that lies on the disk already.

A file is taken for the one whose digest is known while its inode, size and modification time are what they were. The
index learns from downloads, from sidecars and from the Hugging Face cache (see ``scanning``); losing it costs nothing
but the time to look again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.library.database import Database
from anymatix_fetcher.library.file_state import FileState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_Rows: TypeAlias = "list[tuple[Any, ...]]"

STRONG = {"sha256", "sha384", "sha512", "blake3"}
"""The algorithms by which a file may stand for another one: nobody can make two files with one such digest."""


class Proof(StrEnum):
    """How it is known that a file has a digest."""

    HASHED = "hashed"
    """We have read it, when it was in the state that is recorded."""
    CLAIMED = "claimed"
    """A sidecar or a name in a cache says so; nobody has looked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, its state when it was entered, and its digests."""

    path: Path
    state: FileState
    digests: tuple[Digest, ...]
    proof: Proof


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that is there now and should have the digest that is asked for."""

    path: Path
    state: FileState
    proof: Proof


class Index:
    """The index of what is here; any thread may use it, and many processes the same file.

    Args:
        path: Where it is kept, in the user's data folder; where that can't be written, or is ``None``, in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._database = Database(path)

    @property
    def is_kept(self) -> bool:
        """Whether the next process will find what is learned."""
        return self._database.is_kept

    def add(self, path: Path, digests: Sequence[Digest], *, state: FileState | None = None) -> None:
        """Enters a file whose digests we have computed; nothing happens where it isn't there any longer.

        Args:
            path: The file.
            digests: Of all its content.
            state: The file's, before it was read; as it is now where that isn't given.
        """
        try:
            now = FileState.of(path.stat())
        except OSError:
            return
        if state is None or now.is_still(state):
            self.add_many([Entry(path, now, tuple(digests), Proof.HASHED)])

    def add_many(self, entries: Iterable[Entry]) -> None:
        """Enters files in one step. A claim never takes the place of what was hashed."""

        def change(connection: sqlite3.Connection) -> None:
            for entry in entries:
                _enter(connection, entry)

        entries = [replace(entry, path=_absolute(entry.path)) for entry in entries]
        self._database.write(change)

    def wanted(self, digest: Digest) -> tuple[Candidate, ...]:
        """The files that have ``digest`` and are still what they were; those that were hashed here come first.

        What has changed meanwhile is forgotten. Weak digests (MD5, CRC-32, ...) find nothing: by those, one file can't
        stand for another.
        """
        if digest.algorithm not in STRONG:
            return ()
        query = """SELECT path, device, inode, size, mtime_ns, proof FROM digests JOIN files USING (path)
                   WHERE algorithm = ? AND hex = ? ORDER BY proof = 'hashed' DESC, path"""
        rows = self._rows(query, (digest.algorithm, digest.hex))
        found = []
        for raw, *state, proof in rows:
            candidate = self._validated(_path(raw), _state(state), Proof(proof))
            if candidate is not None:
                found.append(candidate)
        return tuple(found)

    def digests(self, path: Path) -> tuple[Digest, ...]:
        """The digests that were hashed here of the file as it is now; none where it is unknown or has changed."""
        path = _absolute(path)
        query = """SELECT algorithm, hex, device, inode, size, mtime_ns FROM digests JOIN files USING (path)
                   WHERE path = ? AND proof = 'hashed' ORDER BY algorithm"""
        rows = self._rows(query, (os.fsencode(path),))
        if not rows or self._validated(path, _state(rows[0][2:]), Proof.HASHED) is None:
            return ()
        return tuple(Digest(algorithm, value) for algorithm, value, *_ in rows)

    def entries(self) -> list[Entry]:
        """Everything that is entered, by path, unseen whether it still holds."""
        query = """SELECT path, device, inode, size, mtime_ns, algorithm, hex, proof
                   FROM digests JOIN files USING (path) ORDER BY path, algorithm"""
        rows = self._rows(query, ())
        return [
            Entry(_path(raw), _state(state), (Digest(algorithm, value),), Proof(proof))
            for raw, *state, algorithm, value, proof in rows
        ]

    def forget(self, paths: Iterable[Path]) -> None:
        """Takes files out."""
        keys = [(os.fsencode(_absolute(path)),) for path in paths]
        self._database.write(lambda connection: _forget(connection, keys))

    def forget_missing(self) -> int:
        """Takes out what is no longer there, though its folder is; how many files that were.

        Where the folder is missing too, a disk may only be unplugged: its files needn't be read again when it is back.
        """
        gone = {entry.path for entry in self.entries() if not entry.path.exists() and entry.path.parent.is_dir()}
        self.forget(gone)
        return len(gone)

    def close(self) -> None:
        """Closes it; a second call does nothing."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rows(self, query: str, values: tuple[object, ...]) -> _Rows:
        none: _Rows = []
        return self._database.read(lambda connection: connection.execute(query, values).fetchall(), none)

    def _validated(self, path: Path, known: FileState, proof: Proof) -> Candidate | None:
        try:
            now = FileState.of(path.stat())
        except OSError:
            return None
        if not now.is_still(known):
            self.forget([path])
            return None
        return Candidate(path, now, proof)


def _enter(connection: sqlite3.Connection, entry: Entry) -> None:
    key, state = os.fsencode(entry.path), entry.state
    row = connection.execute("SELECT device, inode, size, mtime_ns FROM files WHERE path = ?", (key,)).fetchone()
    if row is not None and not _state(row).is_still(state):
        _forget(connection, [(key,)])
    connection.execute(
        """INSERT INTO files VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (path) DO UPDATE SET device = excluded.device""",
        # As text: some systems have numbers of more than 63 bits.
        (key, str(state.device), str(state.inode), state.size, state.mtime_ns),
    )
    connection.executemany(
        """INSERT INTO digests VALUES (?, ?, ?, ?) ON CONFLICT (path, algorithm)
           DO UPDATE SET hex = excluded.hex, proof = excluded.proof
           WHERE excluded.proof = 'hashed' OR digests.proof = 'claimed'""",
        [(key, digest.algorithm, digest.hex, entry.proof.value) for digest in entry.digests],
    )


def _forget(connection: sqlite3.Connection, keys: Sequence[tuple[bytes]]) -> None:
    connection.executemany("DELETE FROM files WHERE path = ?", keys)


def _state(row: Sequence[str | int]) -> FileState:
    device, inode, size, mtime_ns = row
    return FileState(int(device), int(inode), int(size), int(mtime_ns))


def _path(raw: bytes) -> Path:
    return Path(os.fsdecode(raw))


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - takes ".." out, and follows no link
