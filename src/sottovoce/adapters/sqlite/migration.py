"""From any older version of the tables to the newest, one numbered step and transaction each.

The database says whose it is in `application_id` and how far it has come in `user_version`.

Spec: sqlite.org/pragma.html, `application_id` and `user_version`.
"""

from functools import cache
from importlib import resources
from typing import Final

import apsw

from sottovoce.base.errors import StoreFileError

APPLICATION_ID: Final = 0x736F_7474  # "sott"
_FOLDER: Final = "sottovoce.adapters.sqlite.migrations"


@cache
def steps() -> tuple[str, ...]:
    """Return the SQL of all steps; the first leads to version 1."""
    files = [file for file in resources.files(_FOLDER).iterdir() if file.name.endswith(".sql")]
    files.sort(key=lambda file: file.name)
    numbers = [int(file.name.partition("_")[0]) for file in files]
    assert numbers == list(range(1, len(files) + 1)), "a migration is missing or doubled"
    return tuple(file.read_text(encoding="utf-8") for file in files)


def check_version(raw: apsw.Connection, name: str, *, may_be_old: bool) -> int:
    """Check whose database this is; errors of SQLite pass through.

    Args:
        raw: The connection.
        name: How errors call the database.
        may_be_old: Whether a version before the newest will do.

    Returns:
        The version of its tables; 0 if it has none yet.

    Raises:
        StoreFileError: It belongs to another program, a newer version of this one made it, or it
            would have to be brought to the newest version first.
    """
    known, version = len(steps()), _number(raw, "PRAGMA user_version")
    has_tables = _number(raw, "SELECT count(*) FROM sqlite_schema") > 0
    if has_tables and _number(raw, "PRAGMA application_id") != APPLICATION_ID:
        raise StoreFileError(
            f"the database {name} belongs to another program; name the file of a sottovoce account"
        )
    if version > known:
        raise StoreFileError(
            f"the database {name} has version {version}, and this program knows versions up to "
            f"{known}; install the newer sottovoce that wrote it"
        )
    if version < known and not may_be_old:
        raise StoreFileError(
            f"the database {name} has the old version {version}; start the account once, which "
            f"brings it to version {known}"
        )
    return version


def migrate(raw: apsw.Connection, version: int) -> None:
    """Bring the tables from a version to the newest; errors of SQLite pass through."""
    for number, step in enumerate(steps()[version:], version + 1):
        with raw:  # one transaction
            _run(raw, step)
            _run(raw, f"PRAGMA application_id = {APPLICATION_ID}")
            _run(raw, f"PRAGMA user_version = {number}")


def _number(raw: apsw.Connection, statement: str) -> int:
    number = raw.execute(statement).fetchall()[0][0]
    assert isinstance(number, int), "SQLite counts in whole numbers"
    return number


def _run(raw: apsw.Connection, statements: str) -> None:
    """Run statements to their end; the library runs them only as far as somebody reads."""
    raw.execute(statements).fetchall()
