"""Everything that one person keeps, in memory: for tests, simulations and people without a past.

It is SQLite on a database in memory, so that transactions, bounds and searching are the very code
that runs on a file. What is asked of it while a transaction is open on another thread waits for the
commit, for such a database has no log to read beside.

Spec: none; it does what `node.person_store` says.
"""

from sottovoce.adapters.sqlite.database import Database
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore


class MemoryPersonStore(SqlitePersonStore):
    """A `PersonStore` that is gone when it and its readers are closed."""

    def __init__(self) -> None:
        super().__init__(Database.in_memory())
