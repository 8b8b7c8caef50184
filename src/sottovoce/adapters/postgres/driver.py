"""PostgreSQL's library, which is an extra, and what its errors mean to a person.

An error of the library can quote the values that it was given, so its own text is never passed on,
and callers raise what this module makes outside of their `except`, where no context sticks to it.
"""

import re
from importlib import import_module
from typing import TYPE_CHECKING, Final

from sottovoce.base.errors import StorageError, UnstorableError

if TYPE_CHECKING:
    from types import ModuleType

    import psycopg

_SENTENCES: Final = {
    "08": "cannot be reached; look whether the server runs and the address is right",
    "28": (
        "refuses this user; look at the name, at the password (~/.pgpass, or the file that "
        "PGPASSFILE names) and at the server's pg_hba.conf"
    ),
    "3D": "does not exist; make it with: createdb NAME",
    "42501": (
        "may not be used by this user; give it the right with: GRANT CREATE ON DATABASE ... TO ..."
    ),
    "53100": "cannot grow, for the disk of the server is full; make room there",
    "53300": "has no connection left; raise max_connections of the server",
    "53": "cannot be used, for the server lacks memory or room; look at its state",
    "25006": "may be read and not written; name the server that may be written",
    "40": "was in the way of another server's work; try again",
    "55P03": "is locked by another program for too long; look what it does, and try again",
    "57014": "did not answer in time; look how busy the server is",
    "57P": "is starting or shutting down; try again when it runs",
    "58": "cannot be read or written, for the disk reports an error; look at the server's state",
    "XX": "is damaged; bring it back from a backup, or name another database",
}
# Faults of what is stored: the same would fail again whatever the server's state is.
_FOR_EVER: Final = frozenset({"22", "23", "54"})
_UNREACHABLE: Final = "08"
# An error of connecting has words and no state. These are the server's own, in English; with
# others, the server counts as unreachable.
_STATES: Final = (
    (re.compile(r'database ".*" does not exist'), "3D"),
    (re.compile(r"authentication failed|no password supplied|pg_hba\.conf|role \""), "28"),
    (re.compile(r"too many clients|connection slots|too many connections"), "53300"),
    (re.compile(r"is (starting up|shutting down|not yet accepting)|in recovery mode"), "57P"),
)


def load() -> "ModuleType":
    """Import the library.

    Raises:
        StorageError: It is not installed.
    """
    try:
        return import_module("psycopg")
    except ImportError:
        failure = StorageError(
            "an archive in PostgreSQL needs the extra 'postgres'; "
            "install it with: pip install 'sottovoce[postgres]'"
        )
    raise failure


def name_of(conninfo: str) -> str:
    """Return how errors call a database: its name and where it is, without user and password.

    Raises:
        StorageError: The library is not installed, or this is no address of a database.
    """
    library = load()
    conversion = import_module("psycopg.conninfo")
    try:
        parts: dict[str, object] = conversion.conninfo_to_dict(conninfo)
    except library.Error:
        failure = StorageError(
            "this is no address of a PostgreSQL database; write it as "
            "postgresql://USER:PASSWORD@HOST/NAME, or as: host=HOST dbname=NAME user=USER"
        )
    else:
        database, host = parts.get("dbname", "of the user's name"), parts.get("host", "here")
        return f"{database} at {host}"
    raise failure


def storage_error(error: "psycopg.Error", name: str) -> StorageError:
    """Return the error that says what happened to the database of this name."""
    state = error.sqlstate or _state_of(str(error))
    for length in (5, 3, 2):
        if sentence := _SENTENCES.get(state[:length]):
            return StorageError(f"the database {name} {sentence}")
    text = f"the database {name} cannot be used; PostgreSQL calls the reason {state}"
    return UnstorableError(text) if state[:2] in _FOR_EVER else StorageError(text)


def _state_of(words: str) -> str:
    """Tell why a server was not connected to; the words are looked at and not passed on."""
    return next((state for form, state in _STATES if form.search(words)), _UNREACHABLE)
