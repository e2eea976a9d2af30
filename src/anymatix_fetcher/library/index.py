"""The index of local files by digest, so that existing content isn't downloaded again.

The digest of a file that was read here is known as long as its device, inode, size, modification time and change time
are the same; no program can set back the latter. Everything else is a claim: what sidecars and names state, and what
was read in another state of the file. A claim is a reason to read the file once.

Our own changes to a file's names, mode and times are made within :meth:`Index.keeping`, because they change the state
but not the content. If the index is lost, files are only scanned and read again (see ``scanning``). The record of a
file is kept when the file changes, so that a verification can report what it was.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library import entering
from anymatix_fetcher.library.database import Database
from anymatix_fetcher.library.entering import key_of, state_of_row
from anymatix_fetcher.library.entries import STRONG, Candidate, HowKnown, IndexEntry, Remembered
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.identity import UNNAMED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_Rows: TypeAlias = "list[tuple[Any, ...]]"

LEAST_AGE_SECONDS = 2.5
"""The coarsest file system clocks have a resolution of two seconds."""


class Index:
    """The index of local files; threads and processes may share it.

    Args:
        path: Its path in the user's data folder. It is kept in memory if that can't be written, or is ``None``.
        wall_clock: The seconds since 1970.
    """

    def __init__(self, path: Path | None = None, wall_clock: Callable[[], float] = time.time) -> None:
        self.database = Database(path)
        self._wall_clock = wall_clock

    @property
    def is_kept(self) -> bool:
        """Whether it is stored in a file, for later processes."""
        return self.database.is_kept

    # Learning ---------------------------------------------------------------------------------------------

    def add(
        self,
        path: Path,
        digests: Sequence[Digest],
        *,
        state: FileState | None = None,
        blocks: BlockChecksums | None = None,
        read_at: float | None = None,
        verified: str = "",
    ) -> None:
        """Enters a file with computed digests; does nothing if it has changed since.

        If the content differs although nothing has written to the file, the disk has changed it: the file is recorded
        as refuted instead, unless ``verified`` states that the content is right.

        Args:
            path: The file.
            digests: Its digests.
            state: Its state before it was read; ``None`` for the current one.
            blocks: The checksums of its blocks, for a later search for damaged ones.
            read_at: When it was read, in seconds since 1970; ``None`` for now.
            verified: What has verified the content: an algorithm's name, ``length`` or ``none``; empty to keep the
                record for the same content.
        """
        now = state_of(path)
        if now is None or (state is not None and not now.is_still(state)):
            return
        self.add_many([IndexEntry(path, now, tuple(digests), HowKnown.HASHED, (), verified, read_at, blocks)])

    def add_many(self, entries: Iterable[IndexEntry], *also: Callable[[sqlite3.Connection], None]) -> bool:
        """Enters files and claims, with further changes, in one transaction; returns whether that succeeded."""
        entries, now = list(entries), self._wall_clock()

        def change(connection: sqlite3.Connection) -> None:
            for entry in entries:
                entering.enter(connection, entry, now)
            for further in also:
                further(connection)

        return self.database.write(change)

    def refute(self, path: Path) -> None:
        """Records that the file's current content is wrong. It isn't offered until it changes, or is verified.

        The record of its earlier content is kept.
        """
        now = state_of(path)
        if now is not None:
            self.database.write(lambda connection: entering.refute(connection, path, now))

    @contextmanager
    def keeping(self, path: Path) -> Iterator[None]:
        """A block that changes the file's names, mode or times: what is known of its content stays valid."""
        before = state_of(path)
        try:
            yield
        finally:
            if before is not None:
                self._follow(before)

    def _follow(self, before: FileState) -> None:
        """Updates the records of every path of a file from its state ``before`` to its current one."""
        rows = self._rows(
            "SELECT path, device, inode, size, mtime_ns, ctime_ns FROM files WHERE inode = ?", (str(before.inode),)
        )
        moved: list[tuple[Path, FileState]] = []
        for raw, *row in rows:
            now = state_of(_path(raw)) if state_of_row(row).is_still(before) else None
            if now is not None and now.shares_with(before) and now.is_unwritten_since(before):
                moved.append((_path(raw), now))
        if moved:
            self.database.write(lambda connection: entering.move(connection, moved))

    # Asking -----------------------------------------------------------------------------------------------

    def wanted(self, digest: Digest) -> tuple[Candidate, ...]:
        """The files with ``digest``: computed ones first, then claimed ones.

        Weak digests (MD5, CRC-32, ...) find nothing, because they can't prove that two files are equal.
        """
        if digest.algorithm not in STRONG:
            return ()
        found: dict[Path, Candidate] = {}
        values = (digest.algorithm, digest.hex)
        for path in self._paths("SELECT path FROM hashed WHERE algorithm = ? AND hex = ?", values):
            now, known = state_of(path), self.remembered(path)
            # A file with another size than the recorded one needn't be read again.
            if now is None or known is None or known.is_refuted(now) or now.size != known.state.size:
                continue
            found[path] = Candidate(path, now, HowKnown.HASHED if known.holds(now) else HowKnown.CLAIMED)
        for path in self._paths("SELECT path FROM claims WHERE algorithm = ? AND hex = ?", values):
            now = state_of(path)
            if path in found or now is None:
                continue
            known = self.current(path) or self.remembered(path)
            if known is not None and _speaks_against(known, digest, now):
                continue
            is_known = known is not None and known.holds(now) and digest in known.digests
            found[path] = Candidate(path, now, HowKnown.HASHED if is_known else HowKnown.CLAIMED)
        return tuple(sorted(found.values(), key=lambda one: (one.proof is HowKnown.CLAIMED, one.path)))

    def current(self, path: Path) -> Remembered | None:
        """The record of the file in its current state; ``None`` if it was never read in this state.

        A file that was read under another hard link is found as well.
        """
        now = state_of(path)
        if now is None:
            return None
        others = self._paths("SELECT path FROM files WHERE inode = ? ORDER BY path", (str(now.inode),))
        every = [known for name in (path, *others) if (known := self.remembered(name)) is not None]
        if any(known.is_refuted(now) for known in every):
            return None
        return next((known for known in every if known.holds(now)), None)

    def digests(self, path: Path) -> tuple[Digest, ...]:
        """The digests computed here of the file in its current state; none if it is unknown or has changed."""
        known = self.current(path)
        return known.digests if known is not None else ()

    def came_from(self, path: Path, identities: Iterable[str]) -> bool:
        """Whether the recorded content came from one of these references."""
        rows = self._rows("SELECT identity FROM origins WHERE path = ?", (key_of(path),))
        return not {identity for (identity,) in rows}.isdisjoint(identities)

    def brought_by(self, identities: Iterable[str], folder: Path) -> tuple[Path, ...]:
        """The files in ``folder`` that came from one of these references. They may not exist any more."""
        wanted = sorted(identities)
        query = f"SELECT DISTINCT path FROM origins WHERE identity IN ({','.join('?' * len(wanted))}) ORDER BY path"  # noqa: S608
        paths = (_path(raw) for (raw,) in self._rows(query, tuple(wanted)))
        return tuple(path for path in paths if path.parent == folder)

    def every_unnamed(self) -> set[str]:
        """The identities of all references to files that were named by their source."""
        rows = self._rows("SELECT DISTINCT identity FROM origins WHERE identity GLOB ?", (f"{UNNAMED}*",))
        return {identity for (identity,) in rows}

    def every_digest(self) -> set[Digest]:
        """All strong digests in the index, computed and claimed: a search for any other one is pointless."""
        rows = self._rows("SELECT algorithm, hex FROM hashed UNION SELECT algorithm, hex FROM claims", ())
        return {Digest(algorithm, value) for algorithm, value in rows if algorithm in STRONG}

    def paths(self) -> list[Path]:
        """Every file in the index, computed or claimed. They may not exist any more."""
        return self._paths("SELECT path FROM files UNION SELECT path FROM claims ORDER BY path")

    def remembered(self, path: Path) -> Remembered | None:
        """The record of the file; ``None`` if there is none."""
        key = (key_of(path),)
        found = self._remembered("WHERE path = ?", key).get(_path(key[0]))
        rows = self._rows("SELECT block_size, checksums FROM blocks WHERE path = ?", key) if found else []
        if found is None or not rows:
            return found
        block_size, data = rows[0]
        return replace(found, blocks=BlockChecksums.read(block_size, found.state.size, data))

    def all_remembered(self) -> Mapping[Path, Remembered]:
        """The records of all files, without the checksums of blocks."""
        return self._remembered("", ())

    def _remembered(self, where: str, values: tuple[object, ...]) -> dict[Path, Remembered]:
        query = f"""SELECT path, files.device, files.inode, files.size, files.mtime_ns, files.ctime_ns,
                    read_at, verified,
                    refuted.device, refuted.inode, refuted.size, refuted.mtime_ns, refuted.ctime_ns, algorithm, hex
                    FROM files LEFT JOIN hashed USING (path) LEFT JOIN refuted USING (path) {where}
                    ORDER BY path, algorithm"""  # noqa: S608 - ``where`` is a constant
        found: dict[Path, Remembered] = {}
        for raw, *row in self._rows(query, values):
            state, (read_at, verified), refuted, (algorithm, value) = row[:5], row[5:7], row[7:12], row[12:]
            before = found.get(_path(raw))
            digests = before.digests if before else ()
            found[_path(raw)] = Remembered(
                state_of_row(state),
                (*digests, Digest(algorithm, value)) if algorithm else digests,
                read_at,
                verified,
                refuted=state_of_row(refuted) if refuted[0] is not None else None,
            )
        return found

    # Folders ----------------------------------------------------------------------------------------------

    def folders_looked_through(self) -> dict[Path, tuple[FileState, tuple[str, ...]]]:
        """The folders with claims that are entered: their states at that time, and the names of their subfolders."""
        rows = self._rows("SELECT path, device, inode, size, mtime_ns, ctime_ns, inside FROM folders", ())
        return {
            _path(raw): (state_of_row(state), tuple(os.fsdecode(inside).split("/")) if inside else ())
            for raw, *state, inside in rows
        }

    def keep_folders(self, folders: Iterable[tuple[Path, FileState, tuple[str, ...]]]) -> None:
        """Records that these folders were scanned in these states.

        A folder that has just changed isn't recorded, because with a coarse clock another change might not alter its
        times.
        """
        latest_ns = (self._wall_clock() - LEAST_AGE_SECONDS) * 1e9
        rows = [
            (key_of(path), *entering.as_row(state), os.fsencode("/".join(inside)))
            for path, state, inside in folders
            if max(state.mtime_ns, state.ctime_ns) < latest_ns
        ]
        self.database.write(
            lambda connection: entering.run_many(
                connection, "INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?, ?, ?, ?)", rows
            )
        )

    # Answers, and the end ---------------------------------------------------------------------------------

    def answer(self, question: str, *, not_before: float) -> str | None:
        """The stored answer to ``question`` since then (seconds since 1970); ``None`` if there is none."""
        rows = self._rows("SELECT answer FROM answers WHERE question = ? AND at >= ?", (question, not_before))
        return str(rows[0][0]) if rows else None

    def keep_answer(self, question: str, answer: str, wall_seconds: float) -> None:
        """Stores a reply, so that the same question needn't be asked again soon."""
        values = (question, wall_seconds, answer)
        self.database.write(lambda one: entering.run(one, "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", values))

    def forget(self, paths: Iterable[Path]) -> None:
        """Deletes the entries of files, including claims."""
        paths = list(paths)
        self.database.write(lambda connection: entering.forget(connection, paths))

    def forget_missing(self) -> int:
        """Deletes the entries of missing files in existing folders; returns their number.

        If the folder is missing too, its disk may only be unplugged.
        """
        keys = [raw for (raw,) in self._rows("SELECT path FROM files UNION SELECT path FROM claims", ())]
        # Raw paths, because there may be many thousands.
        gone = [raw for raw in keys if not os.path.exists(raw)]  # noqa: PTH110
        missing = [path for path in map(_path, gone) if path.parent.is_dir()]
        self.forget(missing)
        return len(missing)

    def close(self) -> None:
        """Closes it. Idempotent."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _paths(self, query: str, values: tuple[str, ...] = ()) -> list[Path]:
        return [_path(raw) for (raw,) in self._rows(query, values)]

    def _rows(self, query: str, values: tuple[object, ...]) -> _Rows:
        none: _Rows = []
        return self.database.read(lambda connection: connection.execute(query, values).fetchall(), none)


def state_of(path: Path) -> FileState | None:
    """The state of the regular file at ``path``, following links; ``None`` if there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return FileState.of(status) if stat.S_ISREG(status.st_mode) else None


def _speaks_against(known: Remembered, digest: Digest, now: FileState) -> bool:
    """Whether the record shows that the file in its current state hasn't ``digest``."""
    has_another = any(one.algorithm == digest.algorithm and one != digest for one in known.digests)
    return known.is_refuted(now) or (known.holds(now) and has_another)


def _path(raw: bytes) -> Path:
    return Path(os.fsdecode(raw))
