"""The queue's database: SQLite in the state folder, one writer, every change durable before it is acknowledged.

A damaged database is renamed, with the time in its new name, and replaced by an empty one. The part files and their
journals are not affected by that. No secrets are stored: see ``secrecy``.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.errors import DestinationLockedError, StorageError
from anymatix_fetcher.queue.jobs import JobError, JobId, JobState, JobWanted, QueuedJob
from anymatix_fetcher.queue.secrecy import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_logger = logging.getLogger("anymatix_fetcher.queue")

DATABASE = "queue.sqlite"
LOCK = "queue.lock"
_MIGRATIONS = (
    """
    CREATE TABLE jobs (id TEXT PRIMARY KEY, state TEXT NOT NULL, record TEXT NOT NULL) STRICT;
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    """,
)
"""The statements that migrate each version of the schema to the next; ``user_version`` is the number applied."""


class JobStore:
    """The database of jobs; one process at a time can open it.

    Args:
        folder: The state folder; it is created with access for this user only.
        now: The time in seconds since 1970, for the new name of a damaged database.

    Raises:
        DestinationLockedError: Another process has opened it.
        StorageError: The folder can't be used.
    """

    def __init__(self, folder: Path, *, now: float) -> None:
        self.set_aside: Path | None = None
        """The new path of a damaged database; ``None`` if it was sound."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = FileLock(folder / LOCK, timeout=0)
            self._lock.acquire()
        except Timeout:
            raise DestinationLockedError(
                f"another server has opened the queue in {folder}", hint="Use that server, or another --state folder."
            ) from None
        except OSError as error:
            raise _unusable(folder, error) from error
        try:
            self._connection = self._opened(folder / DATABASE, now)
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Closes the database and releases the lock."""
        with suppress(sqlite3.Error):
            self._connection.close()
        self._lock.release()

    # Jobs -------------------------------------------------------------------------------------------------

    def load(self) -> list[QueuedJob]:
        """All jobs. Unreadable records are skipped with a warning in the log."""
        jobs: list[QueuedJob] = []
        for identity, record in self._connection.execute("SELECT id, record FROM jobs"):
            try:
                jobs.append(_decoded(json.loads(record)))
            except (ValueError, TypeError, KeyError):
                _logger.warning("the queue's record of job %s can't be read and is skipped", identity)
        return jobs

    def write(self, jobs: Iterable[QueuedJob], *, removed: Iterable[JobId] = ()) -> None:
        """Writes and removes jobs in one transaction, which is durable when this returns."""
        self._put(jobs, removed, synchronous="FULL")

    def note(self, jobs: Iterable[QueuedJob]) -> None:
        """Writes jobs in one transaction, which survives a killed process but perhaps not a power cut.

        Used for what the next start would find out again.
        """
        self._put(jobs, (), synchronous="NORMAL")

    def _put(self, jobs: Iterable[QueuedJob], removed: Iterable[JobId], *, synchronous: str) -> None:
        """Writes and removes jobs.

        Raises:
            StorageError: The database can't be written.
        """
        rows = [(job.id, str(job.state), _encoded(job)) for job in jobs]
        with self._changing(synchronous):
            self._connection.executemany("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)", rows)
            self._connection.executemany("DELETE FROM jobs WHERE id = ?", [(identity,) for identity in removed])

    # Facts ------------------------------------------------------------------------------------------------

    def fact(self, name: str) -> object:
        """The value stored under a name, or ``None``."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def keep(self, name: str, value: object) -> None:
        """Stores a value under a name.

        Raises:
            StorageError: The database can't be written.
        """
        with self._changing():
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    # Opening ----------------------------------------------------------------------------------------------

    @contextmanager
    def _changing(self, synchronous: str = "FULL") -> Iterator[None]:
        try:
            self._connection.execute(f"PRAGMA synchronous = {synchronous}")
            with self._connection:
                yield
        except sqlite3.Error as error:
            raise StorageError(
                f"the queue's database can't be written: {error}",
                hint="Free some space on the disk of its state folder.",
            ) from error

    def _opened(self, path: Path, now: float) -> sqlite3.Connection:
        try:
            return _connected(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise _unusable(path, error) from error
            self.set_aside = path.with_name(f"{path.name}.damaged-{int(now)}")
            _logger.warning("the queue's database is damaged and was renamed to %s", self.set_aside)
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    path.with_name(path.name + suffix).replace(self.set_aside.with_name(self.set_aside.name + suffix))
            return _connected(path)


def _unusable(path: Path, error: Exception) -> StorageError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return StorageError(
        f"the queue's state in {path} can't be used: {reason}", hint="Choose another folder with --state DIR."
    )


def _connected(path: Path) -> sqlite3.Connection:
    """A connection to the database, checked and migrated to the newest schema.

    Raises:
        sqlite3.Error: The database is damaged or can't be written.
    """
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _check(connection)
        _migrate(connection)
    except BaseException:
        with closing(connection):
            raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(_MIGRATIONS):
        raise sqlite3.OperationalError("it was written by a newer version of this program")
    for number, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {statements} PRAGMA user_version = {number}; COMMIT;")


def _encoded(job: QueuedJob) -> str:
    record = asdict(storable(job))
    record["wanted"]["author"] = job.wanted.author.value
    return json.dumps(record)


def _decoded(record: dict[str, object]) -> QueuedJob:
    """The job of a record. Fields that an older version didn't write get their defaults.

    Raises:
        ValueError, TypeError, KeyError: The record is invalid.
    """
    wanted, error = record["wanted"], record["error"]
    if not isinstance(wanted, dict) or not isinstance(error, dict | None):
        raise TypeError("a record's parts are objects")
    lists = {name: tuple(wanted[name]) for name in ("digests", "mirrors")}
    return QueuedJob(
        **{  # type: ignore[arg-type] # written by this program; an unknown field raises TypeError
            **record,
            "wanted": JobWanted(**{**wanted, **lists, "headers": (), "author": Author(wanted.get("author", "user"))}),
            "destinations": tuple(map(str, _list(record.get("destinations", [])))),
            "state": JobState(str(record["state"])),
            "error": JobError(**error) if error is not None else None,
        }
    )


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list is expected")
    return value
