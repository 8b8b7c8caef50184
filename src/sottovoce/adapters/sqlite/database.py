"""Opening a database: its lock, its key, its settings and its version.

It owns what stands before the first statement of a store: whether the password opens the file and
whether this program knows its tables. What is in the tables the stores know.

Spec: docs/reference/storage.md; SQLite3 Multiple Ciphers, "SQLCipher: AES 256 Bit" (legacy 4).
"""

import itertools
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import apsw

from sottovoce.adapters.sqlite.connection import Reading, Writing
from sottovoce.adapters.sqlite.failures import BRING_BACK, SQLITE_FAILURES, storage_error
from sottovoce.adapters.sqlite.file import (
    put_in_place,
    read_salt,
    require_file,
    start_new,
    take_lock,
)
from sottovoce.adapters.sqlite.key import (
    KDF_ITERATIONS,
    SALT_BYTES,
    DatabaseKey,
    DatabasePassword,
    derive_key,
)
from sottovoce.adapters.sqlite.migration import check_version, migrate
from sottovoce.base.errors import StoreFileError

# How long a statement waits for another connection; ours hold each other up for milliseconds.
BUSY_TIMEOUT_MS: Final = 3000
# The log is cut to this when it begins anew; it grows to about as much before it is carried over.
LOG_BYTES_MAX: Final = 4 * 1024 * 1024

# What is in memory must not reach a disk in the clear, and what a file says is not to be trusted.
_ALWAYS: Final = (
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
_WRITER: Final = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA journal_mode = WAL",
    f"PRAGMA journal_size_limit = {LOG_BYTES_MAX}",
)
_READER: Final = ("PRAGMA query_only = ON",)
_FLAGS: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI

