"""The index's file: an SQLite database that processes share, kept in memory if it isn't writable."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.library.schema import OLDEST, VERSION, carry_over, make_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_logger = logging.getLogger("anymatix_fetcher.library")
T = TypeVar("T")

PRIVATE_MODE = 0o600
BUSY_SECONDS = 5.0
"""Every transaction takes milliseconds; after this time, callers continue without the index."""


class Database:
    """An open database; any thread may use it, one at a time.

    Args:
        path: Its path; the folder is created. ``None`` for a database in memory.
        busy_seconds: The time to wait for another process that is writing.
    """

    def __init__(self, path: Path | None, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._lock = RLock()
        self._connection = self._open()

    @property
    def is_kept(self) -> bool:
        """Whether it is stored in a file, for later processes."""
        return self._path is not None

    def read(self, ask: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """The result of ``ask``; ``otherwise`` if the database is broken, or another process holds it too long."""
        with self._lock:
            try:
                return ask(self._connection)
            except sqlite3.DatabaseError as error:
                self._take(error)
                return otherwise

    def write(self, change: Callable[[sqlite3.Connection], None]) -> bool:
        """Runs ``change`` in a transaction; false if that is impossible, and the change is dropped."""
        with self._lock:
            for is_last in (False, True):
                try:
                    with _transaction(self._connection):
                        change(self._connection)
                except sqlite3.DatabaseError as error:
                    if is_last or not self._take(error):
                        return False
                else:
                    return True
        return False

    def close(self) -> None:
        """Closes it. Idempotent."""
        with self._lock:
            self._connection.close()

    def _take(self, error: sqlite3.DatabaseError) -> bool:
        """Handles an error; returns whether a retry may work. A damaged file is set aside."""
        if _is_broken(error):
            self._connection.close()
            self._set_aside(str(error))
            self._connection = self._open()
            return True
        if _is_read_only(error) and self._path is not None:
            _logger.debug("the index %s can't be written: %s", self._path, error)
            self._connection.close()
            path, self._path = self._path, None
            self._connection = _copied(path)
            return True
        _logger.debug("the index can't be used now: %s", error)
        return not _is_busy(error)  # a busy database has timed out already; an I/O error may be temporary

    def _open(self) -> sqlite3.Connection:
        if self._path is None:
            return _connect(":memory:")
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                _make_private(self._path)
                return _connect(str(self._path), self._busy_seconds)
            except sqlite3.DatabaseError as error:
                if _is_broken(error):
                    self._set_aside(str(error))
                else:
                    _logger.debug("the index %s can't be opened: %s", self._path, error)
            except OSError as error:
                _logger.debug("the index %s can't be made: %s", self._path, error.strerror)
        path, self._path = self._path, None
        return _copied(path)

    def _set_aside(self, reason: str) -> None:
        """Renames the file, so that it can be examined. Only the last one is kept."""
        if self._path is None:
            return
        _logger.warning("the index %s is set aside, and is built anew: %s", self._path, reason)
        with suppress(OSError):
            self._path.replace(self._path.with_name(f"{self._path.name}.broken"))
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()


class _OtherVersionError(sqlite3.DatabaseError):
    """The tables have another version."""


def _make_private(path: Path) -> None:
    """Makes the file readable for its user only. SQLite gives its mode to the files beside it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE))
    if path.stat().st_mode & ~PRIVATE_MODE & 0o777:
        path.chmod(PRIVATE_MODE)


def _connect(name: str, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    # isolation_level=None: transactions are begun explicitly, not by the module.
    connection = sqlite3.connect(name, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        _patiently(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone())
        connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose recent transactions only
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _copied(path: Path) -> sqlite3.Connection:
    """A copy, in memory, of a database that can't be written; empty if it can't be read either."""
    memory = _connect(":memory:")
    if path.is_file():
        # immutable: otherwise reading creates files beside the database, which the folder may not permit.
        name = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(name, uri=True)) as file:
            if OLDEST <= _version(file) <= VERSION:
                file.backup(memory)
                _prepare(memory)
    return memory


def _prepare(connection: sqlite3.Connection) -> None:
    if _is_to_be_prepared(_version(connection)):
        with _transaction(connection):
            # Checked again inside: another process may have created them since.
            version = _version(connection)
            if version == 0:
                make_tables(connection)
            elif _is_to_be_prepared(version):
                carry_over(connection, version)
    version = _version(connection)
    if version != VERSION:
        raise _OtherVersionError(f"its version is {version}, not {VERSION}")


def _is_to_be_prepared(version: int) -> bool:
    return version == 0 or OLDEST <= version < VERSION


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _patiently(action: Callable[[], object]) -> None:
    """Retries while busy: unlike other statements, a change of the journal mode doesn't wait for other processes."""
    for attempt in range(20):
        try:
            action()
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            time.sleep(0.01 * (attempt + 1))
        else:
            return


def _code(error: sqlite3.Error) -> int:
    """The primary result code; extended codes use the upper bits."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _is_broken(error: sqlite3.Error) -> bool:
    lacks_tables = _code(error) == sqlite3.SQLITE_ERROR and "no such" in str(error)
    broken = _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    return broken or lacks_tables or isinstance(error, _OtherVersionError)


def _is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _is_read_only(error: sqlite3.Error) -> bool:
    return _code(error) in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_FULL}
