"""A transaction around statements."""

import apsw
import pytest

from sottovoce.adapters.sqlite.connection import Writing
from sottovoce.base.errors import StorageError


@pytest.fixture
def writing() -> Writing:
    raw = apsw.Connection(":memory:")
    raw.execute("CREATE TABLE t (a)")
    return Writing(raw, "anna")


def values(writing: Writing) -> list[int]:
    return [value for (value,) in writing.rows("SELECT a FROM t")]


def test_transaction_begins_with_the_first_statement_that_writes(writing: Writing) -> None:
    is_open = []
    writing.begin()
    is_open.append(writing._raw.in_transaction)
    assert writing.add("INSERT INTO t VALUES (?)", (5,)) == 1
    is_open.append(writing._raw.in_transaction)
    writing.commit()
    is_open.append(writing._raw.in_transaction)
    assert is_open == [False, True, False]
    assert values(writing) == [5]


def test_several_rows_are_written_at_once(writing: Writing) -> None:
    writing.begin()
    writing.write_each("INSERT INTO t VALUES (?)", [(1,), (2,)])
    writing.commit()
    assert values(writing) == [1, 2]
    assert writing.row("SELECT a FROM t WHERE a = ?", (2,)) == (2,)
    assert writing.row("SELECT a FROM t WHERE a = ?", (3,)) is None


def test_failure_undoes_all_that_was_written(writing: Writing) -> None:
    writing.begin()
    writing.write("INSERT INTO t VALUES (1)")
    with pytest.raises(StorageError):
        writing.write("INSERT INTO nowhere VALUES (1)")
    with pytest.raises(StorageError, match="failed before"):
        writing.commit()
    writing.rollback()
    writing.begin()
    writing.commit()
    assert values(writing) == []


def test_statement_for_the_commit_runs_once_and_with_it(writing: Writing) -> None:
    for ends_well in (False, True):
        writing.begin()
        for _ in range(2):
            writing.write_at_commit("INSERT INTO t SELECT max(a) + 1 FROM t")
        writing.write("INSERT INTO t VALUES (?)", (1 + ends_well,))
        if ends_well:
            writing.commit()
        else:
            writing.rollback()
    assert values(writing) == [2, 3]


def test_what_is_held_back_is_written_once_before_the_commit_or_not_at_all(
    writing: Writing,
) -> None:
    def write() -> None:
        writing.write("INSERT INTO t VALUES (7)")

    for ends_well in (False, True):
        writing.begin()
        for _ in range(2):
            writing.hold_back(write)
        assert (values(writing), writing.wrote) == ([], True)
        if ends_well:
            writing.commit()
        else:
            writing.rollback()
    assert values(writing) == [7]


def test_nothing_is_held_back_after_a_failure(writing: Writing) -> None:
    writing.begin()
    with pytest.raises(StorageError):
        writing.write_each("INSERT INTO nowhere VALUES (?)", [(1,)])
    with pytest.raises(StorageError, match="failed before"):
        writing.hold_back(lambda: None)
    writing.rollback()


def test_row_that_is_there_is_not_added_again(writing: Writing) -> None:
    writing.begin()
    writing.write("CREATE UNIQUE INDEX once ON t (a)")
    add = "INSERT INTO t VALUES (?) ON CONFLICT DO NOTHING"
    assert [writing.add_new(add, (value,)) for value in (5, 5, 6)] == [1, None, 2]
    writing.commit()
    assert values(writing) == [5, 6]


def test_next_transaction_undoes_what_a_failed_rollback_left(writing: Writing) -> None:
    writing.begin()
    writing.write("INSERT INTO t VALUES (1)")
    writing._end()  # as after a rollback that the disk did not let through
    writing.begin()
    assert values(writing) == []
    writing.rollback()


def test_begin_and_commit_come_in_turns(writing: Writing) -> None:
    with pytest.raises(AssertionError):
        writing.commit()
    writing.begin()
    with pytest.raises(AssertionError):
        writing.begin()


def test_closed_connection_says_so(writing: Writing) -> None:
    writing.close()
    with pytest.raises(StorageError, match="anna is closed already"):
        writing.begin()
    with pytest.raises(StorageError, match="anna is closed already"):
        writing.row("SELECT a FROM t")
    with pytest.raises(StorageError, match="is closed already"):
        writing.rollback()
