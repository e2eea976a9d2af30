"""What is here, by digest: so that nothing is downloaded that lies on the disk already.

A file is taken for the one whose digest is known while its inode, size and modification time are what they were. The
index learns from downloads, from sidecars and from the Hugging Face cache (see ``scanning``); losing it costs nothing
but the time to look again. What has changed is offered to nobody, and stays recorded until it is read again: so that
whoever checks files can tell what they were.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from anymatix_fetcher.core.blocks import BlockChecksums
from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.library.database import Database
from anymatix_fetcher.library.file_state import FileState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

_Rows: TypeAlias = "list[tuple[Any, ...]]"

STRONG = {"sha256", "sha384", "sha512", "blake3"}
"""The algorithms by which a file may stand for another one: nobody can make two files with one such digest."""


class Proof(StrEnum):
    """How it is known that a file has a digest."""

    HASHED = "hashed"
    """We have read it, when it was in the state that is recorded."""
    CLAIMED = "claimed"
    """A sidecar or a name in a cache says so; nobody has looked."""
    REFUTED = "refuted"
    """It should have it, and we have read that it hasn't."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, its state when it was entered, its digests, and the identities of the references that led to it."""

    path: Path
    state: FileState
    digests: tuple[Digest, ...]
    proof: Proof
    identities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is recorded of a file, unseen whether it still holds.

    Args:
        state: The file's, when that was recorded.
        digests: Of the content then, and how that is known.
        read_at: When it was last read whole and found to be so, in seconds since 1970; ``None`` where that isn't known.
        blocks: The checksums of its blocks then, where they are known and were asked for.
    """

    state: FileState
    digests: Mapping[Digest, Proof]
    read_at: float | None = None
    blocks: BlockChecksums | None = None

    @property
    def is_refuted(self) -> bool:
        """Whether the file was found to be another one than it should be."""
        return Proof.REFUTED in self.digests.values()


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

    def add(
        self,
        path: Path,
        digests: Sequence[Digest],
        *,
        state: FileState | None = None,
        blocks: BlockChecksums | None = None,
        read_at: float | None = None,
    ) -> None:
        """Enters a file whose digests we have computed; nothing happens where it isn't there any longer.

        Args:
            path: The file.
            digests: Of all its content.
            state: The file's, before it was read; as it is now where that isn't given.
            blocks: The checksums of its blocks, for whoever will look which of them have changed.
            read_at: When it was read, in seconds since 1970; kept where ``blocks`` are given.
        """
        try:
            now = FileState.of(path.stat())
        except OSError:
            return
        if state is not None and not now.is_still(state):
            return
        key, entry = _key(path), Entry(path, now, tuple(digests), Proof.HASHED)

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM digests WHERE path = ? AND proof = 'refuted'", (key,))
            _enter(connection, entry)
            if blocks is not None:
                values = (key, read_at or 0.0, blocks.block_size, blocks.data)
                connection.execute("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?)", values)

        self._database.write(change)

    def add_many(self, entries: Iterable[Entry]) -> None:
        """Enters files in one step. A claim never replaces what was hashed, and nothing a refutal."""
        entries = list(entries)

        def change(connection: sqlite3.Connection) -> None:
            for entry in entries:
                _enter(connection, entry)

        self._database.write(change)

    def refute(self, path: Path, digests: Sequence[Digest]) -> None:
        """The file was read and isn't what it should be: it is offered to nobody until it is read again and is.

        Args:
            path: The file.
            digests: Those that it should have.
        """
        try:
            entry = Entry(path, FileState.of(path.stat()), tuple(digests), Proof.REFUTED)
        except OSError:
            return

        def change(connection: sqlite3.Connection) -> None:
            key = (_key(path),)
            if connection.execute("SELECT 1 FROM files WHERE path = ?", key).fetchone() is None:
                _enter(connection, entry)
            connection.execute("UPDATE digests SET proof = 'refuted' WHERE path = ?", key)

        self._database.write(change)

    def wanted(self, digest: Digest) -> tuple[Candidate, ...]:
        """The files that have ``digest`` and are still what they were; those that were hashed here come first.

        Weak digests (MD5, CRC-32, ...) find nothing: by those, one file can't stand for another.
        """
        if digest.algorithm not in STRONG:
            return ()
        query = """SELECT path, device, inode, size, mtime_ns, proof FROM digests JOIN files USING (path)
                   WHERE algorithm = ? AND hex = ? AND proof != 'refuted' ORDER BY proof = 'hashed' DESC, path"""
        rows = self._rows(query, (digest.algorithm, digest.hex))
        found = []
        for raw, *state, proof in rows:
            candidate = self._validated(_path(raw), _state(state), Proof(proof))
            if candidate is not None:
                found.append(candidate)
        return tuple(found)

    def digests(self, path: Path) -> tuple[Digest, ...]:
        """The digests that were hashed here of the file as it is now; none where it is unknown or has changed."""
        query = """SELECT algorithm, hex, device, inode, size, mtime_ns FROM digests JOIN files USING (path)
                   WHERE path = ? AND proof = 'hashed' ORDER BY algorithm"""
        rows = self._rows(query, (_key(path),))
        if not rows or self._validated(path, _state(rows[0][2:]), Proof.HASHED) is None:
            return ()
        return tuple(Digest(algorithm, value) for algorithm, value, *_ in rows)

    def came_from(self, path: Path, identities: Iterable[str]) -> bool:
        """Whether one of these references led to the file as it is now."""
        if not self.digests(path):
            return False
        rows = self._rows("SELECT identity FROM origins WHERE path = ?", (_key(path),))
        return not {identity for (identity,) in rows}.isdisjoint(identities)

    def every_digest(self) -> set[Digest]:
        """All strong digests that some file is said to have: what isn't among them needn't be asked for."""
        rows = self._rows("SELECT DISTINCT algorithm, hex FROM digests", ())
        return {Digest(algorithm, value) for algorithm, value in rows if algorithm in STRONG}

    def entries(self) -> list[Entry]:
        """Everything that is entered, by path, unseen whether it still holds."""
        query = """SELECT path, device, inode, size, mtime_ns, algorithm, hex, proof
                   FROM digests JOIN files USING (path) ORDER BY path, algorithm"""
        rows = self._rows(query, ())
        return [
            Entry(_path(raw), _state(state), (Digest(algorithm, value),), Proof(proof))
            for raw, *state, algorithm, value, proof in rows
        ]

    def remembered(self, path: Path) -> Remembered | None:
        """What is recorded of the file, with the checksums of its blocks; ``None`` where nothing is."""
        key = (_key(path),)
        rows = self._rows(
            "SELECT block_size, checksums, size FROM readings JOIN files USING (path) WHERE path = ?", key
        )
        found = self._remembered("WHERE path = ?", key).get(_path(key[0]))
        if found is None or not rows:
            return found
        block_size, data, size = rows[0]
        return replace(found, blocks=BlockChecksums.read(block_size, size, data))

    def all_remembered(self) -> Mapping[Path, Remembered]:
        """What is recorded of each file, without the checksums of blocks."""
        return self._remembered("", ())

    def _remembered(self, where: str, values: tuple[object, ...]) -> dict[Path, Remembered]:
        query = f"""SELECT path, device, inode, size, mtime_ns, algorithm, hex, proof, at
                    FROM files LEFT JOIN digests USING (path) LEFT JOIN readings USING (path) {where}
                    ORDER BY path, algorithm"""  # noqa: S608 - ``where`` is one of our own
        found: dict[Path, Remembered] = {}
        for raw, *state, algorithm, value, proof, at in self._rows(query, values):
            before = found.get(_path(raw)) or Remembered(_state(state), {}, at)
            stated = {Digest(algorithm, value): Proof(proof)} if algorithm else {}
            found[_path(raw)] = replace(before, digests={**before.digests, **stated})
        return found

    def answer(self, question: str, *, not_before: float) -> str | None:
        """What was answered to ``question`` since then (seconds since 1970); ``None`` where nothing was."""
        rows = self._rows("SELECT answer FROM answers WHERE question = ? AND at >= ?", (question, not_before))
        return str(rows[0][0]) if rows else None

    def keep_answer(self, question: str, answer: str, wall_seconds: float) -> None:
        """Keeps an answer, so that nobody needs to be asked the same again soon."""
        values = (question, wall_seconds, answer)
        self._database.write(lambda one: _run(one, "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", values))

    def forget(self, paths: Iterable[Path]) -> None:
        """Takes files out."""
        keys = [(_key(path),) for path in paths]
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
        return Candidate(path, now, proof) if now.is_still(known) else None


def _enter(connection: sqlite3.Connection, entry: Entry) -> None:
    key, state = _key(entry.path), entry.state
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
           WHERE digests.proof != 'refuted' AND (excluded.proof = 'hashed' OR digests.proof = 'claimed')""",
        [(key, digest.algorithm, digest.hex, entry.proof.value) for digest in entry.digests],
    )
    origins = [(key, identity) for identity in entry.identities]
    connection.executemany("INSERT OR IGNORE INTO origins VALUES (?, ?)", origins)


def _forget(connection: sqlite3.Connection, keys: Sequence[tuple[bytes]]) -> None:
    connection.executemany("DELETE FROM files WHERE path = ?", keys)


def _run(connection: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> None:
    connection.execute(statement, values)


def _key(path: Path) -> bytes:
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100 - takes ".." out, and follows no link


def _state(row: Sequence[str | int]) -> FileState:
    device, inode, size, mtime_ns = row
    return FileState(int(device), int(inode), int(size), int(mtime_ns))


def _path(raw: bytes) -> Path:
    return Path(os.fsdecode(raw))
