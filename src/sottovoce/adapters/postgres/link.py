"""A connection that comes back: made when it is needed, given up when it fails or hangs.

A server that does not answer at all, as one that was halted, is known by the time it takes: then
the connection is cut from this side.
"""

import os
import socket
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from sottovoce.adapters.postgres.driver import load, name_of, storage_error
from sottovoce.adapters.postgres.watch import Watch
from sottovoce.base.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

ResultT = TypeVar("ResultT")

# A batch or a page takes milliseconds, deleting a million envelopes some seconds. What takes longer
# than these makes the server archive nothing and say so; it tries again later.
STATEMENT_TIMEOUT_MS: Final = 60_000
LOCK_TIMEOUT_MS: Final = 15_000
CONNECT_TIMEOUT_S: Final = 5
# Then the server itself would have given up; it must be hanging.
PATIENCE_S: Final = 70.0
_SETTINGS: Final = {
    "statement_timeout": STATEMENT_TIMEOUT_MS,
    "lock_timeout": LOCK_TIMEOUT_MS,
    "idle_in_transaction_session_timeout": STATEMENT_TIMEOUT_MS,
    # A commit is on the server's disk when it returns.
    "synchronous_commit": "on",
    "search_path": "sottovoce",
    # Compiling a statement takes longer than running any of ours.
    "jit": "off",
    "client_min_messages": "error",
}


class Link:
    """One connection to a database.

    Args:
        conninfo: The address of the database; it may hold a password and is never shown.
        begin: What is done once with each new connection, in a transaction of its own.
        patience_s: How long one piece of work may take altogether.

    Raises:
        StorageError: The library is not installed, or this is no address.
    """

    def __init__(
        self,
        conninfo: str,
        begin: "Callable[[psycopg.Cursor, str], None]",
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._library: Final = load()
        self.name: Final = name_of(conninfo)
        self._conninfo = conninfo
        self._begin = begin
        self._patience_s = patience_s
        self._connection: psycopg.Connection | None = None
        self._watch: Watch | None = None

    def run(
        self, work: "Callable[[psycopg.Cursor], ResultT]", *, reads_only: bool = False
    ) -> ResultT:
        """Do something in one transaction; it is done again if the connection proves to be gone.

        Args:
            work: What is to be done; it may be done twice, so it changes nothing else.
            reads_only: Whether each statement may be on its own, which saves two ways there.

        Raises:
            StorageError: It cannot be done, and nothing was changed.
        """
        was_connected, watch = self._connection is not None, self._watch
        try:
            return self._try(work, reads_only=reads_only)
        except StorageError:
            # What was connected may have been cut in between, as by a server that began anew.
            if not was_connected or self._connection is not None or _has_cut(watch):
                raise
        return self._try(work, reads_only=reads_only)

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if self._watch is not None:
            self._watch.end()
        if connection is not None:
            with suppress(self._library.Error):
                connection.close()

    def _try(
        self, work: "Callable[[psycopg.Cursor], ResultT]", *, reads_only: bool = False
    ) -> ResultT:
        """Do something; a connection that is gone is forgotten.

        Raises:
            StorageError: It cannot be done.
        """
        connection = self._connection or self._connect()
        watch = self._watch
        assert watch is not None, "a connection is watched"
        try:
            transaction = nullcontext() if reads_only else connection.transaction()
            with watch.piece(), transaction:
                return work(connection.cursor())
        except self._library.Error as error:
            failure = storage_error(error, self.name)
            if connection.closed:
                self.close()
        raise failure

    def _connect(self) -> "psycopg.Connection":
        """Make a connection.

        Raises:
            StorageError: The server does not run, refuses us, or has no archive of ours.
        """
        try:
            connection: psycopg.Connection = self._library.connect(
                self._conninfo, connect_timeout=CONNECT_TIMEOUT_S, autocommit=True
            )
        except self._library.Error as error:
            failure = storage_error(error, self.name)
        else:
            self._connection = connection
            self._watch = Watch(self._patience_s, self._cut)
            try:
                self._try(self._settle)
            except StorageError:
                self.close()
                raise
            return connection
        raise failure

    def _settle(self, cursor: "psycopg.Cursor") -> None:
        for setting, value in _SETTINGS.items():
            cursor.execute("SELECT pg_catalog.set_config(%s, %s, false)", (setting, str(value)))
        self._begin(cursor, self.name)

    def _cut(self) -> None:
        """Cut the connection from this side; whoever waits for it is told that it is gone."""
        connection = self._connection
        with suppress(OSError, self._library.Error):
            if connection is not None:
                with socket.socket(fileno=os.dup(connection.fileno())) as line:
                    line.shutdown(socket.SHUT_RDWR)


def _has_cut(watch: Watch | None) -> bool:
    return watch is not None and watch.has_cut
