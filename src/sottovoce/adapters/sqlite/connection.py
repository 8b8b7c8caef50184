"""A connection that reads, and one that writes; both turn SQLite's errors into ours."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import apsw

from sottovoce.adapters.sqlite.failures import SQLITE_FAILURES, SqliteFailure, storage_error
from sottovoce.base.errors import StorageError

# Tables are STRICT, so that a column has its type; whoever reads a row says which.
Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = tuple[str | bytes | int | None, ...]
Describe: TypeAlias = Callable[[SqliteFailure, str], StorageError]


class Reading:
    """Runs statements that only read.

    Args:
        raw: The open connection; it belongs to this object from now on.
        name: How errors call the database.
        describe: What turns an error of SQLite and the name into what a person is told.
    """

    def __init__(self, raw: apsw.Connection, name: str, describe: Describe = storage_error) -> None:
        self._raw = raw
        self._name = name
        self._describe = describe

    def rows(self, statement: str, values: Values = ()) -> list[Row]:
        """Return all rows of a query.

        Raises:
            StorageError: The database cannot be read.
        """
        try:
            return self._raw.execute(statement, values).fetchall()
        except SQLITE_FAILURES as error:
            failure = self._describe(error, self._name)
        raise failure

    def row(self, statement: str, values: Values = ()) -> Row | None:
        """Return the first row of a query, if there is one.

        Raises:
            StorageError: The database cannot be read.
        """
        found = self.rows(statement, values)
        return found[0] if found else None

    def each(self, statement: str, values: Values = ()) -> Iterator[Row]:
        """Yield the rows of a query as they are found; until the last one the query stays open.

        Raises:
            StorageError: The database cannot be read.
        """
        try:
            rows = self._raw.execute(statement, values)
            try:
                yield from rows
            finally:
                # The library remembers a cursor that was left in between, and slows down.
                rows.close()
        except SQLITE_FAILURES as error:
            failure = self._describe(error, self._name)
        else:
            return
        raise failure

    def copy_into(self, raw: apsw.Connection, name: str) -> None:
        """Put a copy of all that was committed here in the place of what another database has.

        All pages are copied in one step, so that all are of one moment.

        Args:
            raw: The other one, with the same key or in memory.
            name: How errors call the other one.

        Raises:
            StorageError: This one cannot be read, or the other one not be written.
        """
        try:
            with raw.backup("main", self._raw, "main") as copying:
                copying.step()
        except (apsw.CorruptError, apsw.NotADBError) as error:
            failure = self._describe(error, self._name)
        except SQLITE_FAILURES as error:
            failure = storage_error(error, name)
        else:
            return
        raise failure

    def close(self) -> None:
        """Close the connection.

        Raises:
            StorageError: The log could not be carried into the file; it is there at the next start.
        """
        try:
            self._raw.close()
        except SQLITE_FAILURES as error:
            failure = self._describe(error, self._name)
        else:
            return
        raise failure


class Writing(Reading):
    """Runs statements that write, inside one transaction at a time.

    SQLite's transaction begins with the first statement that writes, so a batch that writes nothing
    costs nothing. After an error nothing more is written until the transaction is rolled back, for
    SQLite may have undone part of it by itself.
    """

    def __init__(self, raw: apsw.Connection, name: str, describe: Describe = storage_error) -> None:
        super().__init__(raw, name, describe)
        self._is_begun = False
        self._is_broken = False
        self._at_commit: dict[str, None] = {}
        self._held_back: dict[Callable[[], None], None] = {}
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
        self._begin_writing()
        try:
            self._raw.execute(statement, values)
        except SQLITE_FAILURES as error:
            failure = self._broken(error)
        else:
            return
        raise failure

    def add(self, statement: str, values: Values) -> int:
        """Run one statement that adds a row, and return the row's number.

        Raises:
            StorageError: It cannot be written, and nor can anything before the next rollback.
        """
        self.write(statement, values)
        return self._raw.last_insert_rowid()

    def add_new(self, statement: str, values: Values) -> int | None:
        """Run one statement that adds a row unless it is there; returns a new row's number.

        Raises:
            StorageError: It cannot be written, and nor can anything before the next rollback.
        """
        self.write(statement, values)
        return self._raw.last_insert_rowid() if self._raw.changes() else None

    def write_each(self, statement: str, values: Iterable[Values]) -> None:
        """Run one statement with each of several sets of values.

        Raises:
            StorageError: It cannot be written, and nor can anything before the next rollback.
        """
        self._begin_writing()
        try:
            self._raw.executemany(statement, values)
        except SQLITE_FAILURES as error:
            failure = self._broken(error)
        else:
            return
        raise failure

    def write_at_commit(self, statement: str) -> None:
        """Have a statement run once just before the commit, and on its thread."""
        self._at_commit[statement] = None

    def hold_back(self, write: Callable[[], None]) -> None:
        """Have something written just before the commit, and on its thread.

        It is for what the same transaction is likely to make superfluous.

        Raises:
            StorageError: Nothing can be written before the next rollback.
        """
        self._begin_writing()
        self._held_back[write] = None

    def commit(self) -> None:
        """Make what was written last, on disk.

        Raises:
            StorageError: It cannot be written; the transaction is to be rolled back.
        """
        assert self._is_begun, "a transaction ends that never began"
        if self.wrote:
            for write in self._held_back:
                write()
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
            failure = self._describe(error, self._name)
        else:
            return
        raise failure

    def _end(self) -> None:
        self._is_begun = self._is_broken = self.wrote = False
        self._at_commit.clear()
        self._held_back.clear()

    def _begin_writing(self) -> None:
        """See to it that SQLite's transaction has begun.

        Raises:
            StorageError: It cannot be written.
        """
        assert self._is_begun, "something is written outside of a transaction"
        if self._is_broken:
            raise StorageError(f"the database {self._name} failed before in this transaction")
        if self.wrote:
            return
        self.wrote = True
        try:
            self._raw.execute("BEGIN IMMEDIATE")
        except SQLITE_FAILURES as error:
            failure = self._broken(error)
        else:
            return
        raise failure

    def _broken(self, error: SqliteFailure) -> StorageError:
        """Note that the transaction can only be rolled back, and return what to raise."""
        self._is_broken = True
        return self._describe(error, self._name)
