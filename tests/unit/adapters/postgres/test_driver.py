"""What is told of PostgreSQL's library and its errors; the library itself need not be there."""

import sys
from typing import TYPE_CHECKING, cast

import pytest

from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.adapters.postgres.driver import storage_error
from sottovoce.base.errors import StorageError, UnstorableError

if TYPE_CHECKING:
    import psycopg


class FailureError(Exception):
    """An error as the library has them, with words that must not be passed on."""

    def __init__(
        self, sqlstate: str | None, words: str = "Key (hash)=(secret) already exists"
    ) -> None:
        super().__init__(words)
        self.sqlstate = sqlstate


def test_without_the_extra_it_is_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StorageError, match=r"pip install 'sottovoce\[postgres\]'") as caught:
        PostgresArchive("dbname=archive password=secret")
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, "cannot be reached"),
        ("08006", "cannot be reached"),
        ("28P01", "refuses this user"),
        ("3D000", "does not exist"),
        ("53100", "the disk of the server is full"),
        ("53200", "lacks memory or room"),
        ("57014", "did not answer in time"),
        ("57P03", "is starting or shutting down"),
        ("40P01", "was in the way of another server's work"),
        ("XX001", "is damaged"),
        ("42P07", "PostgreSQL calls the reason 42P07"),
    ],
)
def test_errors_are_told_without_the_librarys_words(state: str | None, told: str) -> None:
    error = str(storage_error(cast("psycopg.Error", FailureError(state)), "archive at here"))
    assert error.startswith("the database archive at here ")
    assert told in error
    assert "secret" not in error


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('FATAL:  password authentication failed for user "secret"', "refuses this user"),
        ("fe_sendauth: no password supplied", "refuses this user"),
        ('FATAL:  role "secret" does not exist', "refuses this user"),
        ('FATAL:  no pg_hba.conf entry for host "192.0.2.1"', "refuses this user"),
        ('FATAL:  database "secret" does not exist', "does not exist; make it"),
        ("FATAL:  sorry, too many clients already", "has no connection left"),
        ("FATAL:  the database system is starting up", "is starting or shutting down"),
        ("Connection refused", "cannot be reached"),
    ],
)
def test_why_a_connection_is_refused_is_told_by_the_servers_words(words: str, told: str) -> None:
    failure = cast("psycopg.Error", FailureError(None, f"connection failed: {words}"))
    error = str(storage_error(failure, "archive at here"))
    assert told in error
    assert "secret" not in error


@pytest.mark.parametrize(
    ("state", "is_in_vain"), [("22003", True), ("23502", True), ("54000", True), ("42P01", False)]
)
def test_faults_of_what_is_stored_are_told_from_those_of_the_server(
    state: str, is_in_vain: bool
) -> None:
    error = storage_error(cast("psycopg.Error", FailureError(state)), "archive at here")
    assert isinstance(error, UnstorableError) is is_in_vain
