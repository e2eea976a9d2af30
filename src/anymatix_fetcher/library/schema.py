"""The index's tables, and the migration from earlier versions.

::

    files      The files that were read here: their states, when, and what had verified them.
    hashed     Their digests.
    blocks     The checksums of their blocks.
    origins    The references that they came from.
    refuted    The state in which a file had wrong content.
    claims     Unproved digests of files, any number for each.
    folders    The folders that were scanned for claims, and their subfolders.
    sidecars   The shortened content of sidecars, and whether this program wrote them.
    answers    Cached answers to questions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

VERSION = 5
"""The version of the tables. A file of an unknown version is set aside, because its content can be learned again."""
OLDEST = 3
"""The oldest version that is migrated."""

_STATE = """device TEXT NOT NULL, inode TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL DEFAULT 0"""
# Device and inode numbers are text, because some systems use more than 63 bits.

_FILES = f"""
CREATE TABLE files (
    path BLOB PRIMARY KEY, {_STATE}, read_at REAL, verified TEXT NOT NULL DEFAULT 'none'
) WITHOUT ROWID;
CREATE TABLE origins (
    path BLOB NOT NULL REFERENCES files ON DELETE CASCADE,
    identity TEXT NOT NULL,
    PRIMARY KEY (path, identity)
) WITHOUT ROWID;
CREATE TABLE answers (
    question TEXT PRIMARY KEY, at REAL NOT NULL, answer TEXT NOT NULL
) WITHOUT ROWID;
"""
_SINCE_4 = f"""
CREATE INDEX by_inode ON files (inode);
CREATE TABLE hashed (
    path BLOB NOT NULL REFERENCES files ON DELETE CASCADE,
    algorithm TEXT NOT NULL, hex TEXT NOT NULL,
    PRIMARY KEY (path, algorithm)
) WITHOUT ROWID;
CREATE INDEX by_digest ON hashed (algorithm, hex);
CREATE TABLE blocks (
    path BLOB PRIMARY KEY REFERENCES files ON DELETE CASCADE,
    block_size INTEGER NOT NULL, checksums BLOB NOT NULL
);
CREATE TABLE refuted (path BLOB PRIMARY KEY, {_STATE}) WITHOUT ROWID;
CREATE TABLE claims (
    path BLOB NOT NULL, algorithm TEXT NOT NULL, hex TEXT NOT NULL,
    PRIMARY KEY (path, algorithm, hex)
) WITHOUT ROWID;
CREATE INDEX by_claim ON claims (algorithm, hex);
CREATE TABLE folders (path BLOB PRIMARY KEY, {_STATE}, inside BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sidecars (
    folder BLOB NOT NULL, name TEXT NOT NULL, {_STATE},
    is_ours INTEGER NOT NULL, identities TEXT NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (folder, name)
);
"""
_FROM_3 = """
ALTER TABLE files ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE files ADD COLUMN read_at REAL;
ALTER TABLE files ADD COLUMN verified TEXT NOT NULL DEFAULT 'none';
DROP INDEX by_digest;
"""
_CARRIED_OVER = """
UPDATE files SET read_at = (SELECT at FROM readings WHERE readings.path = files.path AND at > 0);
INSERT INTO hashed SELECT path, algorithm, hex FROM digests
    WHERE proof = 'hashed' OR proof = 'refuted' AND path IN (SELECT path FROM readings);
INSERT INTO blocks SELECT path, block_size, checksums FROM readings;
INSERT INTO claims SELECT path, algorithm, hex FROM digests WHERE proof != 'hashed';
DROP TABLE digests;
DROP TABLE readings;
"""
_WITHOUT_PASSWORDS = """
DELETE FROM answers WHERE instr(question, '@') > 0;
"""


def make_tables(connection: sqlite3.Connection) -> None:
    """Creates all tables in an empty database, within the caller's transaction."""
    _run(connection, _FILES + _SINCE_4)


def carry_over(connection: sqlite3.Connection, version: int) -> None:
    """Migrates the tables of ``version``, :data:`OLDEST` or later, within the caller's transaction.

    Version 3 had no change time. Its entries get one that no file has, so that they are claims until the file is read.
    Up to version 4, a question could contain the password of an endpoint's URL.
    """
    connection.execute("PRAGMA secure_delete = ON")  # overwrites what is deleted
    _run(connection, (_FROM_3 + _SINCE_4 + _CARRIED_OVER if version == OLDEST else "") + _WITHOUT_PASSWORDS)


def _run(connection: sqlite3.Connection, statements: str) -> None:
    for statement in filter(str.strip, statements.split(";")):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
