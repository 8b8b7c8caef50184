"""A connection that reads, and one that writes; both turn SQLite's errors into ours."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import apsw

from sottovoce.adapters.sqlite.failures import SQLITE_FAILURES, storage_error
from sottovoce.base.errors import StorageError

# Tables are STRICT, so that a column has its type; whoever reads a row says which.
Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = tuple[str | bytes | int | None, ...]


class Reading:
    """Runs statements that only read.

    Args:
        raw: The open connection; it belongs to this object from now on.
        name: How errors call the database.
    """

    def __init__(self, raw: apsw.Connection, name: str) -> None:
        self._raw = raw
        self._name = name

    def rows(self, statement: str, values: Values = ()) -> list[Row]:
        """Return all rows of a query.

        Raises:
            StorageError: The database cannot be read.
        """
        try:
            return self._raw.execute(statement, values).fetchall()
        except SQLITE_FAILURES as error:
            failure = storage_error(error, self._name)
        raise failure

    def row(self, statement: str, values: Values = ()) -> Row | None:
        """Return the first row of a query, if there is one.

        Raises:
            StorageError: The database cannot be read.
        """
        found = self.rows(statement, values)
        return found[0] if found else None

    def close(self) -> None:
        """Close the connection.

        Raises:
            StorageError: The log could not be carried into the file; it is there at the next start.
        """
        try:
            self._raw.close()
        except SQLITE_FAILURES as error:
            failure = storage_error(error, self._name)
        else:
            return
        raise failure


class Writing(Reading):
    """Runs statements that write, inside one transaction at a time.

    SQLite's transaction begins with the first statement that writes, so a batch that writes nothing
    costs nothing. After an error nothing more is written until the transaction is rolled back, for
    SQLite may have undone part of it by itself.
    """

    def __init__(self, raw: apsw.Connection, name: str) -> None:
        super().__init__(raw, name)
        self._is_begun = False
        self._is_broken = False
        self._at_commit: dict[str, None] = {}
        self.wrote = False

    def begin(self) -> None:
        """Begin a transaction.

        Raises:
            StorageError: The database is closed, or a rollback before still cannot be done.
        """
        assert not self._is_begun, "a transaction begins inside another one"
        self.rollback()  # in case the one before did not get through to the disk
        self._is_begun = True

    def write(self, statement: str, values: Values = ()) -> None:
        """Run one statement that writes.

        Raises:
            StorageError: It cannot be written, and nor can anything before the next rollback.
        """
        self._run(lambda: self._raw.execute(statement, values))

    def add(self, statement: str, values: Values) -> int:
        """Run one statement that adds a row, and return the row's number.

        Raises:
            StorageError: It cannot be written, and nor can anything before the next rollback.
        """
        self.write(statement, values)
        return self._raw.last_insert_rowid()

    def write_each(self, statement: str, values: Iterable[Values]) -> None:
        """Run one statement with each of several sets of values.

        Raises:
            StorageError: It cannot be written, and nor can anything before the next rollback.
        """
        self._run(lambda: self._raw.executemany(statement, values))

    def write_at_commit(self, statement: str) -> None:
        """Have a statement run once just before the commit, and on its thread."""
        self._at_commit[statement] = None

    def commit(self) -> None:
        """Make what was written last, on disk.

        Raises:
            StorageError: It cannot be written; the transaction is to be rolled back.
        """
        assert self._is_begun, "a transaction ends that never began"
        if self.wrote:
            for statement in (*self._at_commit, "COMMIT"):
                self.write(statement)
        self._end()

    def rollback(self) -> None:
        """Undo what was written since `begin`.

        Raises:
            StorageError: The database cannot be read.
        """
        self._end()
        try:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
        except SQLITE_FAILURES as error:
            failure = storage_error(error, self._name)
        else:
            return
        raise failure

    def _end(self) -> None:
        self._is_begun = self._is_broken = self.wrote = False
        self._at_commit.clear()

    def _run(self, statement: Callable[[], object]) -> None:
        """Run a statement inside the transaction.

        Raises:
            StorageError: It cannot be written.
        """
        assert self._is_begun, "something is written outside of a transaction"
        if self._is_broken:
            raise StorageError(f"the database {self._name} failed before in this transaction")
        try:
            if not self.wrote:
                self.wrote = True
                self._raw.execute("BEGIN IMMEDIATE")
            statement()
        except SQLITE_FAILURES as error:
            self._is_broken = True
            failure = storage_error(error, self._name)
        else:
            return
        raise failure