_memory_numbers: Final = itertools.count()


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """How a database is opened.

    Attributes:
        kdf_iterations: Rounds of key derivation; another number than SQLCipher's own belongs to
            tests, for whoever opens the file has to know it.
        vfs: SQLite's name of the file system to use; empty for its own.
    """

    kdf_iterations: int = KDF_ITERATIONS
    vfs: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is, and what opens it.

    Attributes:
        file: The path, or SQLite's address of a database in memory.
        name: How errors call it.
        key: The key; None in memory.
        vfs: SQLite's name of the file system to use; empty for its own.
    """

    file: str
    name: str
    key: DatabaseKey | None = None
    vfs: str = ""


class Database:
    """One account's open database: the connection that writes, and the way to readers.

    Args:
        writing: The connection.
        address: Where it leads.
        lock: The open lock file; None in memory.

    Attributes:
        path: The file; None in memory.
    """

    def __init__(self, writing: Writing, address: Address, lock: int | None) -> None:
        self.writing: Final = writing
        self.path: Final = None if address.key is None else Path(address.file)
        self._address = address
        self._lock = lock

    @classmethod
    def in_file(
        cls, path: Path, password: DatabasePassword, settings: DatabaseSettings, *, create: bool
    ) -> Self:
        """Open a file, or make it; deriving the key takes a tenth of a second.

        Raises:
            StorageError: There is no such file, or there is one already; another process has it
                open; it is damaged or not ours; the password is wrong; a newer program made it.
        """
        if not create:
            require_file(path)
        with ExitStack() as undo:
            lock = take_lock(path)
            undo.callback(os.close, lock)
            address = (_create if create else locate)(path, password, settings)
            writing = Writing(connect(address, is_writer=True), address.name)
            undo.pop_all()
        return cls(writing, address, lock)

    @classmethod
    def in_memory(cls) -> Self:
        """Make an empty database, which is gone when its last connection closes.

        Raises:
            StorageError: There is no memory for it.
        """
        address = _memory_address()
        return cls(Writing(connect(address, is_writer=True), address.name), address, None)

    def copied(self) -> Self:
        """Return a database in memory that has what was committed here.

        Raises:
            StorageError: This one cannot be read, or there is no memory.
        """
        address = _memory_address()
        raw = connect(address, is_writer=True)
        self.writing.copy_into(raw, address.name)
        return type(self)(Writing(raw, address.name), address, None)

    def open_reader(self) -> Reading:
        """Open a further connection, which reads what was committed.

        Raises:
            StorageError: The file cannot be read any more.
        """
        return Reading(connect(self._address, is_writer=False), self._address.name)

    def close(self) -> None:
        """Let go; what was not committed is undone.

        Raises:
            StorageError: The log could not be carried into the file; it is there at the next start.
        """
        try:
            self.writing.close()
        finally:
            lock, self._lock = self._lock, None
            if lock is not None:
                os.close(lock)


def open_reader(path: Path, password: DatabasePassword, settings: DatabaseSettings) -> Reading:
    """Open a file for reading alone, whoever writes it; deriving the key takes a tenth of a second.

    Raises:
        StorageError: There is no such file; it is damaged or not ours, or the password is wrong.
    """
    require_file(path)
    address = locate(path, password, settings)
    return Reading(connect(address, is_writer=False), address.name)


def _memory_address() -> Address:
    return Address(f"file:/sottovoce-{next(_memory_numbers)}?vfs=memdb", "in memory")


def locate(path: Path, password: DatabasePassword, settings: DatabaseSettings) -> Address:
    """Find out what opens a file.

    Raises:
        StorageError: It cannot be read, or it is none of ours.
    """
    key = derive_key(password, read_salt(path), iterations=settings.kdf_iterations)
    return Address(str(path), str(path), key, settings.vfs)


def _create(path: Path, password: DatabasePassword, settings: DatabaseSettings) -> Address:
    """Make a file with empty tables.

    Raises:
        StorageError: There is a database of this name, or it cannot be written.
    """
    new = start_new(path)
    salt = apsw.randomness(SALT_BYTES)
    key = derive_key(password, salt, iterations=settings.kdf_iterations)
    Reading(
        connect(Address(str(new), str(path), key, settings.vfs), is_writer=True), str(path)
    ).close()
    put_in_place(new, path)
    return Address(str(path), str(path), key, settings.vfs)


def connect(address: Address, *, is_writer: bool, may_be_old: bool = False) -> apsw.Connection:
    """Open a connection that is ready for statements.

    Args:
        address: Where the database is.
        is_writer: Whether it writes; then its tables are brought to the newest version.
        may_be_old: Whether one that only reads is content with tables of an older version.

    Raises:
        StorageError: The file cannot be opened with this key, or it is none of ours.
    """
    create = 0 if address.key else apsw.SQLITE_OPEN_CREATE
    try:
        raw = apsw.Connection(address.file, flags=_FLAGS | create, vfs=address.vfs or None)
    except SQLITE_FAILURES as error:
        failure = storage_error(error, address.name)
    else:
        with ExitStack() as undo:
            undo.callback(raw.close)
            try:
                _unlock(raw, address.key)
                _settle(raw, address.name, is_writer=is_writer, may_be_old=may_be_old)
                undo.pop_all()
            except apsw.NotADBError:
                failure = StoreFileError(
                    f"the database {address.name} does not open: the password is wrong, or the "
                    f"file is damaged or none of sottovoce's; {BRING_BACK}"
                )
            except SQLITE_FAILURES as error:
                failure = storage_error(error, address.name)
            else:
                return raw
    raise failure


def _unlock(raw: apsw.Connection, key: DatabaseKey | None) -> None:
    """Give SQLite the key; errors of SQLite pass through."""
    raw.set_busy_timeout(BUSY_TIMEOUT_MS)
    # One plan for a statement, whatever is bound: else most of ours are prepared anew at each call.
    raw.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    if key is not None:
        for setting in ("cipher = 'sqlcipher'", "legacy = 4", f'key = "{key.pragma}"'):
            raw.execute(f"PRAGMA {setting}", can_cache=False).fetchall()
    raw.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # the first page shows the key


def _settle(raw: apsw.Connection, name: str, *, is_writer: bool, may_be_old: bool) -> None:
    """Make the settings, and bring the tables to the newest version; errors of SQLite pass through.

    Raises:
        StorageError: The database is another program's, or of a newer version of this one.
    """
    for statement in _ALWAYS:
        raw.execute(statement).fetchall()
    version = check_version(raw, name, may_be_old=is_writer or may_be_old)
    if is_writer:
        migrate(raw, version)
    for statement in _WRITER if is_writer else _READER:
        raw.execute(statement).fetchall()
