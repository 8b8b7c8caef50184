"""What SQLite's errors become."""

import apsw
import pytest

from sottovoce.adapters.sqlite.connection import Reading, Writing
from sottovoce.adapters.sqlite.failures import storage_error
from sottovoce.base.errors import StorageError, UnstorableError


def test_unknown_error_is_named_by_its_kind_and_not_quoted() -> None:
    said = str(storage_error(apsw.MismatchError("the secret text"), "anna.db"))
    assert said == "the database anna.db cannot be used; SQLite calls the reason MismatchError"


@pytest.mark.parametrize(
    ("failure", "for_ever"),
    [
        (apsw.ConstraintError(), True),
        (apsw.MismatchError(), True),
        (apsw.FullError(), False),
        (apsw.IOError(), False),
        (apsw.BusyError(), False),
    ],
    ids=lambda it: type(it).__name__,
)
def test_what_would_fail_again_is_told_from_what_may_not(
    failure: apsw.Error, for_ever: bool
) -> None:
    assert isinstance(storage_error(failure, "anna.db"), UnstorableError) == for_ever


def test_full_disk_is_told_whichever_file_found_no_room() -> None:
    no_room, unreadable = (
        apsw.exception_for(code) for code in (apsw.SQLITE_IOERR_SHMSIZE, apsw.SQLITE_IOERR_READ)
    )
    assert isinstance(no_room, apsw.IOError)
    assert isinstance(unreadable, apsw.IOError)
    assert "the disk is full" in str(storage_error(no_room, "anna.db"))
    assert "the disk reports an error" in str(storage_error(unreadable, "anna.db"))


def test_error_carries_nothing_of_the_statement() -> None:
    reading = Reading(apsw.Connection(":memory:"), "anna.db")
    for statement, values in (("SELECT the secret text", ()), ("SELECT ?", ("\ud800secret",))):
        with pytest.raises(StorageError) as caught:
            reading.rows(statement, values)
        assert caught.value.__context__ is None
        assert "secret" not in str(caught.value)
    reading.close()


def test_text_that_is_not_unicode_is_refused() -> None:
    writing = Writing(apsw.Connection(":memory:"), "anna.db")
    writing.begin()
    with pytest.raises(StorageError, match="takes no text that is not valid Unicode"):
        writing.write("SELECT ?", ("\udfff",))
    writing.rollback()
    writing.close()
