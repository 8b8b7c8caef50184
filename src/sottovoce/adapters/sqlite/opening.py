"""Whether a database is the one that was open last, or an older copy put in its place.

A copy that comes back brings keys back that were used after it was made. So each opening leaves a
mark: an empty file beside the database is made anew, and what the file system says of it (its
number and the time of its last change, which no program can set) is written into the database. A
copy of the database, of both files, or of the whole folder does not fit the mark any more. What
turns the file system itself back, such as a virtual machine's snapshot, cannot be seen from here.

Spec: docs/reference/storage.md, "Backup".
"""

import os
from pathlib import Path
from typing import Final

from sottovoce.adapters.sqlite.connection import Writing
from sottovoce.adapters.sqlite.file import MARK_SUFFIX
from sottovoce.base.errors import StorageError

_OWNER_ONLY: Final = 0o600
_OF_A_COPY: Final = "a copy"  # no file's description


class Openings:
    """The mark of one database.

    Args:
        writing: The database.
        path: Its file; None in memory, where nothing comes back.
    """

    def __init__(self, writing: Writing, path: Path | None) -> None:
        self._db = writing
        self._mark = None if path is None else path.with_name(path.name + MARK_SUFFIX)

    def was_restored(self) -> bool:
        """Tell whether this is another state than the one that was open last.

        Raises:
            StorageError: The database cannot be read.
        """
        row = self._db.row("SELECT mark FROM opening")
        return self._mark is not None and row is not None and row[0] != _describe(self._mark)

    def spoil(self) -> None:
        """Let the next opening take this for an older copy; in the transaction that is open.

        Raises:
            StorageError: The database cannot be written.
        """
        self._write(_OF_A_COPY)

    def note(self) -> None:
        """Leave a new mark, in the transaction that is open.

        Raises:
            StorageError: The folder or the database cannot be written.
        """
        if self._mark is None:
            return
        new = self._mark.with_name(self._mark.name + ".new")
        try:
            os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY))
            new.replace(self._mark)
        except OSError as error:
            reason = error.strerror
        else:
            self._write(_describe(self._mark))
            return
        raise StorageError(f"the folder {self._mark.parent} cannot be written: {reason}")

    def _write(self, mark: str) -> None:
        """Write a mark into the database.

        Raises:
            StorageError: The database cannot be written.
        """
        self._db.write("INSERT OR REPLACE INTO opening (only, mark) VALUES (1, ?)", (mark,))


def _describe(mark: Path) -> str:
    try:
        status = mark.stat()
    except OSError:
        return ""
    return f"{status.st_ino} {status.st_ctime_ns}"
