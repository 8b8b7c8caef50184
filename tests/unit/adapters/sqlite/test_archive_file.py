"""Whose file an archive is, and what is told of it."""

from pathlib import Path

import apsw
import pytest

from sottovoce.adapters.sqlite.archive_file import (
    APPLICATION_ID,
    archive_error,
    connect_archive,
)
from sottovoce.base.errors import StorageError, StoreFileError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


def change(path: Path, statement: str) -> None:
    raw = apsw.Connection(str(path))
    raw.execute(statement).fetchall()
    raw.close()


def test_a_new_file_carries_its_marks(path: Path) -> None:
    raw = connect_archive(path, is_writer=True)
    marks = [
        raw.execute(f"PRAGMA {name}").fetchall()[0][0]
        for name in ("application_id", "user_version", "page_size", "journal_mode", "synchronous")
    ]
    raw.close()
    assert marks == [APPLICATION_ID, 1, 8192, "wal", 2]


def test_a_file_whose_making_was_cut_short_is_made_anew(path: Path) -> None:
    change(path, "PRAGMA journal_mode = WAL")
    connect_archive(path, is_writer=True).close()
    connect_archive(path, is_writer=False).close()


def test_another_programs_file_is_left_alone(path: Path) -> None:
    change(path, "CREATE TABLE theirs (what)")
    before = path.read_bytes()
    with pytest.raises(StoreFileError, match=f"{path} is no archive of sottovoce's; name another"):
        connect_archive(path, is_writer=True)
    assert path.read_bytes() == before


def test_a_newer_archive_is_refused(path: Path) -> None:
    connect_archive(path, is_writer=True).close()
    change(path, "PRAGMA user_version = 2")
    with pytest.raises(StoreFileError, match=f"{path} has version 2, and this program knows"):
        connect_archive(path, is_writer=True)


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened: No such file or directory"):
        connect_archive(tmp_path / "no" / "archive.db", is_writer=True)
    with pytest.raises(StorageError, match="cannot be opened"):
        connect_archive(tmp_path / "none.db", is_writer=False)


def test_errors_of_the_disk_are_told_as_of_any_database() -> None:
    assert "the disk is full" in str(archive_error(apsw.FullError(), "a"))
    assert "move the file away" in str(archive_error(apsw.CorruptError(), "a"))
