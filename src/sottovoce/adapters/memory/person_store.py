"""Everything that one person keeps, in memory: for tests, simulations and people without a past.

It is SQLite on a database in memory, so that transactions, bounds and searching are the very code
that runs on a file. What is asked of it while a transaction is open on another thread waits for the
commit, for such a database has no log to read beside.

Spec: none; it does what `node.person_store` says.
"""

from typing import Self

from sottovoce.adapters.sqlite.database import Database
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore


class MemoryPersonStore(SqlitePersonStore):
    """A `PersonStore` that is gone when it and its readers are closed.

    Args:
        database: What it works on; by default an empty one of its own.
    """

    def __init__(self, database: Database | None = None) -> None:
        super().__init__(database or Database.in_memory())

    def reopened(self) -> Self:
        """Return a store that knows only what was committed, as after a crash; this one is over.

        Raises:
            StorageError: The database cannot be read.
        """
        self._db.rollback()
        return type(self)(self._database)

    def copied(self) -> Self:
        """Return a store of its own that has what was committed here, as a backup has.

        Raises:
            StorageError: The database cannot be read.
        """
        return type(self)(self._database.copied())
