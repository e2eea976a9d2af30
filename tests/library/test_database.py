from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.database import Database
from anymatix_fetcher.library.entries import HowKnown
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.schema import OLDEST, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHA256 = Digest("sha256", "ab" * 32)
INSERT = "INSERT OR REPLACE INTO files VALUES (?, '1', '2', 3, 4, 5, NULL, 'none')"


def put(name: str) -> Callable[[sqlite3.Connection], None]:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(INSERT, (name.encode(),))

    return change


def names(connection: sqlite3.Connection) -> list[str]:
    return [row[0].decode() for row in connection.execute("SELECT path FROM files ORDER BY path")]


def known(database: Database) -> list[str]:
    return database.read(names, [])


def remembered(path: Path) -> list[str]:
    with closing(Database(path)) as database:
        return known(database)


def test_what_is_written_is_read_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "index.sqlite"
    with closing(Database(path)) as database:
        database.write(put("a"))
        assert database.is_kept
    assert remembered(path) == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean something else there")
def test_it_is_for_the_users_eyes_only_also_where_it_was_made_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(Database(path)) as database:
        database.write(put("a"))
        assert {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {
            "index.sqlite": 0o600,
            "index.sqlite-shm": 0o600,
            "index.sqlite-wal": 0o600,
        }
    path.chmod(0o644)
    with closing(Database(path)):
        assert path.stat().st_mode & 0o777 == 0o600


def test_processes_see_what_others_write(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(Database(path)) as first, closing(Database(path)) as second:
        first.write(put("a"))
        second.write(put("b"))
        assert known(first) == known(second) == ["a", "b"]


def test_many_writers_at_a_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"

    def work(start: int) -> None:
        with closing(Database(path)) as database:
            for number in range(start, start + 25):
                database.write(put(f"{number:03}"))

    threads = [Thread(target=work, args=(start,)) for start in range(0, 200, 25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(remembered(path)) == 200


def test_many_processes_open_a_new_one_at_once(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    program = """
import sys, pathlib
from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.database import Database
from anymatix_fetcher.library.entries import HowKnown
from anymatix_fetcher.library.index import Index
database = Database(pathlib.Path(sys.argv[1]))
for number in range(30):
    name = f"{sys.argv[2]}-{number}".encode()
    insert = "INSERT INTO files VALUES (?, '1', '2', 3, 4, 5, NULL, 'none')"
    database.write(lambda connection: connection.execute(insert, (name,)))
assert database.is_kept
database.close()
"""
    running = [subprocess.Popen([sys.executable, "-c", program, str(path), str(number)]) for number in range(4)]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    assert len(remembered(path)) == 120


def test_a_change_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        put("a")(connection)
        raise KeyError

    with closing(Database(tmp_path / "index.sqlite")) as database:
        with pytest.raises(KeyError):
            database.write(change)
        assert known(database) == []
        database.write(put("b"))
        assert known(database) == ["b"]


@pytest.mark.parametrize(
    "junk", [b"this is no database at all, and long enough to be one" * 100, b"SQLite format 3\0" + b"x" * 5000]
)
def test_a_broken_file_is_set_aside_and_learned_anew(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(junk)
    with closing(Database(path)) as database:
        assert known(database) == []
        database.write(put("a"))
        assert database.is_kept
    assert remembered(path) == ["a"]
    assert (tmp_path / "index.sqlite.broken").read_bytes() == junk


def test_a_file_that_breaks_while_it_is_open_is_set_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(Database(path)) as first:
        for number in range(500):
            first.write(put(f"{number:0200}"))
        first.read(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall(), [])
    with closing(Database(path)) as database:
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xaa" * (path.stat().st_size - 4096))
        assert known(database) == []
        database.write(put("a"))
        assert known(database) == ["a"]
    assert remembered(path) == ["a"]


@pytest.mark.parametrize("version", [VERSION + 1, OLDEST - 1, -1])
def test_tables_of_another_version_are_set_aside(tmp_path: Path, version: int) -> None:
    path = tmp_path / "index.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("CREATE TABLE files (something)")
        connection.commit()
    with closing(Database(path)) as database:
        database.write(put("a"))
        assert known(database) == ["a"]
    assert (tmp_path / "index.sqlite.broken").exists()


VERSION_3 = """
CREATE TABLE files (
    path BLOB PRIMARY KEY, device TEXT NOT NULL, inode TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE digests (
    path BLOB NOT NULL REFERENCES files ON DELETE CASCADE,
    algorithm TEXT NOT NULL, hex TEXT NOT NULL, proof TEXT NOT NULL,
    PRIMARY KEY (path, algorithm)
) WITHOUT ROWID;
CREATE INDEX by_digest ON digests (algorithm, hex);
CREATE TABLE origins (
    path BLOB NOT NULL REFERENCES files ON DELETE CASCADE, identity TEXT NOT NULL, PRIMARY KEY (path, identity)
) WITHOUT ROWID;
CREATE TABLE readings (
    path BLOB PRIMARY KEY REFERENCES files ON DELETE CASCADE,
    at REAL NOT NULL, block_size INTEGER NOT NULL, checksums BLOB NOT NULL
);
CREATE TABLE answers (question TEXT PRIMARY KEY, at REAL NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 3;
"""
"""The tables of the version that users have had."""


def earlier_version(path: Path, model: Path, proof: str) -> None:
    """An index of version 3 that says ``proof`` of the file."""
    status, key = model.stat(), os.fsencode(model)
    blocks = BlockChecksums.of(4, status.st_size, [1, 2])
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_3)
        state = (str(status.st_dev), str(status.st_ino), status.st_size, status.st_mtime_ns)
        connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?)", (key, *state))
        connection.execute("INSERT INTO digests VALUES (?, 'sha256', ?, ?)", (key, SHA256.hex, proof))
        connection.execute("INSERT INTO origins VALUES (?, 'one')", (key,))
        connection.execute("INSERT INTO readings VALUES (?, 7.0, ?, ?)", (key, blocks.block_size, blocks.data))
        connection.execute("INSERT INTO answers VALUES ('who?', 5.0, 'nobody')")
        connection.commit()


@pytest.mark.parametrize("proof", ["hashed", "claimed", "refuted"])
def test_what_an_earlier_version_knew_is_a_claim_until_it_is_read(tmp_path: Path, proof: str) -> None:
    model, path = tmp_path / "model.pt", tmp_path / "index.sqlite"
    model.write_bytes(b"weights")
    earlier_version(path, model, proof)
    with Index(path) as index:
        assert [found.proof for found in index.wanted(SHA256)] == [HowKnown.CLAIMED]
        assert index.digests(model) == ()
        assert index.answer("who?", not_before=1.0) == "nobody"
        index.add(model, [SHA256])
        known = index.current(model)
        assert known is not None
        assert index.came_from(model, ["one"]) == (proof != "claimed")
        assert known.digests == (SHA256,)
        assert (known.blocks is not None) == (proof != "claimed"), "they belong to what was read then"
    assert not (tmp_path / "index.sqlite.broken").exists()


def test_passwords_that_version_4_has_kept_are_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(Database(path)) as database:
        database.write(put("a"))
    with closing(sqlite3.connect(path)) as connection:
        asked = [("https://user:hunter2@mirror.example sha256:ab",), ("https://civitai.com sha256:ab",)]
        connection.executemany("INSERT INTO answers VALUES (?, 5.0, 'nobody')", asked)
        connection.execute("PRAGMA user_version = 4")
        connection.commit()
    assert b"hunter2" in path.read_bytes()
    with Index(path) as index:
        assert index.answer(asked[0][0], not_before=1.0) is None
        assert index.answer(asked[1][0], not_before=1.0) == "nobody"
    assert remembered(path) == ["a"]
    assert b"hunter2" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_processes_that_carry_over_at_once_lose_nothing(tmp_path: Path) -> None:
    model, path = tmp_path / "model.pt", tmp_path / "index.sqlite"
    model.write_bytes(b"weights")
    earlier_version(path, model, "hashed")
    program = """
import sys, pathlib
from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.database import Database
from anymatix_fetcher.library.entries import HowKnown
from anymatix_fetcher.library.index import Index
database = Database(pathlib.Path(sys.argv[1]))
assert database.is_kept
assert database.read(lambda connection: len(connection.execute("SELECT * FROM hashed").fetchall()), 0) == 1
database.close()
"""
    running = [subprocess.Popen([sys.executable, "-c", program, str(path)]) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]


def test_a_database_without_our_tables_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.commit()
    with closing(Database(path)) as database:
        assert known(database) == []
        database.write(put("a"))
        assert known(database) == ["a"]


def test_where_the_folder_cannot_be_made_it_works_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with closing(Database(tmp_path / "file" / "index.sqlite")) as database:
        database.write(put("a"))
        assert known(database) == ["a"]
        assert not database.is_kept


def test_where_the_file_is_a_folder_it_works_in_memory(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").mkdir()
    with closing(Database(tmp_path / "index.sqlite")) as database:
        database.write(put("a"))
        assert known(database) == ["a"]
        assert not database.is_kept


def test_where_the_file_can_no_longer_be_written_what_it_knows_goes_on_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(Database(path)) as database:
        database.write(put("a"))
        database.read(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall(), [])
        database._connection.execute("PRAGMA query_only = ON")
        database.write(put("b"))
        assert known(database) == ["a", "b"]
        assert not database.is_kept
    assert remembered(path) == ["a"]


def test_who_finds_it_held_for_too_long_goes_on_without(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(Database(path, busy_seconds=0.01)) as database, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        database.write(put("a"))
        assert known(database) == []
        other.rollback()
        database.write(put("b"))
        assert known(database) == ["b"]
        assert database.is_kept


def test_without_a_path_it_is_in_memory() -> None:
    with closing(Database(None)) as database:
        database.write(put("a"))
        assert known(database) == ["a"]
        assert not database.is_kept


def test_a_closed_one_knows_nothing_and_takes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "index.sqlite")
    database.close()
    database.close()
    assert known(database) == []
    database.write(put("a"))
    assert remembered(tmp_path / "index.sqlite") == []
