"""The index's file: SQLite that processes share, set aside when it is broken, in memory where it can't be written."""

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
"""Every change is done in milliseconds: who waits longer than this goes on without."""


class Database:
    """An open database; any thread may use it, one at a time.

    Args:
        path: Where it is; its folder is made. ``None`` keeps it in memory.
        busy_seconds: How long to wait for another process that is writing.
    """

    def __init__(self, path: Path | None, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._lock = RLock()
        self._connection = self._open()

    @property
    def is_kept(self) -> bool:
        """Whether the next process will find what is learned."""
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
        """Carries out ``change`` wholly or not at all; false where it can't be, and what it says is forgotten."""
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
        """Closes it; a second call does nothing."""
        with self._lock:
            self._connection.close()

    def _take(self, error: sqlite3.DatabaseError) -> bool:
        """Whether the same may work now. A broken file is set aside, and one that can't be written is left alone."""
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
        return not _is_busy(error)  # what is busy has been waited for; a disk's trouble may pass

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
        """Renames the file, so that it can be examined. Of earlier ones only the last is kept."""
        if self._path is None:
            return
        _logger.warning("the index %s is set aside, and is learned anew: %s", self._path, reason)
        with suppress(OSError):
            self._path.replace(self._path.with_name(f"{self._path.name}.broken"))
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()


class _OtherVersionError(sqlite3.DatabaseError):
    """The tables are of another version."""


def _make_private(path: Path) -> None:
    """Makes the file readable for its user only. SQLite gives its mode to the files beside it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE))
    if path.stat().st_mode & ~PRIVATE_MODE & 0o777:
        path.chmod(PRIVATE_MODE)


def _connect(name: str, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    # isolation_level=None: transactions begin where we say, not where the module guesses.
    connection = sqlite3.connect(name, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        _patiently(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone())
        connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last changes, never the file
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _copied(path: Path) -> sqlite3.Connection:
    """What a file that can't be written knows, in memory; nothing where it can't be read either."""
    memory = _connect(":memory:")
    if path.is_file():
        # immutable: without it, reading makes files beside the database, which the folder may not allow.
        name = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(name, uri=True)) as file:
            if OLDEST <= _version(file) <= VERSION:
                file.backup(memory)
                _prepare(memory)
    return memory


def _prepare(connection: sqlite3.Connection) -> None:
    if _is_to_be_prepared(_version(connection)):
        with _transaction(connection):
            # Asked again inside: another process may have made them since.
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
    """Changing the journal's mode doesn't wait for other processes by itself."""
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
    """The primary result code; extended ones have more in their upper bits."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _is_broken(error: sqlite3.Error) -> bool:
    lacks_tables = _code(error) == sqlite3.SQLITE_ERROR and "no such" in str(error)
    broken = _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    return broken or lacks_tables or isinstance(error, _OtherVersionError)


def _is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _is_read_only(error: sqlite3.Error) -> bool:
    return _code(error) in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_FULL}
