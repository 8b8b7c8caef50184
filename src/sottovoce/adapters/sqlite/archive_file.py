"""The file of an archive: how it is opened, what is in it, and what its errors mean to a person.

It is not encrypted, for it holds what travelled in the open. One process writes it at a time.

Spec: docs/reference/storage.md, "Archives".
"""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import apsw

from sottovoce.adapters.sqlite.failures import SQLITE_FAILURES, SqliteFailure, storage_error
from sottovoce.base.errors import StorageError, StoreFileError

APPLICATION_ID: Final = 0x736F_7461  # "sota"
VERSION: Final = 1  # of the tables
SECONDS_PER_DAY: Final = 86_400

# Envelopes lie as they came, so that those of a batch are written side by side. Two indexes lead to
# them: by topic within a day, and in the order of all, for requests of many topics and for deleting
# the oldest. (With envelopes day by day and topic by topic instead, pages are found as quickly, but
# each envelope of a batch is written to another place, and a third as many are stored in a second.)
# A day of seconds that make no sense (1970, 2106) is a few rows more and nothing else.
_TABLES: Final = f"""
CREATE TABLE envelope (
  number INTEGER PRIMARY KEY,
  day INTEGER NOT NULL,
  topic BLOB NOT NULL,
  sent INTEGER NOT NULL,
  hash BLOB NOT NULL,
  raw BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX by_topic ON envelope (day, topic, sent, hash);
CREATE INDEX in_order ON envelope (sent, hash);
CREATE TABLE topic_of_day (
  day INTEGER NOT NULL,
  topic BLOB NOT NULL,
  PRIMARY KEY (day, topic)
) STRICT, WITHOUT ROWID;
CREATE TABLE total (envelopes INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO total VALUES (0, 0);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""

# Some fifteen envelopes of the usual size to a page, or a hundred entries of an index. With the
# usual 4 kB of SQLite, or with 16, fewer are stored in a second.
_PAGE_BYTES: Final = 8192
# The pages of the present day's topics are changed with every batch.
_WRITER_CACHE_KIB: Final = 32_768
_READER_CACHE_KIB: Final = 8192
# How many pages the log has before it is carried into the file: each page is then written once
# for several batches. The log is cut to as much when it begins anew.
_LOG_PAGES: Final = 4000
# As many statements as topics are merged stay prepared.
_STATEMENTS: Final = 256
_BUSY_TIMEOUT_MS: Final = 3000  # ours hold each other up for milliseconds
_OWNER_ONLY: Final = 0o600

_ALWAYS: Final = (
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
# A commit is on the disk when it returns: with less than FULL, a power cut takes the last ones.
_WRITER: Final = (
    "PRAGMA synchronous = FULL",
    f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}",
    f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}",
    f"PRAGMA journal_size_limit = {_LOG_PAGES * _PAGE_BYTES}",
)
_READER: Final = ("PRAGMA query_only = ON", f"PRAGMA cache_size = -{_READER_CACHE_KIB}")

_BEGIN_ANEW: Final = (
    "stop the server and move the file away; it begins with an empty one then, which other "
    "mailservers can fill"
)


def archive_error(failure: SqliteFailure, name: str) -> StorageError:
    """Return the error that says what happened to the archive of this name."""
    # Statements are always the same: one that makes no sense tells of tables that are not ours.
    # It is no fault of what is stored, which would be left out for it.
    if isinstance(failure, apsw.CorruptError | apsw.NotADBError | apsw.SQLError):
        return StoreFileError(f"the archive {name} is damaged or none; {_BEGIN_ANEW}")
    return storage_error(failure, name)


def connect_archive(path: Path, *, is_writer: bool, vfs: str = "") -> apsw.Connection:
    """Open a connection to an archive.

    Args:
        path: The file; the one that writes makes it if there is none.
        is_writer: Whether it writes.
        vfs: SQLite's name of the file system to use; empty for its own.

    Raises:
        StorageError: It cannot be read or made, is damaged, or is none of ours.
    """
    if is_writer:
        _make(path)
    try:
        raw = apsw.Connection(
            str(path),
            flags=apsw.SQLITE_OPEN_READWRITE,
            vfs=vfs or None,
            statementcachesize=_STATEMENTS,
        )
    except SQLITE_FAILURES as error:
        failure = archive_error(error, str(path))
    else:
        with ExitStack() as undo:
            undo.callback(raw.close)
            try:
                _settle(raw, str(path), is_writer=is_writer)
                undo.pop_all()
            except SQLITE_FAILURES as error:
                failure = archive_error(error, str(path))
            else:
                return raw
    raise failure


def _make(path: Path) -> None:
    """Make an empty file that its owner alone can read, unless there is one.

    Raises:
        StorageError: The folder cannot be written.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
    except OSError as error:
        failure = StorageError(f"the archive {path} cannot be opened: {error.strerror}")
    else:
        return
    raise failure


def _settle(raw: apsw.Connection, name: str, *, is_writer: bool) -> None:
    """Make the settings, and the tables in an empty file; errors of SQLite pass through.

    Raises:
        StoreFileError: The file is another program's, or of a newer version of this one.
    """
    raw.set_busy_timeout(_BUSY_TIMEOUT_MS)
    raw.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)  # one plan, whatever is bound
    is_empty = _check(raw, name)
    if is_writer and is_empty:
        raw.execute(f"PRAGMA page_size = {_PAGE_BYTES}").fetchall()
    if is_writer:
        raw.execute("PRAGMA journal_mode = WAL").fetchall()
    for statement in (*_ALWAYS, *(_WRITER if is_writer else _READER)):
        raw.execute(statement).fetchall()
    if is_writer and is_empty:
        with raw:  # one transaction
            raw.execute(_TABLES).fetchall()


def _check(raw: apsw.Connection, name: str) -> bool:
    """Check whose file this is; returns whether it is empty. Errors of SQLite pass through.

    Raises:
        StoreFileError: It is another program's, or of a newer version of this one.
    """
    whose, version, tables = (
        raw.execute(question).fetchall()[0][0]
        for question in (
            "PRAGMA application_id",
            "PRAGMA user_version",
            "SELECT count(*) FROM sqlite_schema",
        )
    )
    if not (whose or version or tables):
        return True
    if whose != APPLICATION_ID:
        raise StoreFileError(
            f"the file {name} is no archive of sottovoce's; name another file for the archive"
        )
    if version != VERSION:
        raise StoreFileError(
            f"the archive {name} has version {version}, and this program knows version {VERSION}; "
            "install the newer sottovoce that wrote it, or name another file"
        )
    return False
