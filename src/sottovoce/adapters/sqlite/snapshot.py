"""Copies of a database for backups: taken while it is in use, looked through, and made ready.

Spec: docs/reference/storage.md, "Backup"; sqlite.org/backup.html.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import apsw

from sottovoce.adapters.sqlite.connection import Reading
from sottovoce.adapters.sqlite.database import Address, Database, DatabaseSettings, connect, locate
from sottovoce.adapters.sqlite.failures import BRING_BACK
from sottovoce.adapters.sqlite.file import require_file
from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.opening import Openings
from sottovoce.base.errors import StorageError, StoreFileError

_OWNER_ONLY: Final = 0o600
_SOUND: Final = "ok"
# What makes an installation: the private halves of its prekeys, the sessions on which others seal
# for it, and what it says of itself.
_FORGET_INSTALLATION: Final = (
    "DELETE FROM own_prekeys",
    "DELETE FROM sessions",
    "DELETE FROM devices WHERE is_this",
)


@dataclass(frozen=True, slots=True)
class DatabaseContents:
    """How much is in a database.

    Attributes:
        chats: By kind, how many chats.
        contacts: People that were added.
        messages: Messages of all chats.
    """

    chats: dict[str, int]
    contacts: int
    messages: int


def copy_database(
    path: Path, copy: Path, password: DatabasePassword, settings: DatabaseSettings
) -> DatabaseContents:
    """Copy what is committed at this moment, whoever reads and writes meanwhile, and look it over.

    The copy has the same password and tables of the same version.

    Args:
        path: The database.
        copy: The file to make, in a folder that nobody else uses.
        password: What locks both.
        settings: How both are opened.

    Raises:
        StorageError: There is no database; it is damaged or none of ours; the password is wrong; or
            there is no room for the copy.
    """
    require_file(path)
    address = locate(path, password, settings)
    with ExitStack() as stack:
        source = Reading(connect(address, is_writer=False, may_be_old=True), address.name)
        stack.callback(source.close)
        target = _new_file(replace(address, file=str(copy)))
        made = Reading(target, address.name)
        stack.callback(made.close)
        source.copy_into(target, f"copy in {copy.parent}")
        return _look_through(made, address.name)


def inspect_database(
    path: Path, password: DatabasePassword, settings: DatabaseSettings, *, name: str
) -> DatabaseContents:
    """Check every page and every table of a copy, and tell how much is in it.

    Args:
        path: The file.
        password: What locks it.
        settings: How it is opened.
        name: How errors call it.

    Raises:
        StorageError: It is damaged or none of ours, or the password is wrong.
    """
    address = replace(locate(path, password, settings), name=name)
    reading = Reading(connect(address, is_writer=False, may_be_old=True), name)
    try:
        return _look_through(reading, name)
    finally:
        reading.close()


def settle_copy(
    path: Path, password: DatabasePassword, settings: DatabaseSettings, *, as_new_device: bool
) -> None:
    """Make a copy ready to take a database's place: it will know itself for an older state.

    Args:
        path: The file.
        password: What locks it.
        settings: How it is opened.
        as_new_device: Whether another installation uses it from now on; what belonged to the one
            before leaves then, for that one goes on using it.

    Raises:
        StorageError: It is damaged or none of ours, or cannot be written.
    """
    database = Database.in_file(path, password, settings, create=False)
    try:
        writing = database.writing
        writing.begin()
        Openings(writing, path).spoil()
        for statement in _FORGET_INSTALLATION if as_new_device else ():
            writing.write(statement)
        writing.commit()
    finally:
        database.close()


def _new_file(address: Address) -> apsw.Connection:
    """Make an empty database that has the key of another one.

    Raises:
        StorageError: It cannot be made.
    """
    try:
        os.close(os.open(address.file, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
    except OSError as error:
        reason = error.strerror
    else:
        target = connect(address, is_writer=False, may_be_old=True)
        target.execute("PRAGMA synchronous = OFF").fetchall()  # what is copied again is cheap
        return target
    raise StorageError(f"a copy of the database {address.name} cannot be made: {reason}")


def _look_through(reading: Reading, name: str) -> DatabaseContents:
    """Check everything, and count.

    Raises:
        StoreFileError: It is damaged.
    """
    if reading.rows("PRAGMA integrity_check(1)") != [(_SOUND,)]:
        raise StoreFileError(f"the database {name} is damaged; {BRING_BACK}")
    chats = {
        str(kind): int(count)
        for kind, count in reading.rows(
            "SELECT kind, count(*) FROM chats WHERE active GROUP BY kind ORDER BY kind"
        )
    }
    return DatabaseContents(
        chats,
        _count(reading, "SELECT count(*) FROM contacts WHERE added"),
        _count(reading, "SELECT count(*) FROM messages"),
    )


def _count(reading: Reading, query: str) -> int:
    row = reading.row(query)
    assert row is not None, "a count is one row"
    return int(row[0])
