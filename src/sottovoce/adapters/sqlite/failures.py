"""What SQLite's errors mean to a person: one sentence each, without anything that was stored.

An error of the library can quote the values that it was given, so its own text is never passed on,
and callers raise what this module makes outside of their `except`, where no context sticks to it.
"""

from typing import Final, TypeAlias

import apsw

from sottovoce.base.errors import StorageError, StoreFileError, UnstorableError

# The second is what the library raises for text that has no UTF-8 form.
SqliteFailure: TypeAlias = apsw.Error | UnicodeEncodeError

SQLITE_FAILURES: Final = (apsw.Error, UnicodeEncodeError)

BRING_BACK: Final = "bring a backup back with: sottovoce backup restore FILE --replace"

_SENTENCES: Final[dict[type[Exception], str]] = {
    apsw.BusyError: "is being written by another program; close that one and try again",
    apsw.CantOpenError: "cannot be opened; look whether the folder exists and can be written",
    apsw.ConnectionClosedError: "is closed already",
    apsw.CorruptError: f"is damaged; {BRING_BACK}",
    apsw.FullError: "cannot grow, for the disk is full; make room and try again",
    apsw.IOError: "cannot be read or written, for the disk reports an error; look at its state",
    apsw.NotADBError: f"cannot be decrypted: it is damaged; {BRING_BACK}",
    apsw.PermissionsError: "may not be used by this user; look at who owns it",
    apsw.ReadOnlyError: "may be read and not written; look at its rights and its folder's",
    UnicodeEncodeError: "takes no text that is not valid Unicode",
}

# Faults of what is stored or of a statement: the same would fail again on an emptier disk.
_FOR_EVER: Final = (
    apsw.ConstraintError,
    apsw.MismatchError,
    apsw.MisuseError,
    apsw.RangeError,
    apsw.SQLError,
    apsw.TooBigError,
    UnicodeEncodeError,
)

_OF_THE_FILE: Final = (apsw.CorruptError, apsw.NotADBError)


def storage_error(failure: SqliteFailure, name: str) -> StorageError:
    """Return the error that says what happened to the database of this name."""
    if isinstance(failure, apsw.IOError) and _is_full(failure):
        return storage_error(apsw.FullError(), name)
    sentence = _SENTENCES.get(type(failure))
    if sentence is None:
        sentence = f"cannot be used; SQLite calls the reason {type(failure).__name__}"
    text = f"the database {name} {sentence}"
    if isinstance(failure, _FOR_EVER):
        return UnstorableError(text)
    return (StoreFileError if isinstance(failure, _OF_THE_FILE) else StorageError)(text)


def _is_full(failure: apsw.IOError) -> bool:
    """Tell whether a file beside the database (its log's index) found no room."""
    return getattr(failure, "extendedresult", None) == apsw.SQLITE_IOERR_SHMSIZE
