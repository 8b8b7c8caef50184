"""The file of a database before SQLite has it: its lock, its making, its first bytes.

Spec: docs/reference/storage.md.
"""

import fcntl
import os
from pathlib import Path
from typing import Final

import apsw

from sottovoce.adapters.sqlite.failures import BRING_BACK, SQLITE_FAILURES, storage_error
from sottovoce.adapters.sqlite.key import SALT_BYTES
from sottovoce.base.errors import StorageError, StoreFileError

# Beside the database, so that only one process writes at a time. It stays when it is let go: who
# removes a lock file can remove the one that another process has just taken.
LOCK_SUFFIX: Final = ".lock"
PAGE_BYTES: Final = 4096  # SQLCipher 4's own; a database is whole pages
# Beside the database, too, from its first opening on.
MARK_SUFFIX: Final = ".opened"
_NEW_SUFFIX: Final = ".new"
_WAL_SUFFIX: Final = "-wal"
# What only a database leaves behind that was finished and opened.
_TRACES: Final = (_WAL_SUFFIX, MARK_SUFFIX)
_LOGS: Final = (_WAL_SUFFIX, "-shm", "-journal")  # what SQLite keeps beside a database
_PLAIN_MAGIC: Final = b"SQLite format 3\x00"
_OWNER_ONLY: Final = 0o600


def take_lock(path: Path) -> int:
    """Take the lock of a database; closing the returned file (or dying) lets go.

    Raises:
        StorageError: The folder cannot be written, or another process has the database open.
    """
    try:
        lock = os.open(f"{path}{LOCK_SUFFIX}", os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
    except OSError as error:
        failure = StorageError(
            f"the folder of the database {path} cannot be used: {error.strerror}"
        )
    else:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            failure = StorageError(
                f"the database {path} is open already, here or in another process; close that one"
            )
        else:
            return lock
    raise failure


def start_new(path: Path) -> Path:
    """Make an empty file that its owner alone can read, to be finished and then put in place.

    Raises:
        StorageError: There is a database of this name, or was one, or the folder cannot be written.
    """
    new = path.with_name(path.name + _NEW_SUFFIX)
    try:
        if path.exists() and path.stat().st_size:
            failure = StorageError(
                f"there is a database {path} already; open that one, or choose another name"
            )
        elif traces := _traces(path):
            failure = StoreFileError(
                f"the database {path} is missing, and there was one, for it left {traces} beside "
                f"it; put it back as it was, or {BRING_BACK}; to begin with an empty one, move "
                "what it left away first"
            )
        else:
            # What was left when a database was being made must not go on in the one made now.
            for left in (new, *(Path(f"{each}{log}") for each in (path, new) for log in _LOGS)):
                left.unlink(missing_ok=True)
            os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
            return new
    except OSError as error:
        failure = StorageError(f"the database {path} cannot be made: {error.strerror}")
    raise failure


def _traces(path: Path) -> str:
    """Name what is left of a database that is not there; empty if there never was one."""
    names = (path.name + suffix for suffix in _TRACES)
    return " and ".join(name for name in names if path.with_name(name).exists())


def put_in_place(new: Path, path: Path) -> None:
    """Give a finished file its name, so that no crash leaves half a database under it.

    Raises:
        StorageError: The folder cannot be written.
    """
    try:
        new.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        failure = StorageError(f"the database {path} cannot be made: {error.strerror}")
    else:
        return
    raise failure


def was_made(path: Path) -> bool:
    """Tell whether there is a database, or was one that left something behind."""
    return path.exists() or bool(_traces(path))


def require_file(path: Path) -> None:
    """Check that there is a file.

    Raises:
        StoreFileError: There is none.
    """
    if not path.is_file():
        raise StoreFileError(f"there is no database {path}; look at the path, or make an account")


def read_salt(path: Path) -> bytes:
    """Return the first 16 bytes of a database, which are its salt.

    They are read through SQLite: a file opened and closed beside it would take its locks away.

    Raises:
        StorageError: It cannot be read, or it cannot be a database of ours.
    """
    _check_size(path)
    try:
        file = apsw.VFSFile(
            "", str(path), [apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB, 0]
        )
        start = file.xRead(SALT_BYTES, 0)
        file.xClose()
    except SQLITE_FAILURES as error:
        failure = storage_error(error, str(path))
    else:
        if start != _PLAIN_MAGIC:
            return start
        failure = StoreFileError(
            f"the database {path} is not encrypted, so it is none of sottovoce's; "
            "name the file of a sottovoce account"
        )
    raise failure


def _check_size(path: Path) -> None:
    """Check that a file is whole pages.

    Raises:
        StoreFileError: It is empty or cut off.
    """
    size_bytes = path.stat().st_size
    if not size_bytes:
        raise StoreFileError(
            f"the database {path} is empty; {BRING_BACK}, or remove it to begin with an empty one"
        )
    if size_bytes % PAGE_BYTES:
        raise StoreFileError(f"the database {path} is cut off, or no database; {BRING_BACK}")
