"""The queue's database: SQLite in the state folder, one writer, every change durable before it is acknowledged.

A database that can't be read is set aside, with the moment in its name, and a new one begins: what the journals beside
the part files hold isn't lost by that. Secrets never get here: see ``secrecy``.
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
"""The statements that lead from each version of the schema to the next one; ``user_version`` counts them."""


class JobStore:
    """The jobs on the disk; one process at a time has it open.

    Args:
        folder: The state folder; it is made for the user alone.
        now: Seconds since 1970, for the name of a database that is set aside.

    Raises:
        DestinationLockedError: Another process has it open.
        StorageError: The folder can't be used.
    """

    def __init__(self, folder: Path, *, now: float) -> None:
        self.set_aside: Path | None = None
        """Where a database went that couldn't be read; ``None`` where it could."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = FileLock(folder / LOCK, timeout=0)
            self._lock.acquire()
        except Timeout:
            raise DestinationLockedError(
                f"another server has the queue in {folder} open", hint="Use that one, or another --state folder."
            ) from None
        except OSError as error:
            raise _unusable(folder, error) from error
        try:
            self._connection = self._opened(folder / DATABASE, now)
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Lets go of the database and of the lock."""
        with suppress(sqlite3.Error):
            self._connection.close()
        self._lock.release()

    # Jobs -------------------------------------------------------------------------------------------------

    def load(self) -> list[QueuedJob]:
        """Every job; those whose record can't be read are left out and said in the log."""
        jobs: list[QueuedJob] = []
        for identity, record in self._connection.execute("SELECT id, record FROM jobs"):
            try:
                jobs.append(_decoded(json.loads(record)))
            except (ValueError, TypeError, KeyError):
                _logger.warning("the queue's record of job %s can't be read; it is left out", identity)
        return jobs

    def write(self, jobs: Iterable[QueuedJob], *, removed: Iterable[JobId] = ()) -> None:
        """Writes these jobs and takes others out; all or nothing, and on the disk when it returns."""
        self._put(jobs, removed, synchronous="FULL")

    def note(self, jobs: Iterable[QueuedJob]) -> None:
        """Writes these jobs, all or nothing; a killed process loses nothing of it, and a power cut perhaps the newest.

        For what the next start would find out again.
        """
        self._put(jobs, (), synchronous="NORMAL")

    def _put(self, jobs: Iterable[QueuedJob], removed: Iterable[JobId], *, synchronous: str) -> None:
        """Writes.

        Raises:
            StorageError: The disk doesn't take it.
        """
        rows = [(job.id, str(job.state), _encoded(job)) for job in jobs]
        with self._changing(synchronous):
            self._connection.executemany("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)", rows)
            self._connection.executemany("DELETE FROM jobs WHERE id = ?", [(identity,) for identity in removed])

    # Facts ------------------------------------------------------------------------------------------------

    def fact(self, name: str) -> object:
        """What was kept under a name; ``None`` where nothing was."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def keep(self, name: str, value: object) -> None:
        """Keeps a value under a name.

        Raises:
            StorageError: The disk doesn't take it.
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
                f"the queue's database can't be written: {error}", hint="Free some space where its state folder is."
            ) from error

    def _opened(self, path: Path, now: float) -> sqlite3.Connection:
        try:
            return _connected(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise _unusable(path, error) from error
            self.set_aside = path.with_name(f"{path.name}.damaged-{int(now)}")
            _logger.warning("the queue's database is damaged and was set aside as %s", self.set_aside)
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    path.with_name(path.name + suffix).replace(self.set_aside.with_name(self.set_aside.name + suffix))
            return _connected(path)


def _unusable(path: Path, error: Exception) -> StorageError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return StorageError(
        f"the queue's state in {path} can't be used: {reason}", hint="--state DIR takes another folder."
    )


def _connected(path: Path) -> sqlite3.Connection:
    """The database, of the newest schema and found to be whole.

    Raises:
        sqlite3.Error: It is damaged, or the disk doesn't take it.
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
        raise sqlite3.OperationalError("a newer version of this program has written it")
    for number, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {statements} PRAGMA user_version = {number}; COMMIT;")


def _encoded(job: QueuedJob) -> str:
    record = asdict(storable(job))
    record["wanted"]["author"] = job.wanted.author.value
    return json.dumps(record)


def _decoded(record: dict[str, object]) -> QueuedJob:
    """A job from its record. What an older version hasn't written is as it is by default.

    Raises:
        ValueError, TypeError, KeyError: It can't be read.
    """
    wanted, error = record["wanted"], record["error"]
    if not isinstance(wanted, dict) or not isinstance(error, dict | None):
        raise TypeError("a record's parts are objects")
    lists = {name: tuple(wanted[name]) for name in ("digests", "mirrors")}
    return QueuedJob(
        **{  # type: ignore[arg-type] # what we have written ourselves; a field too many raises TypeError
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
